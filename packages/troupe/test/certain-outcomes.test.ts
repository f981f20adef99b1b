/** What a caller is told when a thread dies or is too slow, held against what was done. Seeded; see faults.test.ts. */
import { hashKey } from '@troupe/core';
import type { Grid } from 'troupe';
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { rejection, start, store } from './running-grid.ts';

const seed = Number(process.env['TROUPE_SEED'] ?? 1);
/** Threads are started and given up on again and again, which takes long where many share a core. */
const timeoutMs = 120_000;
const { counters, items } = store;

interface OwnerStorm {
  readonly told: Readonly<Record<'ok' | 'committed' | 'not-done', number>>;
}

interface DuplicateStorm {
  readonly answered: number;
  readonly repeated: number;
  readonly kept: number;
}

describe('a procedure whose thread is killed', () => {
  test('was done exactly if its caller is told that it had committed', { timeout: timeoutMs }, async () => {
    const printed = await runProgram('owner-storm.mjs', { args: [seed, 15, 60], timeoutMs });
    const storm = JSON.parse(printed) as OwnerStorm;
    expect(storm).toMatchObject({ hung: [], uncoded: [], faults: [], complaints: [], pendingCalls: 0 });
    expect(storm.told.ok).toBeGreaterThan(100);
    expect(storm.told.committed).toBeGreaterThan(0);
    expect(storm.told['not-done']).toBeGreaterThan(100);
  });
});

test('a procedure that a host had called is told there, when the thread of the other one is gone', {
  timeout: timeoutMs,
}, async () => {
  const grid = await start(2);
  // Eight partitions are dealt out in turn.
  const hostOf = (key: string): number => (hashKey(key) % 8) % 2;
  const desk = ['desk-1', 'desk-2', 'desk-3', 'desk-4', 'desk-5'].find((key) => hostOf(key) !== hostOf('a'));
  const error = await rejection(grid.actor(store.clerk, desk ?? '').exit('a'));
  expect(error).toMatchObject({ code: 'PARTITION_LOST', retryable: true, details: { outcome: 'not-done' } });
});

describe('calls that are repeated under one idempotency key', () => {
  test('count once while hosts are killed', { timeout: timeoutMs }, async () => {
    const printed = await runProgram('duplicate-storm.mjs', { args: [seed, 15, 2], timeoutMs });
    const storm = JSON.parse(printed) as DuplicateStorm;
    expect(storm).toMatchObject({ hung: [], uncoded: [], faults: [], complaints: [] });
    expect(storm.answered).toBeGreaterThan(100);
    expect(storm.repeated).toBeGreaterThan(0);
    expect(storm.kept).toBeGreaterThan(0);
  });
});

describe('a procedure that is not answered in time', { timeout: timeoutMs }, () => {
  test('and did not begin, never will', async () => {
    const grid = await start(1);
    const busy = grid.run(store.holdsUp, 'busy', 200);
    const error = await rejection(grid.runWith(store.fails, ['late'], { timeoutMs: 20 }));
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      details: { outcome: 'not-done', procedure: 'fails', timeoutMs: 20 },
    });
    await busy;
    expect(await grid.table(items).get('late')).toBeUndefined();
  });

  test('and is under way, is ended without effect', async () => {
    const grid = await start(1);
    const late = rejection(grid.runWith(store.holdsUp, ['late', 200], { timeoutMs: 50 }));
    expect(await late).toMatchObject({ code: 'TIMEOUT', details: { outcome: 'not-done' } });
    expect(await grid.table(items).get('late')).toBeUndefined();
    expect(await grid.table(items).size()).toBe(0);
  });

  test('ends with the reason of the signal if it is not done, and stays undone', async () => {
    const grid = await start(1);
    const held = await grid.begin();
    await held.table(items).getAndSet('blocked', 1);
    const controller = new AbortController();
    const waits = grid.runWith(store.waitsFor, ['a', 'blocked'], { signal: controller.signal });
    const reason = new Error('enough');
    await grid.table(items).size();
    controller.abort(reason);
    expect(await rejection(waits)).toBe(reason);
    await held.rollback();
    expect(await grid.table(items).get('a')).toBeUndefined();
    await expect(
      grid.runWith(store.waitsFor, ['a', 'b'], { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  /**
   * Calls `countsOnce` and, before its answer can be read, gives up on it; until that came after the commit, and `wanted`
   * is what the caller got: the answer may be there before the thread is held up.
   */
  async function giveUpLate(
    wanted: 'error' | 'value',
    giveUp: (keys: readonly string[]) => Promise<unknown>,
  ): Promise<unknown> {
    for (let tries = 0; tries < 50; tries++) {
      const key = `late-${tries}`;
      const ended = giveUp([key]).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      // The call leaves in this turn. Then this thread reads nothing for a while.
      await new Promise((resolve) => setImmediate(resolve));
      const until = performance.now() + 20 * (tries + 1);
      while (performance.now() < until);
      late.abort(tooLate);
      const outcome = await ended;
      late = new AbortController();
      const isCommitted = (await grid.table(counters).get(key)) === 1;
      if (isCommitted && wanted in outcome) return outcome;
      if (!isCommitted) expect(outcome).toHaveProperty('error');
    }
    throw new Error('no call committed before it was given up');
  }

  const tooLate = new Error('too late');
  let late = new AbortController();
  let grid: Grid;

  test('but has committed, says so', async () => {
    grid = await start(1);
    await grid.run(store.countsOnce, ['warm']);
    const outcome = await giveUpLate('error', (keys) =>
      grid.runWith(store.countsOnce, [keys], { timeoutMs: 10 }),
    );
    expect(outcome).toMatchObject({ error: { code: 'TIMEOUT', details: { outcome: 'committed' } } });
  });

  test('but has committed when its signal is aborted, is answered all the same', async () => {
    grid = await start(1);
    await grid.run(store.countsOnce, ['warm']);
    const outcome = await giveUpLate('value', (keys) =>
      grid.runWith(store.countsOnce, [keys], { signal: late.signal }),
    );
    expect(outcome).toMatchObject({ value: { by: expect.any(Number) as number } });
  });
});
