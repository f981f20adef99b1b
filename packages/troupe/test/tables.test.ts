/** Every operation of a table, end to end, inline and through threads. */
import type { Grid, Key } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { byText, collect, rejection, start, store, topologies } from './running-grid.ts';

const { counters, items, plays } = store;

async function* streamOf<T>(list: Iterable<T>): AsyncGenerator<T, void, undefined> {
  for (const item of list) yield item;
}

function numbered(count: number): [string, number][] {
  return Array.from({ length: count }, (_, i) => [`key-${i}`, i]);
}

const byKey = ([a]: readonly [Key, unknown], [b]: readonly [Key, unknown]): number =>
  String(a) < String(b) ? -1 : 1;

describe.each(topologies)('a table %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  test('has the name of its definition', () => {
    expect(grid.table(items).name).toBe('items');
  });

  test('get, set, has, delete and take tell present from absent', async () => {
    const table = grid.table(items);
    expect(await table.get('a')).toBeUndefined();
    expect(await table.has('a')).toBe(false);
    expect(await table.delete('a')).toBe(false);
    expect(await table.take('a')).toBeUndefined();
    expect(await table.set('a', null)).toBeUndefined();
    expect(await table.get('a')).toBeNull();
    expect(await table.has('a')).toBe(true);
    expect(await table.take('a')).toBeNull();
    expect(await table.has('a')).toBe(false);
    await table.set('a', 0);
    expect(await table.delete('a')).toBe(true);
    expect(await table.get('a')).toBeUndefined();
  });

  test('insert stores only when absent, replace only when present', async () => {
    const table = grid.table(items);
    expect(await table.replace('a', 1)).toBe(false);
    expect(await table.has('a')).toBe(false);
    expect(await table.insert('a', 2)).toBe(true);
    expect(await table.insert('a', 3)).toBe(false);
    expect(await table.get('a')).toBe(2);
    expect(await table.replace('a', 4)).toBe(true);
    expect(await table.get('a')).toBe(4);
  });

  test('compareAndSet compares structure; undefined stands for absent on both sides', async () => {
    const table = grid.table(items);
    const value = { tags: new Set(['x']), at: new Date(5), list: [1, { deep: 2n }] };
    expect(await table.compareAndSet('a', undefined, value)).toBe(true);
    expect(await table.compareAndSet('a', undefined, 1)).toBe(false);
    expect(await table.compareAndSet('a', { ...value, list: [1, { deep: 3n }] }, 1)).toBe(false);
    expect(await table.get('a')).toEqual(value);
    expect(await table.compareAndSet('a', structuredClone(value), 'next')).toBe(true);
    expect(await table.compareAndSet('a', 'next', undefined)).toBe(true);
    expect(await table.has('a')).toBe(false);
    expect(await table.compareAndSet('a', undefined, undefined)).toBe(true);
    expect(await table.size()).toBe(0);
  });

  test('getAndSet answers the value before', async () => {
    const table = grid.table(items);
    expect(await table.getAndSet('a', 1)).toBeUndefined();
    expect(await table.getAndSet('a', [2])).toBe(1);
    expect(await table.get('a')).toEqual([2]);
  });

  test('increment counts numbers and bigints and leaves any other entry as it is', async () => {
    const table = grid.table(counters);
    expect(await table.increment('a')).toBe(1);
    expect(await table.increment('a', 2.5)).toBe(3.5);
    expect(await table.increment('a', -4)).toBe(-0.5);
    expect(await table.increment('b', 2, { initial: 10 })).toBe(12);
    expect(await table.increment('b', 2, { initial: 99 })).toBe(14);
    const anything = grid.table(items);
    await anything.set('big', 2n ** 70n);
    expect(await anything.increment('big', 1n)).toBe(2n ** 70n + 1n);
    expect(await anything.increment('big')).toBe(2n ** 70n + 2n);
    await anything.set('text', 'x');
    expect(await rejection(anything.increment('text'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rejection(anything.increment('big', 1))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await anything.get('text')).toBe('x');
    expect(await anything.get('big')).toBe(2n ** 70n + 2n);
  });

  test('concurrent increments all count', async () => {
    const table = grid.table(counters);
    const sums = await Promise.all(Array.from({ length: 500 }, () => table.increment('a')));
    expect(new Set(sums).size).toBe(500);
    expect(await table.get('a')).toBe(500);
  });

  test('getMany answers in the order of the keys, with holes, duplicates included', async () => {
    const table = grid.table(items);
    await table.setMany(numbered(300));
    expect(await table.getMany(['key-7', 'nobody', 'key-299', 'key-7'])).toEqual([7, undefined, 299, 7]);
    expect(await table.getMany(new Set(['key-1']))).toEqual([1]);
    expect(await table.getMany([])).toEqual([]);
  });

  test('getMany of more than one page of large values answers each', async () => {
    const table = grid.table(items);
    const keys = Array.from({ length: 40 }, (_, i) => `large-${i}`);
    await table.setMany(keys.map((key, i) => [key, { i, text: 'x'.repeat(100_000) }]));
    const values = await table.getMany(keys);
    expect(values.map((value) => (value as { i: number }).i)).toEqual(keys.map((_key, i) => i));
  });

  test('setMany takes a Map, an array, a generator; of equal keys the last wins', async () => {
    const table = grid.table(items);
    await table.setMany(new Map([['a', 1]]));
    await table.setMany([
      ['b', 2],
      ['b', 3],
    ]);
    await table.setMany(
      (function* () {
        yield ['c', 4] as const;
      })(),
    );
    await table.setMany([]);
    expect(await table.getMany(['a', 'b', 'c'])).toEqual([1, 3, 4]);
    expect(await table.size()).toBe(3);
  });

  test('setMany of a stream writes everything; the last of equal keys wins across pieces', async () => {
    const table = grid.table(items);
    const entries = numbered(5_000);
    await table.setMany(streamOf([...entries, ['key-3', 'again'] as [string, unknown]]));
    expect(await table.size()).toBe(5_000);
    expect(await table.get('key-3')).toBe('again');
    expect(await table.get('key-4999')).toBe(4_999);
  });

  test('setMany of a stream that fails rejects with its error and keeps whole pieces', async () => {
    const table = grid.table(items);
    const broken = new Error('no more');
    async function* breaks(): AsyncGenerator<[string, number], void, undefined> {
      yield* numbered(1_500);
      throw broken;
    }
    expect(await rejection(table.setMany(breaks()))).toBe(broken);
    expect(await table.size()).toBe(1_000);
  });

  test('setMany of a stream closes it when a piece is refused', async () => {
    const table = grid.table(items);
    let closed = false;
    async function* endless(): AsyncGenerator<[string, unknown], void, undefined> {
      try {
        for (let i = 0; ; i++) yield [`key-${i}`, i < 1_200 ? i : () => i];
      } finally {
        closed = true;
      }
    }
    expect(await rejection(table.setMany(endless()))).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(closed).toBe(true);
  });

  test('deleteMany answers how many were there', async () => {
    const table = grid.table(items);
    await table.setMany(numbered(20));
    expect(await table.deleteMany(['key-1', 'nobody', 'key-1', 'key-19'])).toBe(2);
    expect(await table.size()).toBe(18);
    expect(await table.deleteMany([])).toBe(0);
  });

  test('clear empties one table and no other', async () => {
    await grid.table(items).setMany(numbered(500));
    await grid.table(counters).set('stays', 1);
    await grid.table(items).clear();
    expect(await grid.table(items).size()).toBe(0);
    expect(await collect(grid.table(items).keys())).toEqual([]);
    expect(await grid.table(counters).size()).toBe(1);
    await grid.table(items).set('a', 1);
    expect(await collect(grid.table(items).entries())).toEqual([['a', 1]]);
  });

  test('keeps keys of every kind apart', async () => {
    const table = grid.table(items);
    const keys: Key[] = [
      '1',
      1,
      1n,
      true,
      ['1'],
      [1],
      [1n],
      [true],
      ['1', 1],
      '',
      ['', ''],
      '\0',
      '\0s:',
      -1.5,
      Infinity,
    ];
    await table.setMany(keys.map((key, i) => [key, i]));
    expect(await table.size()).toBe(keys.length);
    expect(await table.getMany(keys)).toEqual(keys.map((_key, i) => i));
    expect((await collect(table.entries())).sort(([, a], [, b]) => Number(a) - Number(b))).toEqual(
      keys.map((key, i) => [key, i]),
    );
    await table.set(-0, 'zero');
    expect(await table.get(0)).toBe('zero');
  });

  test('with an affinity takes tuple keys and gives them back as tuples', async () => {
    const table = grid.table(plays);
    await table.set([7, 1], { song: 'a' });
    await table.setMany([
      [[7, 2], { song: 'b' }],
      [[8, 1], { song: 'c' }],
    ]);
    expect(await table.get([7, 2])).toEqual({ song: 'b' });
    expect((await collect(table.keys())).sort(byText)).toEqual([
      [7, 1],
      [7, 2],
      [8, 1],
    ]);
    expect(await table.deleteMany([[7, 1] as const, [9, 9] as const])).toBe(1);
  });

  test.each([
    ['null', null],
    ['a string with every plane', 'a\0é漢😀'],
    ['numbers', [0, -1, 1.5, Infinity, -Infinity, 2 ** 53, 1e308]],
    ['NaN', [Number.NaN]],
    ['bigints', [0n, -1n, 2n ** 200n]],
    ['booleans', [true, false]],
    ['undefined inside', { a: undefined, list: [undefined, 1] }],
    ['a nested object', { a: { b: { c: [{ d: 'e' }] } } }],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([['x', null]])],
      ]),
    ],
    ['a Set', new Set<unknown>([1, 'a', 2n])],
    ['dates', [new Date(0), new Date(1_700_000_000_123), new Date(-1)]],
    ['a Buffer', Buffer.from([1, 2, 255])],
    [
      'typed arrays',
      [new Uint8Array([1]), new Float64Array([1.5]), new BigInt64Array([-1n]), new Int16Array([-2])],
    ],
    ['an ArrayBuffer', new Uint8Array([3, 4]).buffer],
    ['a RegExp', /a+b/giu],
    ['an empty object and array', [{}, []]],
  ])('stores and gives back %s, in and out of a transaction', async (_name, value) => {
    const table = grid.table(items);
    await table.set('a', value);
    expect(await table.get('a')).toEqual(value);
    expect(Object.getPrototypeOf((await table.get('a')) ?? 0)).toBe(Object.getPrototypeOf(value ?? 0));
    await grid.transaction((tx) => tx.table(items).set('b', value));
    expect(await table.get('b')).toEqual(value);
    expect(await grid.transaction((tx) => tx.table(items).get('a'))).toEqual(value);
    expect(await collect(table.values())).toEqual([value, value]);
  });

  test('copies what goes in and what comes out, whatever way it goes', async () => {
    const table = grid.table(items);
    const mine = { list: [1] };
    const stored = table.set('a', mine);
    mine.list.push(2);
    await stored;
    const many = table.setMany([['b', mine]]);
    mine.list.push(3);
    await many;
    const got = (await table.get('a')) as { list: number[] };
    got.list.push(9);
    const [listed] = (await table.getMany(['a'])) as { list: number[] }[];
    listed?.list.push(9);
    for await (const value of table.values()) (value as { list: number[] }).list.push(9);
    const before = (await table.getAndSet('b', mine)) as { list: number[] };
    before.list.push(9);
    expect(await table.get('a')).toEqual({ list: [1] });
    expect(before).toEqual({ list: [1, 2, 9] });
    expect(await table.get('b')).toEqual({ list: [1, 2, 3] });
  });

  test('iterates over all entries, keys and values of one moment', async () => {
    const table = grid.table(items);
    const entries = numbered(3_000);
    await table.setMany(entries);
    const iteration = table.entries();
    const first = await iteration.next();
    await table.clear();
    await table.set('later', 1);
    const seen = [first.value as [string, number]];
    for await (const entry of iteration) seen.push(entry as [string, number]);
    expect(seen.sort(byKey)).toEqual(entries.sort(byKey));
    expect(await collect(table.keys())).toEqual(['later']);
    expect(await collect(table.values())).toEqual([1]);
  });

  test('lets a thousand iterations end early, one after the other and at once', async () => {
    const table = grid.table(items);
    // More than one page in each partition, so that leaving early leaves a cursor behind to be closed.
    await table.setMany(numbered(8 * 400));
    for (let i = 0; i < 1_200; i++) {
      for await (const key of table.keys()) {
        expect(key).toMatch(/^key-/);
        break;
      }
    }
    const open = Array.from({ length: 900 }, () => table.keys());
    await Promise.all(open.map((iteration) => iteration.next()));
    await Promise.all(open.map(async (iteration) => iteration.return?.()));
    expect(await collect(table.keys())).toHaveLength(8 * 400);
  });

  test('is ended by an error in the loop as by a break', async () => {
    const table = grid.table(items);
    await table.setMany(numbered(100));
    const mine = new Error('mine');
    await expect(async () => {
      for await (const _entry of table.entries()) throw mine;
    }).rejects.toBe(mine);
    expect(await table.size()).toBe(100);
  });

  test('of one name is one table for every client', async () => {
    await grid.table(items).set('a', 1);
    expect(await grid.actor(store.clerk, 'x').store('b', 2)).toBeUndefined();
    expect(await grid.table(items).getMany(['a', 'b'])).toEqual([1, 2]);
  });
});
