import { createTestGrid, withTestGrid } from '@troupe/testkit';
import { describe, expect, test } from 'vitest';
import { accounts, reasonOf, reasonOrDone, silent, transfer } from './shop.ts';

const names = ['ann', 'bob', 'cem', 'dan', 'eve', 'fay'];

describe('hosts of a test grid', () => {
  test('run transactions over each other without deadlock, in a different order under each of 200 seeds', async () => {
    const traces = new Set<string>();
    await withTestGrid({ definitions: [accounts, transfer], seeds: 200, partitions: 8 }, async (grid) => {
      await grid.table(accounts).setMany(new Map(names.map((name) => [name, 100])));
      const inRing = names.map((name, i) =>
        grid.run(transfer, name, names[(i + 1) % names.length] as string, i),
      );
      const against = names.map((name, i) =>
        grid.transaction(async (tx) => {
          // Locks as it goes, against the direction of the others.
          const before = names[(i + names.length - 1) % names.length] as string;
          const account = tx.table(accounts);
          const [own, other] = [(await account.get(name)) ?? 0, (await account.get(before)) ?? 0];
          await account.set(name, own - 1);
          await account.set(before, other + 1);
        }),
      );
      await grid.settle(Promise.all([...inRing, ...against]));
      let sum = 0;
      for await (const balance of grid.table(accounts).values()) sum += balance;
      expect(sum).toBe(600);
      traces.add(grid.traceHash);
    });
    expect(traces.size).toBeGreaterThan(190);
  });

  test('run alike under the same seed, to the last step, and else under another', async () => {
    const run = async (seed: number): Promise<string> => {
      await using grid = await createTestGrid({ definitions: [accounts, transfer], seed, partitions: 8 });
      const runs = names.map((name, i) =>
        grid.run(transfer, name, names[(i + 2) % names.length] as string, 1),
      );
      await grid.settle(Promise.all(runs));
      await grid.terminateHost(1);
      await grid.table(accounts).setMany(new Map([['ann', 1]]));
      await grid.advance(5_000);
      return grid.traceHash;
    };
    const first = await run(4711);
    expect(await run(4711)).toBe(first);
    expect(await run(4712)).not.toBe(first);
  });

  test('die with what they held, and come back empty', async () => {
    await using grid = await createTestGrid({ definitions: [accounts] });
    const lost: number[] = [];
    const restored: number[] = [];
    grid.on('partitionsLost', ({ host }) => lost.push(host));
    grid.on('partitionsRestored', ({ host }) => restored.push(host));
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    await grid.table(accounts).setMany(new Map(keys.map((key) => [key, 1])));
    await grid.terminateHost(0);
    const left = await grid.table(accounts).size();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(100);
    expect([lost, restored]).toEqual([[0], [0]]);
    expect(grid.hosts()).toMatchObject([
      { host: 0, incarnation: 2, state: 'serving' },
      { host: 1, incarnation: 1, state: 'serving' },
    ]);
  });

  test('end the calls they have not answered, as a thread does that dies', async () => {
    await using grid = await createTestGrid({ definitions: [silent] });
    const calls = names.map((name) => reasonOf(grid.actor(silent, name).never()));
    await grid.runUntilIdle();
    await grid.terminateHost(0);
    await grid.terminateHost(1);
    for (const reason of await Promise.all(calls)) expect(reason).toMatchObject({ code: 'HOST_LOST' });
    expect(await grid.actor(silent, 'ann').now()).toBe('here');
  });

  test('stay away as long as the test wants, and calls to them wait', async () => {
    await using grid = await createTestGrid({ definitions: [silent], hosts: 1, hostRestartMs: 5_000 });
    await grid.terminateHost(0);
    expect(grid.hosts()).toMatchObject([{ state: 'restarting' }]);
    expect(await reasonOf(grid.settle(grid.actor(silent, 'a', { timeoutMs: 1_000 }).now()))).toMatchObject({
      code: 'PARTITION_UNAVAILABLE',
    });
    expect(await grid.settle(grid.actor(silent, 'a').now())).toBe('here');
    expect(grid.now()).toBe(5_000);
  });

  test('may be away when an iteration begins, or a size is asked for', async () => {
    await using grid = await createTestGrid({ definitions: [accounts], backups: 1, hostRestartMs: 5_000 });
    const account = grid.table(accounts);
    await grid.settle(account.setMany(new Map(names.map((name) => [name, 100]))));
    await grid.terminateHost(0);
    await grid.terminateHost(1);
    const keys = (async () => {
      const found: string[] = [];
      for await (const key of account.keys()) found.push(key);
      return found.sort();
    })();
    expect(await grid.settle(Promise.all([keys, account.size()]))).toEqual([names, names.length]);
    expect(grid.now()).toBe(5_000);
  });

  test('that die in the middle of transactions leave all or nothing of them, under 60 seeds', async () => {
    const codes = new Set<unknown>();
    await withTestGrid(
      { definitions: [accounts, transfer], seeds: 60, partitions: 8 },
      async (grid, seed) => {
        await grid.table(accounts).setMany(new Map(names.map((name) => [name, 0])));
        const runs = names.map((name, i) =>
          grid.run(transfer, name, names[(i + 1) % names.length] as string, 1).then(
            () => undefined,
            (error: { code: unknown }) => codes.add(error.code),
          ),
        );
        // As many turns as the seed says, so that it dies at many moments.
        for (let turn = 0; turn < seed; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
        await grid.terminateHost(seed % 2);
        await grid.settle(Promise.all(runs));
        await grid.settle(Promise.all(names.map((name) => grid.table(accounts).set(name, 1))));
        expect(await grid.locks.list()).toEqual([]);
      },
    );
    expect([...codes]).toContain('PARTITION_LOST');
  });

  test('lose nothing that was acknowledged with backups, whenever they die, under each of 60 seeds', async () => {
    await withTestGrid(
      { definitions: [accounts, transfer], seeds: 60, partitions: 8, backups: 1, hostRestartMs: 20 },
      async (grid, seed) => {
        const account = grid.table(accounts);
        await grid.settle(account.setMany(new Map(names.map((name) => [name, 100]))));
        const runs = names.map((name, i) =>
          reasonOrDone(grid.run(transfer, name, names[(i + 1) % names.length] as string, i)),
        );
        await grid.terminateHost(seed % 2);
        await grid.settle(Promise.all(runs));
        const balances = await grid.settle(account.getMany(names));
        expect(balances.reduce<number>((sum, balance) => sum + (balance ?? 0), 0)).toBe(600);
      },
    );
  });
});
