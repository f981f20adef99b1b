/** `update` and `insertMany`, plain, joined to a transaction and in a job, inline and through threads. */
import type { Grid, Table } from 'troupe';
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { byText, collect, gate, rejection, start, store, topologies } from './running-grid.ts';

const { counters, items } = store;
const spread = Array.from({ length: 12 }, (_, i) => `spread-${i}`);
const addOne = (count: number | undefined): number => (count ?? 0) + 1;

describe.each(topologies)('update %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  test('stores what its function answers, and answers it; undefined removes the key', async () => {
    const table = grid.table(counters);
    expect(await table.update('a', addOne)).toBe(1);
    expect(await table.update('a', async (count) => addOne(count) * 10)).toBe(20);
    expect(await table.get('a')).toBe(20);
    expect(await table.update('a', () => undefined)).toBeUndefined();
    expect(await table.has('a')).toBe(false);
    expect(await table.update('a', () => undefined)).toBeUndefined();
    expect(await table.size()).toBe(0);
  });

  test('loses no change of many at once, whether its function is asynchronous or not', async () => {
    const table = grid.table(counters);
    const runs = Array.from({ length: 200 }, (_item, i) =>
      i % 2 === 0 ? table.update('hot', addOne) : table.update('hot', async (count) => addOne(count)),
    );
    const answers = await Promise.all([...runs, table.increment('hot')]);
    expect(await table.get('hot')).toBe(201);
    expect(new Set(answers).size).toBe(201);
  });

  test('in a job at the owner of the key is the same', async () => {
    await Promise.all(spread.map((key) => grid.compute.run(store.updates, key, { at: counters.key(key) })));
    expect(await grid.table(counters).getMany(spread)).toEqual(spread.map(() => 1));
  });

  test('of a function that throws changes nothing and gives back the same error', async () => {
    const mine = new Error('mine');
    const table = grid.table(counters);
    await table.set('a', 1);
    const throws = (): number => {
      throw mine;
    };
    expect(await rejection(table.update('a', throws))).toBe(mine);
    expect(await rejection(table.update('a', () => Promise.reject<number>(mine)))).toBe(mine);
    expect(await table.get('a')).toBe(1);
    await table.set('a', 2, { timeoutMs: 2_000 });
  });

  test('shares no object with the table', async () => {
    const table = grid.table(items);
    const answer = { list: [1] };
    const updated = (await table.update('a', () => answer)) as typeof answer;
    answer.list.push(2);
    updated.list.push(3);
    await table.update('a', (current) => {
      (current as typeof answer).list.push(4);
      return { list: [5] };
    });
    expect(await table.get('a')).toEqual({ list: [5] });
    await rejection(
      table.update('a', (current) => {
        (current as typeof answer).list.push(6);
        throw new Error('mine');
      }),
    );
    expect(await table.get('a')).toEqual({ list: [5] });
  });

  test('keeps the key locked while its function runs, and joins what that calls', async () => {
    const begun = gate();
    const { opened, open } = gate();
    const update = grid.table(counters).update('a', async (count) => {
      begun.open();
      await opened;
      expect(grid.currentTransaction()?.attempt).toBe(1);
      expect(await grid.table(counters).get('a')).toBe(count);
      await grid.table(counters).set('b', 7);
      return addOne(count);
    });
    await begun.opened;
    const later = grid.table(counters).increment('a', 10);
    open();
    expect(await update).toBe(1);
    expect(await later).toBe(11);
    expect(await grid.table(counters).get('b')).toBe(7);
  });

  test('runs its function again after a lost conflict, with the value of then', async () => {
    const older = await grid.begin();
    const seen: unknown[] = [];
    const begun = gate();
    const { opened, open } = gate();
    const update = grid.table(counters).update('a', async (count) => {
      seen.push(count);
      begun.open();
      await opened;
      return addOne(count);
    });
    await begun.opened;
    await older.table(counters).getAndSet('a', 100);
    await older.commit();
    open();
    expect(await update).toBe(101);
    expect(seen).toEqual([undefined, 100]);
  });

  test('ends with its deadline or signal while its function runs, and frees the key', async () => {
    const table = grid.table(counters);
    const never = (): Promise<number> => new Promise(() => undefined);
    expect(await rejection(table.update('a', never, { timeoutMs: 20 }))).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      details: { reason: 'timeout' },
    });
    const controller = new AbortController();
    const mine = new Error('mine');
    const stopped = table.update(
      'a',
      () => {
        controller.abort(mine);
        return never();
      },
      { signal: controller.signal },
    );
    expect(await rejection(stopped)).toBe(mine);
    await table.set('a', 1, { timeoutMs: 2_000 });
  });

  test('in a transaction is part of it, whose body may catch what the function throws', async () => {
    const mine = new Error('mine');
    await grid.table(counters).set('a', 1);
    const run = (end: () => void): Promise<void> =>
      grid.transaction(async (tx) => {
        expect(await tx.table(counters).update('a', addOne)).toBe(2);
        expect(await grid.table(counters).update('a', addOne)).toBe(3);
        expect(await tx.table(counters).get('a')).toBe(3);
        const throws = (): number => {
          throw mine;
        };
        expect(await rejection(tx.table(counters).update('a', throws))).toBe(mine);
        expect(await tx.table(counters).update('b', () => undefined)).toBeUndefined();
        end();
      });
    await rejection(
      run(() => {
        throw new Error('undone');
      }),
    );
    expect(await grid.table(counters).get('a')).toBe(1);
    await run(() => undefined);
    expect(await grid.table(counters).get('a')).toBe(3);
  });

  test('in a transaction takes turns with other updates of the key', async () => {
    await grid.transaction(async (tx) => {
      const slow = async (count: number | undefined): Promise<number> => {
        await tx.table(counters).get('other');
        return addOne(count);
      };
      const table = tx.table(counters);
      expect(
        await Promise.all([table.update('a', slow), table.update('a', addOne), table.update('a', slow)]),
      ).toEqual([1, 2, 3]);
    });
    expect(await grid.table(counters).get('a')).toBe(3);
  });

  test('in a transaction that forgets to await it is refused with all of it', async () => {
    const begun = gate();
    const { opened, open } = gate<number>();
    let forgotten: Promise<unknown> | undefined;
    const run = grid.transaction(async (tx) => {
      const update = tx.table(counters).update('a', () => {
        begun.open();
        return opened;
      });
      forgotten = rejection(update);
      await begun.opened;
    });
    expect(await rejection(run)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    open(1);
    expect(await forgotten).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    expect(await grid.table(counters).size()).toBe(0);
  });

  test('and insertMany are refused by whatever is read-only, before the function runs', async () => {
    let calls = 0;
    const count = (): number => calls++;
    const tries = (table: ReturnType<typeof grid.table<string, number>>): Promise<unknown>[] => [
      rejection(table.update('a', count)),
      rejection(table.insertMany([['a', 1]])),
      rejection(table.insertMany([['a', 1]], { partial: true })),
    ];
    const counts = counters as Parameters<typeof grid.table<string, number>>[0];
    const errors = [
      ...(await grid.transaction((tx) => Promise.all(tries(tx.table(counts))), { readOnly: true })),
      ...(await grid.transaction((tx) =>
        tx.transaction((inner) => Promise.all(tries(inner.table(counts))), { readOnly: true }),
      )),
    ];
    expect(errors.map((error) => (error as { code?: string }).code)).toEqual(Array(6).fill('READ_ONLY'));
    expect(calls).toBe(0);
  });
});

