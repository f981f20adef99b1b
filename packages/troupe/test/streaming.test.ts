/** Streams of actors and topics, over whatever threads their keys fall on, and while threads die. */
import { createRequire } from 'node:module';
import type { Grid, Table } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { collect, eventually, rejection, start, topologies } from './running-grid.ts';

type Friend = import('./fixtures/streaming.mjs').Friend;

const seed = Number(process.env['TROUPE_SEED'] ?? 1);
const kills = Number(process.env['TROUPE_KILLS'] ?? 20);
const timeoutMs = 120_000;

const streamingUrl = new URL('./fixtures/streaming.mjs', import.meta.url);
const { announceInJob, feed, friend, locator, news, openStreams, rows, sumInJob } = createRequire(
  import.meta.url,
)('./fixtures/streaming.mjs') as typeof import('./fixtures/streaming.mjs');

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

describe.each(topologies)('%s,', (_, threads) => {
  test('stateless workers run where they are called, or on each host in turn, and in no transaction', async () => {
    const grid = await start(threads, { modules: [streamingUrl] });
    const calls = Array.from({ length: 8 }, () => grid.worker(locator).thread());
    expect(new Set(await Promise.all(calls)).size).toBe(Math.max(1, threads));
    for (const key of keys) expect(await grid.actor(friend, key).isLocal()).toBe(true);
    const joined = grid.transaction(() => grid.worker(locator).thread());
    expect(await rejection(joined)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('references are kept in states, also packed ones, tables and answers, and are live there', async () => {
    const grid = await start(threads, { modules: [streamingUrl] });
    const [first, second, third] = keys.map((key) => grid.actor(friend, key));
    await first?.meet(second as never);
    await second?.meet(third as never);
    await first?.stop();
    const greetings = [a, `${a} > ${b}`, `${a} > ${b} > key 2`];
    expect(await first?.hello()).toEqual(greetings);
    expect(await (await first?.others())?.[0]?.hello()).toEqual([b, `${b} > key 2`]);
    const loose = grid.table(rows) as unknown as Table<string, { who: Friend }>;
    await loose.set('x', { who: first as never });
    expect(await (await loose.get('x'))?.who.hello()).toEqual(greetings);
    // Part of the transaction, as any call of an actor in one.
    expect(await grid.transaction(async () => (await loose.get('x'))?.who.hello())).toEqual(greetings);
  });
});

test('references and what a stream has changed are stored, and there again after the death of every host', async () => {
  const grid = await start(2, { modules: [streamingUrl], backups: 1 });
  const [first, second] = keys.map((key) => grid.actor(friend, key));
  await first?.meet(second as never);
  const loose = grid.table(rows) as unknown as Table<string, { who: Friend }>;
  await loose.set('x', { who: first as never });
  for await (const n of grid.actor(feed, a).count(100)) if (n === 5) break;
  await eventually(async () => expect(await openOnHosts(grid)).toBe(0));
  const total = await grid.actor(feed, a).total();
  expect(total).toBeGreaterThanOrEqual(6);
  await Promise.all([0, 1].map((host) => grid.terminateHost(host)));
  await eventually(async () => {
    expect(await (await loose.get('x'))?.who.hello()).toEqual([a, `${a} > ${b}`]);
    expect(await grid.actor(feed, a).total()).toBe(total);
  });
});

interface StreamingStorm {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly reads: number;
}

test(`streams and topics outlast ${kills} deaths of threads: nothing hangs, nothing is left`, {
  timeout: timeoutMs,
}, async () => {
  const storm = JSON.parse(
    await runProgram('streaming-storm.mjs', { args: [seed, kills, 2], timeoutMs }),
  ) as StreamingStorm;
  expect(storm).toMatchObject({ hung: [], uncoded: [], faults: [], complaints: [], disorder: 0, open: 0 });
  const codes = new Set(Object.keys(storm.outcomes).map((outcome) => outcome.split(' ')[1]));
  // Two actors that read each other at a time wait in a circle.
  expect(['ACTOR_CYCLE', 'HOST_LOST', 'PARTITION_UNAVAILABLE', 'ok']).toEqual(
    expect.arrayContaining([...codes]),
  );
  expect(storm.outcomes['stream ok']).toBeGreaterThan(0);
  expect(storm.outcomes['stream HOST_LOST']).toBeGreaterThan(0);
});
