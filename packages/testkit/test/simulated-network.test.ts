import {
  calmWeather,
  formatAddress,
  type MemberContext,
  type NetworkEvent,
  type NetworkWeather,
  SeededRandom,
  SimulatedNetwork,
  structuredCloneCodec,
  VirtualTime,
} from '@troupe/testkit';
import { expect, test } from 'vitest';

interface Numbered {
  readonly n: number;
}

type Network = SimulatedNetwork<Numbered, Numbered>;

interface World {
  readonly time: VirtualTime;
  readonly network: Network;
  /** What each incarnation was told, in order. */
  readonly heard: Map<string, string[]>;
  readonly contexts: Map<string, MemberContext<Numbered>>;
}

function worldOf(seed: number, weather?: NetworkWeather): World {
  const random = new SeededRandom(seed);
  const time = new VirtualTime({ tieBreaker: random.fork('ties') });
  const options = { time, random: random.fork('network'), codec: structuredCloneCodec<Numbered>() };
  const network = new SimulatedNetwork<Numbered, Numbered>(
    weather === undefined ? options : { ...options, weather },
  );
  return { time, network, heard: new Map(), contexts: new Map() };
}

function startListener({ network, heard, contexts }: World, name: string): void {
  network.start(name, (context) => {
    const log: string[] = [];
    heard.set(formatAddress(context.address), log);
    contexts.set(name, context);
    return {
      receive: ({ n }, from) => log.push(`${formatAddress(from)}:${n}`),
      memberLost: (lost) => log.push(`lost ${formatAddress(lost)}`),
      memberStarted: (started) => log.push(`started ${formatAddress(started)}`),
    };
  });
}

function context(world: World, name: string): MemberContext<Numbered> {
  const found = world.contexts.get(name);
  if (found === undefined) throw new Error(`No member ${name}.`);
  return found;
}

/** Three members that send to each other at random times while members are killed and come back. */
function runChaos(seed: number): World {
  const world = worldOf(seed);
  const random = new SeededRandom(seed).fork('chaos');
  const names = ['a', 'b', 'c'];
  for (const name of names) startListener(world, name);
  for (let n = 0; n < 300; n++) {
    world.time.schedule(random.next() * 200, () => {
      const from = random.pick(names);
      if (world.network.isAlive(from)) context(world, from).send(random.pick(names), { n });
    });
  }
  for (let fault = 0; fault < 6; fault++) {
    const name = random.pick(names);
    const atMs = random.next() * 200;
    world.time.schedule(atMs, () => world.network.kill(name));
    world.time.schedule(atMs + random.next() * 30, () => {
      if (!world.network.isAlive(name)) world.network.restart(name);
    });
  }
  world.time.runUntilIdle();
  return world;
}

test('the same seed gives the same trace, another seed another one', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const first = runChaos(seed);
    const second = runChaos(seed);
    expect(second.time.traceHash, `seed ${seed}`).toBe(first.time.traceHash);
    expect(second.heard).toEqual(first.heard);
    expect(runChaos(seed + 1000).time.traceHash).not.toBe(first.time.traceHash);
  }
});

test('under deaths and restarts, each link stays in order, and its loss notice comes last', () => {
  let messages = 0;
  let losses = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const lastBySender = new Map<string, number>();
    for (const [receiver, log] of runChaosWithCounters(seed)) {
      const lost = new Set<string>();
      for (const line of log) {
        if (line.startsWith('started ')) continue;
        if (line.startsWith('lost ')) {
          losses += 1;
          lost.add(line.slice(5));
          continue;
        }
        messages += 1;
        const [sender, count] = line.split(':') as [string, string];
        expect(lost.has(sender), `seed ${seed}: ${receiver} heard ${line} after the loss`).toBe(false);
        // Counted per link: without a gap, whatever is lost can only be at the end.
        const link = `${sender}>${receiver}`;
        expect(Number(count), `seed ${seed}: ${link}`).toBe((lastBySender.get(link) ?? 0) + 1);
        lastBySender.set(link, Number(count));
      }
    }
  }
  expect(messages).toBeGreaterThan(10_000);
  expect(losses).toBeGreaterThan(200);
});