test('update answers a value for a function that always does, insertMany keys when it is partial', () => {
  type Names = Table<string, { readonly name: string }>;
  const calls = (names: Names, partial: boolean) =>
    [
      names.update('a', () => ({ name: 'x' })),
      names.update('a', async (found) => found ?? { name: 'x' }),
      names.update('a', (found) => found),
      names.update('a', async () => undefined),
      names.insertMany([['a', { name: 'x' }]]),
      names.insertMany([], { partial: false, timeoutMs: 5 }),
      names.insertMany([], { partial: true }),
      names.insertMany([], { partial }),
    ] as const;
  type Named = { readonly name: string };
  expectTypeOf<ReturnType<typeof calls>>().toEqualTypeOf<
    readonly [
      Promise<Named>,
      Promise<Named>,
      Promise<Named | undefined>,
      Promise<Named | undefined>,
      Promise<boolean>,
      Promise<boolean>,
      Promise<string[]>,
      Promise<boolean | string[]>,
    ]
  >();
  // @ts-expect-error a value of another kind
  expectTypeOf((names: Names) => names.update('a', () => 1)).toBeFunction();
});

describe.each(topologies)('insertMany %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
    await grid.table(items).set('spread-3', 'there');
  });
  const entries = spread.map((key, i): [string, number] => [key, i]);
  const absent = entries.filter(([key]) => key !== 'spread-3');

  test('stores all of its entries, or nothing when one key is there', async () => {
    const table = grid.table(items);
    expect(await table.insertMany(entries)).toBe(false);
    expect(await table.size()).toBe(1);
    expect(await table.insertMany(new Map(absent))).toBe(true);
    expect(await table.size()).toBe(spread.length);
    expect(await table.get('spread-3')).toBe('there');
    expect(await table.insertMany([])).toBe(true);
  });

  test('with partial: true stores the rest and answers the keys that were there', async () => {
    const table = grid.table(items);
    await table.set(['a', 7], 'there');
    const more = [...entries, [['a', 7], 1], [['a', 8], 1]] as const;
    expect(await table.insertMany(more, { partial: true })).toEqual(['spread-3', ['a', 7]]);
    expect(await table.getMany([...spread, ['a', 7], ['a', 8]])).toEqual([
      ...spread.map((key, i) => (key === 'spread-3' ? 'there' : i)),
      'there',
      1,
    ]);
    expect(await table.insertMany([], { partial: true })).toEqual([]);
  });

  test('of the same keys at once succeeds once', async () => {
    const table = grid.table(items);
    const tries = await Promise.all(
      Array.from({ length: 20 }, (_item, i) => table.insertMany(absent.map(([key]) => [key, i] as const))),
    );
    expect(tries.filter(Boolean)).toHaveLength(1);
    const winner = tries.indexOf(true);
    expect(await table.getMany(absent.map(([key]) => key))).toEqual(absent.map(() => winner));
  });

  test('with partial: true at once stores each key once', async () => {
    const table = grid.table(items);
    const present = await Promise.all(
      Array.from({ length: 10 }, () => table.insertMany(absent, { partial: true })),
    );
    expect(present.flat()).toHaveLength(9 * absent.length);
  });

  test('in a transaction sees and joins its writes', async () => {
    const undone = grid.transaction(async (tx) => {
      const table = tx.table(items);
      await table.set('spread-1', 'mine');
      await table.delete('spread-3');
      expect(await table.insertMany(entries)).toBe(false);
      expect(await table.size()).toBe(1);
      expect(await grid.table(items).insertMany(entries, { partial: true })).toEqual(['spread-1']);
      expect(await table.size()).toBe(spread.length);
      throw new Error('undone');
    });
    expect(await rejection(undone)).toMatchObject({ message: 'undone' });
    expect(await collect(grid.table(items).entries())).toEqual([['spread-3', 'there']]);
  });

  test('copies what it is given', async () => {
    const mine = { list: [1] };
    const stored = grid.table(items).insertMany([['a', mine]]);
    mine.list.push(2);
    await stored;
    expect((await collect(grid.table(items).entries())).sort(byText)).toEqual([
      ['a', { list: [1] }],
      ['spread-3', 'there'],
    ]);
  });
});
