/** Actors that call each other, over whatever threads their keys fall on. */
import { createRequire } from 'node:module';
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { eventually, rejection, start, topologies } from './running-grid.ts';

const actorsUrl = new URL('./fixtures/actors.mjs', import.meta.url);
const { relay } = createRequire(import.meta.url)(
  './fixtures/actors.mjs',
) as typeof import('./fixtures/actors.mjs');

/** Spread over the partitions. */
const keys = Array.from({ length: 6 }, (_, i) => `key ${i}`);
const [a, b, c] = keys as [string, string, string];

describe.each(topologies)('actors, %s,', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules: [actorsUrl] });
  });
  const at = (key: string) => grid.actor(relay, key);

  test('may be called by those they wait for', async () => {
    expect(await at(a).pass([b, a, c, b, a])).toEqual([a, b, a, c, b, a]);
    expect(await at(a).log()).toEqual(['in 5', 'in 3', 'in 0', 'out 0', 'out 3', 'out 5']);
  });

  test('that wait for each other are told apart: one call is rejected, with the chain', async () => {
    const circle = keys.map((key, i) =>
      at(key).meet('m', keys.length, keys[(i + 1) % keys.length] as string),
    );
    const results = await Promise.allSettled(circle);
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(errors).toMatchObject([{ code: 'ACTOR_CYCLE', retryable: true }]);
    const { chain } = (errors[0] as { details: { chain: { key: string; method: string }[] } }).details;
    expect(new Set(chain.map(({ key }) => key))).toEqual(new Set(keys));
    expect(chain.filter(({ method }) => method === 'meet')).toHaveLength(keys.length);
  });

  test('hear in `ctx.signal` when their caller gives up or runs out of time', async () => {
    const controller = new AbortController();
    const given = grid.actor(relay, a, { signal: controller.signal }).patient('n1');
    await eventually(async () => expect(await at('n1').log()).toEqual(['begun']));
    controller.abort(new Error('enough'));
    expect(await rejection(given)).toMatchObject({ message: 'enough' });
    await eventually(async () => expect(await at('n1').log()).toEqual(['begun', 'over: AbortError']));
    expect(await rejection(grid.actor(relay, b, { timeoutMs: 20 }).patient('n2'))).toMatchObject({
      code: 'TIMEOUT',
    });
    await eventually(async () => expect(await at('n2').log()).toEqual(['begun', 'over: AbortError']));
  });

  test('run their readonly methods beside each other', async () => {
    // Each waits until all three are there.
    expect(await Promise.all([1, 2, 3].map(() => at(a).wait('m', 3)))).toEqual([0, 0, 0]);
  });

  test('that a transaction would make wait for themselves reject instead', async () => {
    // The call that is refused deep inside has aborted the transaction; those around it hear of that.
    const chainOf = async (outcome: Promise<unknown>): Promise<unknown> => {
      const error = (await rejection(outcome)) as { code: string; cause?: unknown };
      const cycle = error.code === 'TRANSACTION_ABORTED' ? error.cause : error;
      expect(cycle).toMatchObject({ code: 'ACTOR_CYCLE' });
      return (cycle as { details: { chain: { key: string }[] } }).details.chain.map(({ key }) => key);
    };
    expect(await chainOf(grid.transaction(() => at(a).pass([a])))).toEqual([a, a]);
    expect(await chainOf(grid.transaction(() => at(a).pass([b, c, a])))).toEqual([a, b, c, a]);
    expect(await chainOf(at(a).callInTransaction(a))).toEqual([a, a]);
    expect(await at(a).callInTransaction(b)).toEqual([b]);
    expect(await grid.transaction(() => at(a).pass([b, c]))).toEqual([a, b, c]);
    const crossed = grid.transaction(async () => {
      await Promise.all([at(a).pass([b, c]), at(b).pass([a, c])]);
    });
    // Unless one of them was through before the other began.
    const outcome = await crossed.then(
      () => 'through',
      (error: unknown) => (error as { code: string }).code,
    );
    expect(['through', 'ACTOR_CYCLE', 'TRANSACTION_ABORTED']).toContain(outcome);
  });

  test('are asked many at once: answers and failures come in the order of the keys', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => `many ${i}`);
    await grid.actors(relay, many.slice(0, 2)).note('noted');
    const logs = await grid.actors(relay, many).log();
    expect(logs).toHaveLength(2_500);
    expect(logs.slice(0, 3).map((log) => log.status === 'fulfilled' && log.value)).toEqual([
      ['noted'],
      ['noted'],
      [],
    ]);
    const failed = await grid
      .actors(relay, [a, b])
      .note((() => 1) as never)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(await grid.actors(relay, []).log()).toEqual([]);
    const mixed = await grid.actors(relay, [a, b, c]).failAt(b);
    expect(mixed).toMatchObject([
      { status: 'fulfilled', value: a },
      { status: 'rejected', reason: { message: `failed at ${b}` } },
      { status: 'fulfilled', value: c },
    ]);
  });

  test('that ask many in a circle are found, too', async () => {
    const circle = [at(a).meetAll('m', 2, [b, c]), at(b).meetAll('m', 2, [c, a])];
    const outcomes = (await Promise.all(circle)).flat();
    expect(outcomes.filter((outcome) => outcome === 'ACTOR_CYCLE')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'fulfilled')).toHaveLength(3);
  });

  test('asked many in a transaction join it, all or none', async () => {
    await grid.transaction(() => grid.actors(relay, [a, b]).note('in'));
    const undone = grid.transaction(async () => {
      await grid.actors(relay, [a, b]).note('undone');
      throw new Error('undone');
    });
    expect(await rejection(undone)).toMatchObject({ message: 'undone' });
    expect([await at(a).log(), await at(b).log()]).toEqual([['in'], ['in']]);
  });
});

