/** The end of a grid: what runs is drained, what comes is refused, nothing keeps the process alive. */
import type { Grid } from 'troupe';
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { collect, gate, rejection, start, store, topologies } from './running-grid.ts';

const { clerk, counters, items } = store;

describe.each(topologies)('close() %s', (_, threads) => {
  test('lets what runs finish, a transaction with all of its operations included', async () => {
    const grid = await start(threads);
    const entered = gate();
    const go = gate();
    const running = grid.transaction(async (tx) => {
      await tx.table(items).set('a', 1);
      entered.open();
      await go.opened;
      await tx.table(items).get('b');
      await grid.table(items).set('c', 2);
      await tx.transaction((nested) => nested.table(counters).increment('n'));
      return tx.table(items).size();
    });
    await entered.opened;
    const calls = [
      grid.table(items).set('d', 4),
      grid.actor(clerk, 'x').add(1),
      grid.run(store.addToAll, ['p']),
    ];
    const closing = grid.close();
    go.open();
    expect(await running).toBe(3);
    await Promise.all(calls);
    await closing;
  });

  test('refuses every call that comes after it, while closing and once closed', async () => {
    const grid = await start(threads);
    const tx = await grid.begin();
    await tx.table(items).set('a', 1);
    await tx.commit();
    const closing = grid.close();
    await expectAllRefused(grid);
    await closing;
    await expectAllRefused(grid);
  });

  test('is one end, however often it is asked for', async () => {
    const grid = await start(threads);
    const first = grid.close();
    expect(grid.close({ timeoutMs: 1 })).toBe(first);
    await first;
    await grid.close();
    await grid[Symbol.asyncDispose]();
    expect(grid.hosts().map(({ state }) => state)).toEqual(grid.hosts().map(() => 'closed'));
  });

  test('ends what takes too long, and tells everybody', async () => {
    const grid = await start(threads);
    const tx = await grid.begin();
    await tx.table(items).getAndSet('a', 1);
    const entered = gate();
    const body = rejection(
      grid.transaction(async (own) => {
        await own.table(items).getAndSet('b', 1);
        entered.open();
        await new Promise(() => undefined);
      }),
    );
    const waiting = [
      rejection(grid.table(items).set('a', 2)),
      rejection(grid.transaction((own) => own.table(items).get('a'))),
      rejection(grid.run(store.fails, 'a')),
    ];
    await entered.opened;
    const startedMs = performance.now();
    await grid.close({ timeoutMs: 50 });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    for (const error of await Promise.all([...waiting, body])) {
      expect(['GRID_CLOSED', 'TRANSACTION_ABORTED', 'PARTITION_LOST']).toContain(
        (error as { code?: string }).code,
      );
    }
    expect(await rejection(tx.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    await tx.rollback();
  });

  test('of a grid declared with `await using` comes at the end of its block', async () => {
    let leaked: Grid;
    {
      await using grid = await start(threads);
      leaked = grid;
      await grid.table(items).set('a', 1);
    }
    expect(await rejection(leaked.table(items).get('a'))).toMatchObject({ code: 'GRID_CLOSED' });
  });

  test.each(['close', 'dispose'])(
    'lets the process end by itself (%s)',
    { timeout: 60_000 },
    async (ending) => {
      const printed = await runProgram('use-and-close.mjs', { args: [threads, ending], timeoutMs: 30_000 });
      expect(JSON.parse(printed)).toEqual([
        expect.any(String),
        ending === 'dispose' ? 'done' : 'GRID_CLOSED',
      ]);
    },
  );
});

test('close() leaves no thread: of hosts, of their successors or of the pool', {
  timeout: 60_000,
}, async () => {
  const printed = JSON.parse(await runProgram('count-threads.mjs', { timeoutMs: 30_000 })) as object[];
  expect(printed).toEqual([
    { threads: 0, started: 2, running: 2, left: 0 },
    { threads: 1, started: 3, running: 3, left: 0 },
    { threads: 3, started: 6, running: 5, left: 0 },
  ]);
});

async function expectAllRefused(grid: Grid): Promise<void> {
  const table = grid.table(items);
  const calls = [
    table.get('a'),
    table.set('a', 1),
    table.has('a'),
    table.delete('a'),
    table.increment('a'),
    table.getMany(['a']),
    table.setMany([['a', 1]]),
    table.insertMany([['a', 1]]),
    table.update('a', () => 1),
    table.deleteMany(['a']),
    table.size(),
    table.clear(),
    collect(table.entries()),
    collect(table.keys()),
    grid.transaction(() => 1),
    grid.transaction(() => 1, { readOnly: true }),
    grid.begin(),
    grid.begin({ readOnly: true }),
    grid.begin({ readOnly: true, asOf: 1 }),
    grid.run(store.transfer, 'a', 'b', 1),
    grid.actor(clerk, 'x').add(1),
    grid.tell(clerk, 'x').add(1),
  ];
  const codes = await Promise.all(
    calls.map(async (call) => ((await rejection(call)) as { code?: string }).code),
  );
  expect(codes).toEqual(calls.map(() => 'GRID_CLOSED'));
}
