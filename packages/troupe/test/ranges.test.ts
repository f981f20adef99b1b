/** Ranges of keys: what iterations over them give, and what a transaction that has read one may rely on. */
import { hashKey } from '@troupe/core';
import { type Grid, type Key, TransactionAbortedError } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { byText, collect, gate, rejection, start, store, topologies } from './running-grid.ts';

const { items, plays } = store;
const customers = [1, 2, 3, 4, 5, 6, 7, 8];

describe.each(topologies)('ranges of keys %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
    const entries = customers.flatMap((customer) =>
      [0, 1, 2, 3].map((at) => [[customer, at], { song: `${customer}/${at}` }] as const),
    );
    await grid.table(plays).setMany(entries);
  });

  /** Holds a transaction open that has counted a range; `count` asks it again. */
  async function holding(
    read: (table: ReturnType<Grid['table']>) => Promise<number>,
  ): Promise<{ readonly count: number; readonly end: () => Promise<readonly [number, number]> }> {
    const begun = gate<number>();
    const mayEnd = gate();
    const done = grid.transaction(async (tx) => {
      const table = tx.table(plays) as unknown as ReturnType<Grid['table']>;
      const before = await read(table);
      begun.open(before);
      await mayEnd.opened;
      return [before, await read(table)] as const;
    });
    const end = (): Promise<readonly [number, number]> => {
      mayEnd.open();
      return done;
    };
    return { count: await begun.opened, end };
  }

  test('are iterated over in every form, outside and inside of transactions', async () => {
    const range = { from: [2, 2], to: [4, 1] } as const;
    const expected = ['2/2', '2/3', '3/0', '3/1', '3/2', '3/3', '4/0'];
    const inForms = async (
      table: ReturnType<typeof grid.table<readonly [number, number], { song: string }>>,
    ) => {
      const values = (await collect(table.values(range))).map(({ song }) => song).sort();
      const keys = (await collect(table.keys(range))).map((key) => key.join('/')).sort();
      const entries = (await collect(table.entries(range))).map(([, { song }]) => song).sort();
      return [values, keys, entries, await table.size(range)];
    };
    const all = [expected, expected, expected, expected.length];
    expect(await inForms(grid.table(plays))).toEqual(all);
    expect(await grid.transaction((tx) => inForms(tx.table(plays)))).toEqual(all);
    expect(await grid.transaction((tx) => inForms(tx.table(plays)), { readOnly: true })).toEqual(all);
    expect(
      await grid.transaction((tx) =>
        tx.transaction((inner) => inForms(inner.table(plays)), { readOnly: true }),
      ),
    ).toEqual(all);
  });

  test('of a prefix and of an affinity key have what belongs to it', async () => {
    const songs = ['7/0', '7/1', '7/2', '7/3'];
    for (const options of [{ prefix: [7] }, { affinity: 7 }, { prefix: [7], affinity: 7 }] as const) {
      const values = await collect(grid.table(plays).values(options));
      expect(values.map(({ song }) => song).sort()).toEqual(songs);
      const locked = await grid.transaction((tx) => tx.table(plays).size(options));
      expect(locked).toBe(4);
    }
    expect(await grid.table(plays).size({ affinity: 7, from: [7, 2] })).toBe(2);
  });

  test('take strings of any characters as bounds', async () => {
    const keys: Key[] = ['a\ud800', 'a\ud800x', 'a\udfff', 'a\uffff', 'b', '\u0000', ['a']];
    for (const key of keys) await grid.table(items).set(key, 1);
    const withPrefix = async (prefix: string): Promise<unknown[]> =>
      (await collect(grid.table(items).keys({ prefix }))).sort(byText);
    expect(await withPrefix('a\ud800')).toEqual(['a\ud800', 'a\ud800x'].sort(byText));
    expect(await withPrefix('a')).toHaveLength(4);
    expect(await withPrefix('\u0000')).toEqual(['\u0000']);
    expect(await grid.transaction((tx) => tx.table(items).size({ prefix: 'a\ud800' }))).toBe(2);
  });

  test('show a transaction its own writes in them', async () => {
    const seen = await grid.transaction(async (tx) => {
      const table = tx.table(plays);
      await table.set([3, 10], { song: 'new' });
      await table.set([9, 0], { song: 'elsewhere' });
      await table.delete([3, 0]);
      await table.set([3, 1], { song: 'changed' });
      const values = await collect(table.values({ prefix: [3] }));
      const ofAnother = await collect(table.values({ affinity: 9 }));
      return [
        values.map(({ song }) => song).sort(),
        ofAnother.length,
        await table.size({ from: [3, 2], to: [9] }),
      ];
    });
    expect(seen).toEqual([['3/2', '3/3', 'changed', 'new'], 1, 23]);
  });

  test('keep what is written in them waiting, and nothing else', async () => {
    const reader = await holding((table) => table.size({ from: [3, 1], to: [3, 9] }));
    expect(reader.count).toBe(3);
    const order: string[] = [];
    const note = (what: string) => (): void => void order.push(what);
    const waiting = [
      grid.table(plays).set([3, 8], { song: 'plain' }).then(note('plain insert')),
      grid.table(plays).delete([3, 1]).then(note('plain delete')),
      grid.transaction((tx) => tx.table(plays).set([3, 7], { song: 'tx' })).then(note('transaction')),
      grid.transaction((tx) => tx.table(plays).replace([3, 2], { song: 'tx' })).then(note('change')),
    ];
    // Outside of it: the keys before and behind, and other customers. Inside of it: reads.
    await grid.table(plays).set([3, 0], { song: 'before' });
    await grid.table(plays).set([3, 9], { song: 'behind' });
    await grid.transaction((tx) => tx.table(plays).insert([4, 5], { song: 'other' }));
    await grid.transaction((tx) => tx.table(plays).setMany(customers.map((c) => [[c, 20], { song: 'all' }])));
    expect((await grid.table(plays).get([3, 3]))?.song).toBe('3/3');
    expect(await grid.table(plays).size({ prefix: [3] })).toBe(6);
    expect(order).toEqual([]);
    expect(await reader.end()).toEqual([3, 3]);
    await Promise.all(waiting);
    expect(order.sort()).toEqual(['change', 'plain delete', 'plain insert', 'transaction']);
    expect(await grid.table(plays).size({ from: [3, 1], to: [3, 9] })).toBe(4);
  });

  test('lock one partition when an affinity key is named', async () => {
    const reader = await holding((table) => table.size({ affinity: 3 }));
    const inserted: string[] = [];
    const insert = grid
      .table(plays)
      .set([3, 8], { song: 'late' })
      .then(() => inserted.push('late'));
    const partitionOf = (customer: number): number => hashKey(customer) % 8;
    const elsewhere = customers.filter((customer) => partitionOf(customer) !== partitionOf(3));
    expect(elsewhere.length).toBeGreaterThan(3);
    await Promise.all(elsewhere.map((customer) => grid.table(plays).set([customer, 9], { song: '' })));
    expect(inserted).toEqual([]);
    expect(await reader.end()).toEqual([4, 4]);
    await insert;
  });

  test('keep a bound on what is in them, whoever inserts', async () => {
    const insert = (at: number): Promise<boolean> =>
      grid.transaction(async (tx) => {
        const table = tx.table(plays);
        if ((await table.size({ prefix: [5], affinity: 5 })) >= 10) return false;
        await table.set([5, at], { song: 'one more' });
        return true;
      });
    const results = await Promise.all(Array.from({ length: 25 }, (_none, i) => insert(100 + i)));
    expect(results.filter((isIn) => isIn)).toHaveLength(6);
    expect(await grid.table(plays).size({ prefix: [5] })).toBe(10);
  });

  test('let transfers between them go on while both are counted', async () => {
    let running = true;
    const counts = [[1], [1, 2] as const].map(async ([only]) => {
      const sums = new Set<number>();
      do {
        sums.add(await grid.transaction((tx) => tx.table(plays).size({ from: [only ?? 1], to: [3] })));
      } while (running);
      return [...sums];
    });
    for (let i = 0; i < 30; i++) {
      const [from, to] = i % 2 === 0 ? [1, 2] : [2, 1];
      await grid.transaction(async (tx) => {
        const taken = await tx.table(plays).take([from ?? 0, i % 4]);
        if (taken !== undefined) await tx.table(plays).set([to ?? 0, 100 + i], taken);
      });
    }
    running = false;
    for (const sums of await Promise.all(counts)) expect(sums).toEqual([8]);
  });

  test('that are waited for end with their transaction', async () => {
    const mayEnd = gate();
    const written = gate();
    const writer = grid.transaction(
      async () => {
        written.open();
        await mayEnd.opened;
      },
      { keys: [plays.key([6, 2])] },
    );
    await written.opened;
    const reader = grid.transaction((tx) => tx.table(plays).size({ prefix: [6] }), { timeoutMs: 50 });
    expect(await rejection(reader)).toBeInstanceOf(TransactionAbortedError);
    mayEnd.open();
    await writer;
    // Nothing of the reader is left in the way.
    await grid.table(plays).set([6, 3], { song: 'later' }, { timeoutMs: 2_000 });
  });
});