/** As `runChaos`, but each message carries its number on its link. */
function runChaosWithCounters(seed: number): Map<string, string[]> {
  const world = worldOf(seed);
  const random = new SeededRandom(seed).fork('chaos');
  const names = ['a', 'b', 'c'];
  const counts = new Map<string, number>();
  for (const name of names) startListener(world, name);
  for (let n = 0; n < 300; n++) {
    world.time.schedule(random.next() * 200, () => {
      const from = random.pick(names);
      const to = random.pick(names);
      if (!world.network.isAlive(from)) return;
      const sender = context(world, from);
      const link = `${formatAddress(sender.address)}>${to}@${sender.knownIncarnation(to)}`;
      counts.set(link, (counts.get(link) ?? 0) + 1);
      sender.send(to, { n: counts.get(link) ?? 0 });
    });
  }
  for (let fault = 0; fault < 6; fault++) {
    const name = random.pick(names);
    const atMs = random.next() * 200;
    world.time.schedule(atMs, () => world.network.kill(name));
    world.time.schedule(atMs + 5, () => {
      if (!world.network.isAlive(name)) world.network.restart(name);
    });
  }
  world.time.runUntilIdle();
  return world.heard;
}

test('a dying sender loses a suffix of what is under way, in some runs none and in some all', () => {
  const deliveredCounts = new Set<number>();
  for (let seed = 1; seed <= 100; seed++) {
    const world = worldOf(seed, { ...calmWeather, lossAtDeathChance: 1 });
    startListener(world, 'a');
    startListener(world, 'b');
    for (let n = 1; n <= 4; n++) context(world, 'a').send('b', { n });
    world.network.kill('a');
    world.time.runUntilIdle();
    const log = world.heard.get('b@1') ?? [];
    const delivered = log.length - 1;
    expect(log).toEqual([...['a@1:1', 'a@1:2', 'a@1:3', 'a@1:4'].slice(0, delivered), 'lost a@1']);
    deliveredCounts.add(delivered);
  }
  expect(deliveredCounts).toEqual(new Set([0, 1, 2, 3, 4]));
});

test('messages to a dead member are dropped, and reach its successor only after the notice', () => {
  const world = worldOf(1, calmWeather);
  startListener(world, 'a');
  startListener(world, 'b');
  const dropped: number[] = [];
  world.network.observe((event: NetworkEvent<Numbered>) => {
    if (event.kind === 'dropped') dropped.push(event.count);
  });
  context(world, 'a').send('b', { n: 1 });
  world.network.kill('b');
  world.network.restart('b');
  // Nobody told a yet: it still sends to the dead one.
  context(world, 'a').send('b', { n: 2 });
  expect(context(world, 'a').knownIncarnation('b')).toBe(1);
  world.time.runUntilIdle();
  expect(context(world, 'a').knownIncarnation('b')).toBe(2);
  context(world, 'a').send('b', { n: 3 });
  context(world, 'a').send({ name: 'b', incarnation: 1 }, { n: 4 });
  world.time.runUntilIdle();
  expect(world.heard.get('b@1')).toEqual([]);
  expect(world.heard.get('b@2')).toEqual(['a@1:3']);
  expect(world.heard.get('a@1')?.toSorted()).toEqual(['lost b@1', 'started b@2']);
  expect(dropped).toEqual([1, 1, 1]);
});

test('a paused member hears nothing and its timers wait, until it is resumed', () => {
  const world = worldOf(1, calmWeather);
  startListener(world, 'a');
  startListener(world, 'b');
  const fired: number[] = [];
  const { clock } = context(world, 'b');
  clock.setTimer(2, () => fired.push(clock.nowMs()));
  const cancelled = clock.setTimer(3, () => fired.push(-1));
  world.network.pause('b');
  context(world, 'a').send('b', { n: 1 });
  world.time.advance(10);
  cancelled.cancel();
  expect(world.heard.get('b@1')).toEqual([]);
  expect(fired).toEqual([]);
  world.network.resume('b');
  world.time.runUntilIdle();
  expect(world.heard.get('b@1')).toEqual(['a@1:1']);
  expect(fired).toEqual([10]);
});

