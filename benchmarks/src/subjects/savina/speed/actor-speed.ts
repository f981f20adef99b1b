/** What single actors cost, whatever the library: tells, asks, new actors, memory. Each library brings these means. */
import { setTimeout as sleep } from 'node:timers/promises';
import { measurePipelined } from '../../../measuring/pipelined.ts';
import type { Params, Sample } from '../../../scenario.ts';
import { mustEqual } from '../../entries.ts';

export interface SpeedMeans {
  /** Sends `count` messages to the n-th actor and resolves when it has taken them in. */
  readonly tells: (actor: number, count: number) => Promise<unknown>;
  /** How many messages the n-th actor has taken in. */
  readonly told: (actor: number) => Promise<number>;
  /** Asks the first actor, `count` times with `inFlight` at once; how many answers were right. */
  readonly asks: (count: number, inFlight: number) => Promise<number>;
  /** Gives `count` new actors, from the `first` on, one message each; resolves when they have it. */
  readonly create: (first: number, count: number) => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

const burstLength = 500;
const burstsInFlight = 8;

/** Messages per second, to `burstsInFlight` actors. */
export async function measureActorTells(means: SpeedMeans, params: Params): Promise<Sample> {
  let bursts = 0;
  const sample = await measurePipelined(
    {
      call: (n) => {
        bursts++;
        return means.tells(n % burstsInFlight, burstLength);
      },
      check: () => undefined,
    },
    { ...params, inFlight: burstsInFlight },
  );
  let received = 0;
  for (let actor = 0; actor < burstsInFlight; actor++) received += await means.told(actor);
  mustEqual(received, bursts * burstLength, 'the number of messages received');
  await means.close();
  return perOperation(sample, burstLength);
}

/** Asks per second, with `inFlight` at once. */
export async function measureActorAsks(means: SpeedMeans, params: Params): Promise<Sample> {
  const count = params.inFlight * 10;
  const sample = await measurePipelined(
    {
      call: () => means.asks(count, params.inFlight),
      check: (_, right) => mustEqual(right, count, 'the number of right answers'),
    },
    { ...params, inFlight: 1 },
  );
  await means.close();
  return perOperation(sample, count);
}

/** New actors per second, each with its first message. */
export async function measureCreation(means: SpeedMeans, params: Params): Promise<Sample> {
  let created = 0;
  const sample = await measurePipelined(
    {
      call: (n) => {
        created += burstLength;
        return means.create(n * burstLength, burstLength);
      },
      check: () => undefined,
    },
    { ...params, inFlight: burstsInFlight },
  );
  for (let actor = 0; actor < created; actor += 100) {
    mustEqual(await means.told(actor), 1, `the messages of actor ${actor}`);
  }
  await means.close();
  return perOperation(sample, burstLength);
}

/** Bytes of heap per actor that has had one message and does nothing now. All on this thread. */
export async function measureIdleActors(means: SpeedMeans, actors: number): Promise<Sample> {
  // The first actors bring code and tables with them, which are no part of the next.
  const first = burstLength;
  await means.create(0, first);
  const before = await memoryAfterCollection();
  for (let at = first; at < first + actors; at += burstLength) await means.create(at, burstLength);
  const after = await memoryAfterCollection();
  for (let actor = first; actor < first + actors; actor += 100) {
    mustEqual(await means.told(actor), 1, `the messages of actor ${actor}`);
  }
  await means.close();
  return {
    value: (after.heapUsed - before.heapUsed) / actors,
    extra: { 'resident set per actor, B': (after.rss - before.rss) / actors, actors },
  };
}

async function memoryAfterCollection(): Promise<NodeJS.MemoryUsage> {
  if (globalThis.gc === undefined) throw new Error('memory is measured with --expose-gc');
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc();
    await sleep(1);
  }
  return process.memoryUsage();
}

/** The rate of single operations from the rate of batches of them. Latencies would be those of batches. */
function perOperation({ value, extra = {} }: Sample, operations: number): Sample {
  const cpu = extra['CPU of all threads per operation, µs'];
  return {
    value: value * operations,
    ...(cpu === undefined ? {} : { extra: { 'CPU of all threads per operation, µs': cpu / operations } }),
  };
}

/** Lanes of asks: each makes its next when its last was answered. How many answers were right. */
export async function askInLanes(
  count: number,
  inFlight: number,
  ask: (value: number) => Promise<unknown>,
): Promise<number> {
  let asked = 0;
  let right = 0;
  const lane = async (): Promise<void> => {
    while (asked < count) {
      const value = asked++;
      if ((await ask(value)) === value) right++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return right;
}
