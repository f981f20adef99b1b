// What the compiler infers from definitions; the lines marked as errors fail the type check if they were none.
import {
  type Broadcast,
  type Execution,
  type JobContext,
  type JobDefinition,
  job,
  type MapProgress,
  type MapReduceDefinition,
  mapReduce,
} from '@troupe/compute';
import { type Client, type LocalTable, table } from '@troupe/core';
import { describe, expect, expectTypeOf, test } from 'vitest';

interface Play {
  readonly title: string;
}

const plays = table<[customer: number, at: number], Play>('plays', { affinity: ([customer]) => customer });

const favourites = job('favourites', {
  async run(ctx, { customer, top }: { customer: number; top: number }) {
    expectTypeOf(ctx).toEqualTypeOf<JobContext>();
    expectTypeOf(ctx.local(plays)).toEqualTypeOf<LocalTable<[customer: number, at: number], Play>>();
    expectTypeOf<(typeof ctx)['table']>().toEqualTypeOf<Client['table']>();
    expectTypeOf(ctx.signal).toEqualTypeOf<AbortSignal>();
    await Promise.resolve();
    return [`${customer}`].slice(0, top);
  },
});
const plain = job('plain', { run: () => 7 });
const counting = job('counting', {
  run(ctx: JobContext<{ done: number }>, upTo: number) {
    ctx.progress({ done: upTo });
    // @ts-expect-error: not what it reports
    ctx.progress('done');
    return 'counted';
  },
});
const words = job('words', {
  *run(ctx, { from }: { from: number }) {
    expectTypeOf(ctx.local(plays)).toEqualTypeOf<LocalTable<[customer: number, at: number], Play>>();
    yield `${from}`;
    return 7;
  },
});
const laterWords = job('laterWords', {
  async *run(ctx) {
    const then = await ctx.snapshot(plays);
    expectTypeOf(then).toEqualTypeOf<LocalTable<[customer: number, at: number], Play>>();
    yield BigInt(then.size);
  },
});
const trends = mapReduce('trends', {
  map: (ctx, { since }: { since: number }) => new Map([[`${ctx.partition}`, since]]),
  combine(a, b) {
    expectTypeOf(a).toEqualTypeOf<Map<string, number>>();
    return new Map([...a, ...b]);
  },
  reduce(parts) {
    expectTypeOf(parts).toEqualTypeOf<Map<string, number>[]>();
    return parts.length;
  },
});
const asyncMap = mapReduce('asyncMap', {
  map: () => Promise.resolve(1n),
  reduce: (parts) => Promise.resolve(parts.map(String)),
});

// Never called: only its types matter.
export function uses({ compute }: Client): void {
  const at = plays.affinityKey(7);
  expectTypeOf(compute.run(favourites, { customer: 7, top: 3 }, { at })).toEqualTypeOf<Promise<string[]>>();
  expectTypeOf(compute.run(plain, undefined, { at: 'any' })).toEqualTypeOf<Promise<number>>();
  expectTypeOf(compute.submit(plain, undefined, { at: { host: 1 } })).toEqualTypeOf<Execution<number>>();
  expectTypeOf(compute.run(trends, { since: 3 }, { over: plays })).toEqualTypeOf<Promise<number>>();
  expectTypeOf(compute.run(asyncMap, undefined, { over: plays })).toEqualTypeOf<Promise<string[]>>();
  expectTypeOf(compute.submit(trends, { since: 3 }, { over: plays })).toEqualTypeOf<
    Execution<number, MapProgress>
  >();
  expectTypeOf(compute.broadcast(favourites, { customer: 7, top: 3 }, { over: plays })).toEqualTypeOf<
    Broadcast<string[]>
  >();
  expectTypeOf(compute.submit(counting, 3, { at })).toEqualTypeOf<Execution<string, { done: number }>>();
  expectTypeOf(compute.submit(counting, 3, { at }).progress()).toEqualTypeOf<
    AsyncIterableIterator<{ done: number }>
  >();
  expectTypeOf(compute.stream(words, { from: 1 }, { at })).toEqualTypeOf<AsyncIterableIterator<string>>();
  expectTypeOf(compute.stream(laterWords, undefined, { over: plays })).toEqualTypeOf<
    AsyncIterableIterator<bigint>
  >();
  expectTypeOf(compute.run(words, { from: 1 }, { at })).toEqualTypeOf<Promise<number>>();
  expectTypeOf(compute.submit(words, { from: 1 }, { at })).toEqualTypeOf<Execution<number, string>>();
  // @ts-expect-error: a job that yields nothing is no stream
  compute.stream(plain, undefined, { at });
  // @ts-expect-error: wrong argument
  compute.stream(words, { from: '1' }, { at });
  // @ts-expect-error: the pool has no streams
  compute.stream(words, { from: 1 }, { at: 'any' });
  void compute.run(plain, undefined, { at: plays.key([1, 2]), timeoutMs: 5, retries: 1 });
  void compute.run(plain, undefined, { at: { table: plays, partition: 1 } });
  // @ts-expect-error: missing argument
  void compute.run(favourites, { customer: 7 }, { at });
  // @ts-expect-error: wrong argument
  void compute.run(favourites, { customer: '7', top: 3 }, { at });
  // @ts-expect-error: a job needs a target
  void compute.run(plain, undefined, {});
  // @ts-expect-error: a job takes `at`
  void compute.run(plain, undefined, { over: plays });
  // @ts-expect-error: a map-reduce takes `over`
  void compute.run(trends, { since: 3 }, { at });
  // @ts-expect-error: no such target
  void compute.run(plain, undefined, { at: 'everywhere' });
  // @ts-expect-error: a broadcast takes a job
  void compute.broadcast(trends, { since: 3 }, { over: plays });
}

describe('definitions of compute', () => {
  test('carry the types of arguments and results', () => {
    expectTypeOf(favourites).toEqualTypeOf<JobDefinition<{ customer: number; top: number }, string[]>>();
    expectTypeOf(plain).toEqualTypeOf<JobDefinition<unknown, number>>();
    expectTypeOf(trends).toEqualTypeOf<MapReduceDefinition<{ since: number }, Map<string, number>, number>>();
    expect([favourites.kind, trends.kind]).toEqual(['job', 'mapReduce']);
  });
});
