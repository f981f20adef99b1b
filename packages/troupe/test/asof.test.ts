/** Reading the grid as it was, end to end, inline and through threads. */
import type { Grid } from 'troupe';
import { describe, expect, test } from 'vitest';
import { byText, collect, gate, rejection, start, store, topologies } from './running-grid.ts';

const { accounts, counters, items } = store;
const spread = Array.from({ length: 24 }, (_, i) => `spread-${i}`);

/** The moment that is now. */
function now(grid: Grid): Promise<number> {
  return grid.transaction((tx) => tx.readTimestamp as number, { readOnly: true });
}

function readAsOf<T>(grid: Grid, asOf: number, read: (tx: Grid['table']) => Promise<T>): Promise<T> {
  return grid.transaction((tx) => read((definition) => tx.table(definition)), { readOnly: true, asOf });
}

/** Everything in a table as of a timestamp. */
function contentAsOf(grid: Grid, asOf: number): Promise<[unknown, unknown][]> {
  return readAsOf(grid, asOf, async (table) => (await collect(table(items).entries())).sort(byText));
}

describe.each(topologies)('asOf %s', (_, threads) => {
  test('reads the grid as it was, in every way to read', async () => {
    const grid = await start(threads, { retentionMs: 60_000 });
    await grid.table(items).setMany(spread.map((key, i) => [key, i]));
    const before = await now(grid);
    await grid.table(items).setMany(spread.map((key) => [key, 'later']));
    await grid.table(items).deleteMany(spread.slice(0, 10));
    await grid.table(items).set('new', 1);
    const between = await now(grid);
    await grid.table(items).clear();
    const content = spread.map((key, i): [unknown, unknown] => [key, i]).sort(byText);
    expect(await contentAsOf(grid, before)).toEqual(content);
    const later = spread.slice(10).map((key): [unknown, unknown] => [key, 'later']);
    expect(await contentAsOf(grid, between)).toEqual([...later, ['new', 1]].sort(byText));
    expect(await contentAsOf(grid, await now(grid))).toEqual([]);
    await using past = await grid.begin({ readOnly: true, asOf: before });
    expect(past.readTimestamp).toBe(before);
    expect(await past.table(items).getMany(['spread-3', 'new', 'spread-20'])).toEqual([3, undefined, 20]);
    expect(await past.table(items).get('spread-1')).toBe(1);
    expect(await past.table(items).has('new')).toBe(false);
    expect(await past.table(items).size()).toBe(spread.length);
    expect(await collect(past.table(items).keys())).toHaveLength(spread.length);
    expect(await rejection(past.table(items).set('a', 1))).toMatchObject({ code: 'READ_ONLY' });
  });

  test('reads what was read at that timestamp, whatever is committed meanwhile', async () => {
    const grid = await start(threads, { retentionMs: 60_000 });
    const total = spread.length * 100;
    await grid.table(accounts).setMany(spread.map((key) => [key, { balance: 100 }]));
    const seen: { readonly asOf: number; readonly balances: readonly number[] }[] = [];
    const balancesOf = async (table: Grid['table']): Promise<number[]> =>
      (await table(accounts).getMany(spread)).map((account) => account?.balance ?? 0);
    const transfers = Array.from({ length: 300 }, (_item, i) =>
      grid.run(store.transfer, spread[i % 24] as string, spread[(i * 7 + 1) % 24] as string, 1),
    );
    const readers = Array.from({ length: 60 }, async () => {
      await grid.transaction(
        async (tx) => {
          const balances = await balancesOf((definition) => tx.table(definition));
          seen.push({ asOf: tx.readTimestamp as number, balances });
        },
        { readOnly: true },
      );
    });
    await Promise.all([...transfers, ...readers]);
    for (const { asOf, balances } of seen) {
      expect(await readAsOf(grid, asOf, balancesOf)).toEqual(balances);
    }
    // And at moments that nobody had read.
    const first = Math.min(...seen.map(({ asOf }) => asOf));
    const last = await now(grid);
    for (let asOf = first; asOf < last; asOf += 17) {
      const balances = await readAsOf(grid, asOf, balancesOf);
      expect(balances.reduce((sum, balance) => sum + balance)).toBe(total);
    }
  });

  test('without retention reads what an open snapshot keeps, and nothing that has gone', async () => {
    const grid = await start(threads);
    await grid.table(items).setMany(spread.map((key, i) => [key, i]));
    const before = await now(grid);
    const open = await grid.begin({ readOnly: true });
    await grid.table(items).set('spread-1', 'later');
    const between = await now(grid);
    await grid.table(items).clear();
    expect(await contentAsOf(grid, between)).toHaveLength(spread.length);
    expect(await readAsOf(grid, between, (table) => table(items).get('spread-1'))).toBe('later');
    await open.rollback();
    await grid.table(items).setMany(spread.map((key) => [key, 'new']));
    // It is committed, and installed at each owner before what is asked now is answered.
    await Promise.all(spread.map((key) => grid.table(items).get(key)));
    for (const asOf of [before, between]) {
      const error = await rejection(contentAsOf(grid, asOf));
      expect(error).toMatchObject({ code: 'SNAPSHOT_TOO_OLD', message: /retentionMs/ });
    }
  });

  test('reads no further back than the retention', async () => {
    const grid = await start(threads, { retentionMs: 50 });
    await grid.table(items).set('a', 1);
    const before = await now(grid);
    await grid.table(items).set('a', 2);
    const after = await now(grid);
    expect(await readAsOf(grid, before, (table) => table(items).get('a'))).toBe(1);
    let error: unknown;
    while (error === undefined) {
      const read = readAsOf(grid, before, (table) => table(items).get('a'));
      error = await read.catch((reason: unknown) => reason);
      if (error === 1) error = undefined;
    }
    expect(error).toMatchObject({ code: 'SNAPSHOT_TOO_OLD', retryable: true, message: /retentionMs/ });
    expect(await rejection(grid.begin({ readOnly: true, asOf: before }))).toMatchObject({
      code: 'SNAPSHOT_TOO_OLD',
    });
    expect(after).toBeGreaterThan(before);
    // What was refused holds nothing open.
    await grid.close();
  });

  test('a refused read is no reason for anything to be kept', async () => {
    const grid = await start(threads);
    await grid.table(items).set('a', 1);
    const before = await now(grid);
    expect(await rejection(grid.begin({ readOnly: true, asOf: 10 ** 12 }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: /asOf must be a timestamp of this grid/,
    });
    await grid.table(items).set('a', 2);
    expect(await rejection(readAsOf(grid, before, (table) => table(items).get('a')))).toMatchObject({
      code: 'SNAPSHOT_TOO_OLD',
    });
    // Nor does it count as work that close() would wait for.
    await grid.close({ timeoutMs: 60_000 });
  });

  test('inside a transaction needs a separate one', async () => {
    const grid = await start(threads, { retentionMs: 60_000 });
    await grid.table(counters).set('a', 1);
    const asOf = await now(grid);
    await grid.transaction(async (tx) => {
      await tx.table(counters).set('a', 2);
      const options = { readOnly: true, asOf };
      const read = (own: typeof tx): Promise<number | undefined> => own.table(counters).get('a');
      for (const joining of [grid.transaction(read, options), tx.transaction(read, options)]) {
        expect(await rejection(joining)).toMatchObject({
          code: 'INVALID_ARGUMENT',
          message: /asOf must be left out.*independent: true/,
        });
      }
      expect(await grid.transaction(read, { ...options, independent: true })).toBe(1);
      expect(await grid.table(counters).get('a')).toBe(2);
    });
    await grid.transaction(
      async (tx) => {
        expect(await rejection(tx.transaction(() => 1, { readOnly: true, asOf } as object))).toMatchObject({
          code: 'INVALID_ARGUMENT',
        });
      },
      { readOnly: true },
    );
  });

  test('ends with its deadline and its signal like any read-only transaction', async () => {
    const grid = await start(threads, { retentionMs: 60_000 });
    const asOf = await now(grid);
    const never = (): Promise<never> => new Promise(() => undefined);
    expect(await rejection(grid.transaction(never, { readOnly: true, asOf, timeoutMs: 20 }))).toMatchObject({
      code: 'TRANSACTION_ABORTED',
    });
    const controller = new AbortController();
    const mine = new Error('mine');
    const begun = gate();
    const read = grid.transaction(
      () => {
        begun.open();
        return never();
      },
      { readOnly: true, asOf, signal: controller.signal },
    );
    await begun.opened;
    controller.abort(mine);
    expect(await rejection(read)).toBe(mine);
  });
});

test('asOf a time before a partition was created anew is refused there, and never read as absent', async () => {
  const grid = await start(2, { retentionMs: 60_000 });
  await grid.table(items).setMany(spread.map((key, i) => [key, i]));
  const before = await now(grid);
  const restored = new Promise((resolve) => grid.on('partitionsRestored', resolve));
  await grid.terminateHost(0);
  await restored;
  const reads = await Promise.all(
    spread.map((key) =>
      readAsOf(grid, before, (table) => table(items).get(key)).catch((error: unknown) => error),
    ),
  );
  const codes = reads.map((answer) => (answer as { code?: string }).code ?? 'read');
  expect(new Set(codes)).toEqual(new Set(['SNAPSHOT_TOO_OLD', 'read']));
  expect(reads.filter((answer, i) => typeof answer === 'number' && answer !== i)).toEqual([]);
  expect(reads.filter((answer) => answer === undefined)).toEqual([]);
  expect(await rejection(contentAsOf(grid, before))).toMatchObject({ code: 'SNAPSHOT_TOO_OLD' });
  // What has been there since is read from both.
  await grid.table(items).setMany(spread.map((key) => [key, 'new']));
  expect(await contentAsOf(grid, await now(grid))).toHaveLength(spread.length);
});
