/** Jobs end to end: jobs of jobs, transactions of jobs, and what their errors tell. */
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { rejection, start, store, topologies } from './running-grid.ts';

const { accounts, items } = store;
const limited = { compute: { concurrency: 4 } };

describe.each(topologies)('a job %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, limited);
  });

  test('that waits for jobs of its own host ends, also when as many run as may', {
    timeout: 20_000,
  }, async () => {
    const depths = await Promise.all(
      Array.from({ length: 40 }, () =>
        grid.compute.run(store.nests, { key: 'a', depth: 3 }, { at: items.key('a') }),
      ),
    );
    expect(depths).toEqual(Array.from({ length: 40 }, () => 3));
  });

  test('that waits for jobs of another host, which wait for its own, ends', { timeout: 20_000 }, async () => {
    const keys = Array.from({ length: 40 }, (_each, i) => `key-${i}`);
    const depths = await Promise.all(
      keys.map((key, i) =>
        grid.compute.run(store.nests, { key, depth: 4 }, { at: items.key(keys[(i + 1) % 40] ?? key) }),
      ),
    );
    expect(depths).toEqual(keys.map(() => 4));
  });

  test('runs procedures, which refuse as they do elsewhere', async () => {
    await grid.table(accounts).setMany([
      ['alice', { balance: 100 }],
      ['bob', { balance: 0 }],
    ]);
    const payment = { from: 'alice', to: 'bob', amount: 30 };
    expect(await grid.compute.run(store.pays, payment, { at: accounts.key('bob') })).toBe(70);
    const poor = { from: 'alice', to: 'bob', amount: 71 };
    const refused = grid.compute.run(store.pays, poor, { at: accounts.key('bob') });
    expect(await rejection(refused)).toBeInstanceOf(store.InsufficientFunds);
    expect(await grid.table(accounts).getMany(['alice', 'bob'])).toEqual([{ balance: 70 }, { balance: 30 }]);
  });

  test('that fails has the frames of its thread first, then those of its caller', async () => {
    async function nightlyRun(): Promise<void> {
      await grid.compute.run(store.collapses, undefined, { at: items.key('a') });
    }
    async function everywhere(): Promise<void> {
      await grid.compute.broadcast(store.collapses, undefined, { over: items }).results;
    }
    async function followed(): Promise<void> {
      await grid.compute.submit(store.collapses, undefined, { at: items.key('a') }).result;
    }
    for (const call of [nightlyRun, everywhere, followed]) {
      const { stack } = (await rejection(call())) as Error;
      expect(stack).toMatch(
        new RegExp(`at \\S*collapse[\\s\\S]*thread boundary[\\s\\S]*at (async )?${call.name}`),
      );
    }
  });
});