describe.each(topologies)('actors that may not all be active, %s,', (_, threads) => {
  test('keep their states, and join transactions, whether they are or not', async () => {
    const grid = await start(threads, { modules: [actorsUrl], actors: { residentsMax: 5 } });
    const many = Array.from({ length: 100 }, (__, i) => `k${i}`);
    for (const round of [1, 2, 3]) {
      await Promise.all(many.map((key) => grid.actor(relay, key).note(`round ${round}`)));
      await grid.transaction(() => grid.actors(relay, many.slice(0, 10)).note(`in ${round}`));
    }
    const rounds = (name: string) => [1, 2, 3].map((round) => `${name} ${round}`);
    const mixed = [1, 2, 3].flatMap((round) => [`round ${round}`, `in ${round}`]);
    for (const [i, key] of many.entries())
      expect(await grid.actor(relay, key).log()).toEqual(i < 10 ? mixed : rounds('round'));
  });
});

test.each(topologies)('a timer comes in a turn of the actor, %s', async (_, threads) => {
  const grid = await start(threads, { modules: [actorsUrl] });
  await grid.actor(relay, a).remind(1);
  await eventually(async () => expect(await grid.actor(relay, a).log()).toEqual(['reminded']));
});

describe('watchers', () => {
  /** The keys of the actors that live on a host. */
  async function keysOn(grid: Grid, host: number, count: number): Promise<string[]> {
    const seen = new Set<string>();
    const probes = Array.from({ length: 64 }, (_, i) => `probe ${i}`);
    for (const key of probes) grid.watch(grid.actor(relay, key), (lost) => seen.add(String(lost.key)));
    await grid.terminateHost(host);
    await eventually(async () => expect(seen.size).toBeGreaterThan(0));
    return [...seen].slice(0, count);
  }

  test('are told once of each actor whose thread died, whoever they are', async () => {
    const grid = await start(2, { modules: [actorsUrl] });
    const [first] = await keysOn(grid, 0, 1);
    const onFirst = first as string;
    const many = Array.from({ length: 500 }, (_, i) => `watched ${i}`);
    await eventually(async () => void (await grid.actors(relay, many).note('here')));
    const told = new Map<string, number>();
    for (const key of many)
      grid.watch(grid.actor(relay, key), (lost) =>
        told.set(String(lost.key), (told.get(String(lost.key)) ?? 0) + 1),
      );
    const takenBack = grid.watch(grid.actor(relay, onFirst), () => told.set('taken back', 1));
    takenBack();
    // Two deaths of each host: nobody is told twice, and actors of the other host are not told of.
    await grid.actor(relay, onFirst).watchAll(many);
    // As an actor does that watches in `activate`, after a restart.
    await grid.actor(relay, onFirst).watchAll(many);
    await grid.terminateHost(1);
    await eventually(async () => expect(told.size).toBeGreaterThan(100));
    const ofSecond = [...told.keys()];
    expect(told.size).toBeLessThan(many.length);
    await eventually(async () => {
      const log = await grid.actor(relay, onFirst).log();
      expect([...log].sort()).toEqual(ofSecond.map((key) => `seen relay ${key} on 1`).sort());
    });
    await eventually(() => grid.actors(relay, many).log());
    await grid.terminateHost(1);
    await grid.terminateHost(0);
    await eventually(async () => expect(told.size).toBe(many.length));
    expect(new Set(told.values())).toEqual(new Set([1]));
    expect(told.has('taken back')).toBe(false);
  });

  test('must name an actor', async () => {
    const grid = await start(0, { modules: [actorsUrl] });
    expect(() => grid.watch({}, () => undefined)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