test('the timers and the unfinished step of a killed member die with it', () => {
  const world = worldOf(1, calmWeather);
  startListener(world, 'a');
  startListener(world, 'b');
  const fired: string[] = [];
  const dead = context(world, 'b');
  dead.clock.setTimer(5, () => fired.push('old'));
  world.network.kill('b');
  dead.clock.setTimer(5, () => fired.push('set after death'));
  dead.send('a', { n: 9 });
  world.time.runUntilIdle();
  expect(fired).toEqual([]);
  expect(world.heard.get('a@1')).toEqual(['lost b@1']);
  // Only the notice was left to wait for: a dead timer must not keep a run going.
  expect(world.time.now).toBe(1);
});

test('a message is a copy: changing it after sending changes nothing for the receiver', () => {
  const time = new VirtualTime();
  const codec = structuredCloneCodec<{ list: number[] }>();
  const network = new SimulatedNetwork<{ list: number[] }, { list: number[] }>({
    time,
    random: new SeededRandom(1),
    codec,
    weather: calmWeather,
  });
  const received: { list: number[] }[] = [];
  network.start('b', () => ({ receive: (message) => received.push(message) }));
  const from = network.start('a', () => ({ receive: () => {} }));
  const message = { list: [1] };
  network.send(from, 'b', message);
  message.list.push(2);
  time.runUntilIdle();
  expect(received).toEqual([{ list: [1] }]);
});

test('heal() ends every disturbance, so that all that is under way arrives', () => {
  const stormy = { ...calmWeather, pauseChance: 0.3, pauseMeanMs: 1e6, clogChance: 0.3, clogMeanMs: 1e6 };
  const world = worldOf(5, stormy);
  startListener(world, 'a');
  startListener(world, 'b');
  for (let n = 1; n <= 30; n++) context(world, 'a').send('b', { n });
  world.time.advance(1000);
  expect(world.network.inFlight).toBeGreaterThan(0);
  world.network.heal();
  world.time.advance(10);
  expect(world.network.inFlight).toBe(0);
  expect(world.heard.get('b@1')).toHaveLength(30);
});

test('observers hear of each step after it', () => {
  const world = worldOf(1, calmWeather);
  const kinds: string[] = [];
  world.network.observe(({ kind }) => kinds.push(kind));
  startListener(world, 'a');
  startListener(world, 'b');
  context(world, 'a').clock.setTimer(0.5, () => {});
  context(world, 'a').send('b', { n: 1 });
  world.time.runUntilIdle();
  world.network.kill('a');
  world.time.runUntilIdle();
  expect(kinds).toEqual(['started', 'started', 'timer-fired', 'delivered', 'killed', 'loss-noticed']);
});

test('the weather differs between seeds and leaves out each disturbance in some of them', () => {
  const weathers = Array.from({ length: 40 }, (_, seed) => worldOf(seed).network.weather);
  for (const field of ['pauseChance', 'clogChance', 'lossAtDeathChance'] as const) {
    const present = weathers.filter((weather) => weather[field] > 0).length;
    expect(present).toBeGreaterThan(5);
    expect(present).toBeLessThan(40);
  }
  expect(new Set(weathers.map(({ delaySpread }) => delaySpread)).size).toBe(3);
});

test('misuse is refused: unknown names, a second start, a restart of the living', () => {
  const world = worldOf(1, calmWeather);
  startListener(world, 'a');
  expect(() => context(world, 'a').send('nobody', { n: 1 })).toThrow(/nobody/);
  expect(() => startListener(world, 'a')).toThrow(/started before/);
  expect(() => world.network.restart('a')).toThrow(/alive/);
});
