import { createTestGrid } from '@troupe/testkit';
import { describe, expect, test, vi } from 'vitest';
import { accounts, failNext, flaky, reasonOf, silent, ticker, transfer } from './shop.ts';

describe('a test grid', () => {
  test('carries messages without the time moving', async () => {
    await using grid = await createTestGrid({ definitions: [accounts, transfer] });
    await grid.table(accounts).set('ann', 10);
    await grid.run(transfer, 'ann', 'bob', 4);
    expect(await grid.table(accounts).get('ann')).toBe(6);
    expect(await grid.table(accounts).get('bob')).toBe(4);
    expect(grid.now()).toBe(0);
  });

  test('ends a call at its deadline, to the millisecond, when the time has come', async () => {
    await using grid = await createTestGrid({ definitions: [silent] });
    let reason: unknown;
    void reasonOf(grid.actor(silent, 'a', { timeoutMs: 30_000 }).never()).then((error) => {
      reason = error;
    });
    await grid.advance(29_999);
    expect(reason).toBeUndefined();
    await grid.advance(1);
    expect(reason).toMatchObject({ code: 'TIMEOUT' });
    expect(grid.now()).toBe(30_000);
    await grid.terminateHost(0);
    await grid.terminateHost(1);
  });

  test('ends a call at the default deadline, which is kept by a coarse timer', async () => {
    await using grid = await createTestGrid({ definitions: [silent] });
    expect(await reasonOf(grid.settle(grid.actor(silent, 'a').never()))).toMatchObject({ code: 'TIMEOUT' });
    expect(grid.now()).toBeGreaterThanOrEqual(30_000);
    expect(grid.now()).toBeLessThan(65_000);
    await grid.terminateHost(0);
    await grid.terminateHost(1);
  });

  test('runs a job again after its pauses, in virtual time', async () => {
    await using grid = await createTestGrid({ definitions: [flaky, accounts] });
    failNext(3);
    const at = { table: accounts, key: 'ann' };
    const result = grid.compute.run(flaky, undefined, { at, retries: 3, timeoutMs: 60_000 });
    await grid.runUntilIdle();
    expect(await grid.leftovers()).toEqual([
      expect.stringMatching(
        /^a timer, due at [\d.]+ ms \(it is 0 ms\): a job that failed is to be run again$/,
      ),
    ]);
    expect(await grid.settle(result)).toBe(4);
    expect(grid.now()).toBeGreaterThan(0);
  });

  test('lets a transaction that loses its conflicts pause, and try again', async () => {
    await using grid = await createTestGrid({
      definitions: [accounts],
      experimental: { lockStrategy: 'no-wait' },
    });
    const holder = await grid.begin();
    await holder.table(accounts).get('ann');
    const attempts: number[] = [];
    const second = grid.transaction(
      async (tx) => {
        attempts.push(tx.attempt);
        await tx.table(accounts).set('ann', 2);
      },
      { keys: [accounts.key('ann')], timeoutMs: 10_000 },
    );
    await grid.advance(500);
    await holder.commit();
    await grid.settle(second);
    expect(attempts).toHaveLength(1);
    expect(attempts[0]).toBeGreaterThan(5);
    expect(await grid.table(accounts).get('ann')).toBe(2);
  });

  test('sets no real timer', async () => {
    // Not those of the process: the test runner has some, which come and go.
    const set = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setInterval')];
    await using grid = await createTestGrid({ definitions: [silent, accounts], retentionMs: 60_000 });
    void reasonOf(grid.actor(silent, 'a', { timeoutMs: 30_000 }).never());
    await grid.table(accounts).set('ann', 1);
    await grid.runUntilIdle();
    await grid.advance(30_000);
    await grid.terminateHost(0);
    await grid.terminateHost(1);
    for (const spy of set) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  test('says so when nothing will ever settle a promise', async () => {
    await using grid = await createTestGrid({ definitions: [silent] });
    const stuck = reasonOf(grid.settle(new Promise(() => undefined)));
    expect(String(await stuck)).toBe(
      'StuckError: nothing is left to run, and the promise has not settled (seed 0); under way: nothing that the grid knows of',
    );
    const call = grid.actor(silent, 'a', { timeoutMs: 30_000 }).never();
    expect(String(await reasonOf(grid.settle(call, { withinMs: 1_000 })))).toContain(
      'not settled within 1000 ms (seed 0); under way: \n- a call from the service: ask of actor \'silent\', key "a", method never',
    );
    await reasonOf(grid.settle(call));
    await grid.terminateHost(0);
    await grid.terminateHost(1);
  });

  test('lets timers of actors come due, and passivates who is not asked any more', async () => {
    await using grid = await createTestGrid({ definitions: [ticker] });
    const one = grid.actor(ticker, 'a');
    await one.start(1_000);
    await grid.advance(10_500);
    expect(await one.seen()).toEqual({ ticks: 10, activations: 1 });
    await one.stop();
    await grid.advance(200_000);
    expect(await one.seen()).toEqual({ ticks: 10, activations: 2 });
  });

  test('gives code under test a timer of its own', async () => {
    await using grid = await createTestGrid({ definitions: [accounts] });
    let woken = false;
    void grid.sleep(1_000).then(() => {
      woken = true;
    });
    await grid.advance(999);
    expect(woken).toBe(false);
    await grid.advance(1);
    expect(woken).toBe(true);
  });

  test('refuses times and numbers of hosts that make no sense', async () => {
    await expect(createTestGrid({ definitions: [accounts], hosts: 0 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(createTestGrid({ definitions: [accounts], seed: -1 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await using grid = await createTestGrid({ definitions: [accounts] });
    await expect(grid.advance(-1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
