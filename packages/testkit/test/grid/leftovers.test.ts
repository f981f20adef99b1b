import { createTestGrid, LeftoversError, SeedError, withTestGrid } from '@troupe/testkit';
import { describe, expect, test } from 'vitest';
import { accounts, reasonOf, silent } from './shop.ts';

describe('a test grid that is left', () => {
  test('names the call, the transaction, the lock and the timer that the test forgot', async () => {
    const grid = await createTestGrid({ definitions: [accounts, silent], seed: 7 });
    const call = reasonOf(grid.actor(silent, 'ann').never());
    const transaction = await grid.begin({ label: 'forgotten' });
    await transaction.table(accounts).get('ann');
    const waits = reasonOf(grid.table(accounts).set('ann', 1));
    const sleeps = grid.sleep(1_000);
    await grid.runUntilIdle();
    const error = (await reasonOf(Promise.resolve(grid[Symbol.asyncDispose]()))) as LeftoversError;
    expect(error).toBeInstanceOf(LeftoversError);
    expect(error.message).toMatch(/^the test left these \d behind in its grid \(seed 7\):\n- /);
    expect(error.leftovers).toEqual([
      'a call from the service: ask of actor \'silent\', key "ann", method never',
      'a call from the service: set of table \'accounts\', key "ann"',
      'a timer, due at 1000 ms (it is 0 ms): a sleep',
      expect.stringMatching(/^a transaction of the service, running: 'forgotten' \(id \d+\)$/),
      'a read lock held on accounts, key "ann" by \'forgotten\'',
      expect.stringMatching(/^a write lock waited for on accounts, key "ann" by transaction \d+$/),
    ]);
    // Closed all the same.
    expect(await call).toMatchObject({ code: 'GRID_CLOSED' });
    expect(await waits).toMatchObject({ code: 'GRID_CLOSED' });
    void sleeps;
  });

  test('names the work that nobody waits for', async () => {
    const grid = await createTestGrid({ definitions: [silent] });
    await grid.tell(silent, 'ann').never();
    expect(await grid.leftovers()).toEqual([
      expect.stringMatching(/^work under way on host \d: a turn of an actor, a stream or a job$/),
    ]);
    await grid.close({ timeoutMs: 1 });
  });

  test('is content when everything has ended, also closed by hand', async () => {
    await using grid = await createTestGrid({ definitions: [accounts] });
    await grid.table(accounts).set('ann', 1);
    await grid.transaction((tx) => tx.table(accounts).increment('ann', 1));
    await grid.close();
    expect(await reasonOf(grid.table(accounts).get('ann'))).toMatchObject({ code: 'GRID_CLOSED' });
  });
});

describe('withTestGrid', () => {
  test('says under which seed a test failed, how to run it again, and with what', async () => {
    const failure = new Error('expected 3 to be 4');
    const seen: number[] = [];
    const reason = (await reasonOf(
      withTestGrid({ definitions: [accounts], seeds: 5 }, (_grid, seed) => {
        seen.push(seed);
        if (seed === 2) throw failure;
      }),
    )) as SeedError;
    expect(reason).toBeInstanceOf(SeedError);
    expect(seen).toEqual([0, 1, 2]);
    expect(reason).toMatchObject({ seed: 2, cause: failure });
    expect(reason.message).toContain('failed with seed 2: expected 3 to be 4\n');
    expect(reason.message).toContain('TROUPE_SEED=2');
  });

  test('runs the one seed that the environment names', async () => {
    process.env['TROUPE_SEED'] = '17';
    const seen: number[] = [];
    try {
      await withTestGrid({ definitions: [accounts], seeds: 5 }, (grid) => void seen.push(grid.seed));
    } finally {
      delete process.env['TROUPE_SEED'];
    }
    expect(seen).toEqual([17]);
  });

  test('tells of what was left behind only when the test itself was content', async () => {
    const forgetful = reasonOf(
      withTestGrid({ definitions: [silent], seeds: [3] }, async (grid) => {
        void reasonOf(grid.actor(silent, 'ann').never());
        await grid.runUntilIdle();
      }),
    );
    expect(await forgetful).toMatchObject({ seed: 3, cause: expect.any(LeftoversError) });
    const failing = reasonOf(
      withTestGrid({ definitions: [silent] }, async (grid) => {
        void reasonOf(grid.actor(silent, 'ann').never());
        await grid.runUntilIdle();
        throw new Error('its own');
      }),
    );
    expect(await failing).toMatchObject({ cause: { message: 'its own' } });
  });
});
