/** Streams of actors and topics, over whatever threads their keys fall on, and while threads die. */
import { createRequire } from 'node:module';
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, eventually, rejection, start, topologies } from './running-grid.ts';

const streamingUrl = new URL('./fixtures/streaming.mjs', import.meta.url);
const { announceInJob, feed, news, openStreams, rows, sumInJob } = createRequire(import.meta.url)(
  './fixtures/streaming.mjs',
) as typeof import('./fixtures/streaming.mjs');

/** Spread over the partitions. */
const keys = Array.from({ length: 6 }, (_, i) => `key ${i}`);
const [a, b] = keys as [string, string];

/** Generators that are open on all hosts; rejects while one is being started again. */
async function openOnHosts(grid: Grid): Promise<number> {
  const { results } = grid.compute.broadcast(openStreams, undefined, { over: 'hosts' });
  return (await results).reduce((sum, open) => sum + open, 0);
}

describe.each(topologies)('%s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules: [streamingUrl] });
  });

  test('streams of actors are read by the service, by actors and by jobs, and end', async () => {
    const numbers = Array.from({ length: 2_000 }, (_n, i) => i);
    const streams = await Promise.all(keys.map((key) => collect(grid.actor(feed, key).count(2_000))));
    for (const read of streams) expect(read).toEqual(numbers);
    expect(await Promise.all(keys.map((key) => grid.actor(feed, key).sum(b, 100)))).toEqual(
      keys.map(() => 4_950),
    );
    expect(await grid.compute.run(sumInJob, 100, { at: rows.key(a) })).toBe(4_950);
    await eventually(async () => expect(await openOnHosts(grid)).toBe(0));
  });

  test('a stream that is left ends at its producer, and brings what that throws', async () => {
    for await (const n of grid.actor(feed, a).count(Number.POSITIVE_INFINITY)) if (n === 3_000) break;
    await eventually(async () => expect(await openOnHosts(grid)).toBe(0));
    const error = await rejection(collect(grid.actor(feed, a).fail()));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).stack).toMatch(/streaming\.mjs[\s\S]*streaming\.test/);
  });

  test('streams, and publishing, are no part of transactions', async () => {
    const refused = grid.transaction(() => Promise.resolve(grid.actor(feed, a).count(1)));
    expect(await rejection(refused)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    const published = grid.transaction(() => grid.topic(news).publish('x'));
    expect(await rejection(published)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('messages of a topic reach callbacks and actors from everywhere', async () => {
    const seen: string[] = [];
    await using _subscription = await grid.topic(news).subscribe((message) => seen.push(message));
    await Promise.all(keys.map((key) => grid.actor(feed, key).listen()));
    await grid.topic(news).publish('from the service');
    await Promise.all(keys.map((key) => grid.actor(feed, key).announce(`from ${key}`)));
    await grid.compute.run(announceInJob, 'from a job', { at: rows.key(a) });
    const expected = ['from the service', ...keys.map((key) => `from ${key}`), 'from a job'];
    await eventually(async () => {
      expect(new Set(seen)).toEqual(new Set(expected));
      for (const key of keys) expect(new Set(await grid.actor(feed, key).heard())).toEqual(new Set(expected));
    });
    expect(seen).toHaveLength(expected.length);
  });
});

test('streams and topics outlast twenty deaths of threads: nothing hangs, nothing is left', {
  timeout: 120_000,
}, async () => {
  const hosts = 2;
  const grid = await start(hosts, { modules: [streamingUrl], partitions: 8 });
  const codes = new Set<unknown>();
  let ended = 0;
  let over = false;
  const note = (error: unknown): void => {
    codes.add((error as { code?: unknown }).code ?? String(error));
  };
  /** Reads a stream again and again, in part or to its end, here or through an actor. */
  const read = async (key: string, way: number): Promise<void> => {
    for (let round = 0; !over; round++) {
      try {
        if ((round + way) % 3 === 0) await grid.actor(feed, key).sum(keys[way % 5] as string, 300);
        else
          for await (const n of grid.actor(feed, key).count(1_000)) if (n === 700 && round % 2 === 0) break;
      } catch (error) {
        note(error);
      }
      ended++;
    }
  };
  const lastSeen = new Map<string, number>();
  let disorder = 0;
  await grid.topic(news).subscribe((message) => {
    const [publisher, number] = message.split(' ') as [string, string];
    if (Number(number) <= (lastSeen.get(publisher) ?? -1)) disorder++;
    lastSeen.set(publisher, Number(number));
  });
  for (const key of keys) await grid.topic(news).subscribeActor(grid.actor(feed, key), 'hear');
  const publish = async (): Promise<void> => {
    for (let n = 0; !over; n++) {
      await grid.topic(news).publish(`service ${n}`).catch(note);
      await grid
        .actor(feed, keys[n % 6] as string)
        .announce(`actor${n % 6} ${n}`)
        .catch(note);
    }
  };
  const load = [...keys.map(read), publish()];
  for (let kill = 0; kill < 20; kill++) {
    const before = ended;
    await eventually(() => Promise.resolve(expect(ended).toBeGreaterThan(before)));
    await grid.terminateHost(kill % hosts);
    await eventually(async () =>
      expect(grid.hosts().map(({ state }) => state)).toEqual(['serving', 'serving']),
    );
  }
  over = true;
  await Promise.all(load);
  expect([...codes].filter((code) => code !== 'HOST_LOST' && code !== 'PARTITION_UNAVAILABLE')).toEqual([]);
  expect(disorder).toBe(0);
  await eventually(async () => expect(await openOnHosts(grid)).toBe(0));
  // Those who had subscribed before still hear, on threads that were not there then.
  await grid.topic(news).publish('service 1000000');
  await eventually(async () => {
    expect(lastSeen.get('service')).toBe(1_000_000);
    for (const key of keys) expect(await grid.actor(feed, key).heard()).toContain('service 1000000');
  });
});
