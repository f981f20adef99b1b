import { count, distinct, groupBy, type JobContext, mapReduce, sorted, topK } from '@troupe/compute';
import { table } from '@troupe/core';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ComputeGrid, rejectionOf } from './compute-grid.ts';

interface Sale {
  readonly shop: string;
  readonly amount: number;
}

const sales = table<number, Sale>('sales');

const entries = Array.from({ length: 200 }, (_, i): [number, Sale] => [
  i,
  { shop: `shop ${i % 7}`, amount: (i * 37) % 101 },
]);
const allSales = entries.map(([, sale]) => sale);

const amounts = (ctx: JobContext) => [...ctx.local(sales).values()].map(({ amount }) => amount);

const howMany = mapReduce(
  'howMany',
  count({
    *items(ctx, { above }: { above: number }) {
      for (const sale of ctx.local(sales).values()) if (sale.amount > above) yield sale;
    },
  }),
);
const shops = mapReduce('shops', distinct({ items: shopNames }));
const onePerShop = mapReduce(
  'onePerShop',
  distinct({ items: (ctx) => ctx.local(sales).values(), by: ({ shop }) => shop }),
);
const revenue = mapReduce(
  'revenue',
  groupBy({
    items: (ctx) => ctx.local(sales).values(),
    key: ({ shop }) => shop,
    initial: () => 0,
    add: (sum, { amount }) => sum + amount,
    merge: (a, b) => a + b,
  }),
);
const inOrder = mapReduce('inOrder', sorted({ items: amounts, compare: (a, b) => a - b }));
const best = mapReduce(
  'best',
  topK({
    items: (ctx) => amounts(ctx),
    compare: (a, b) => b - a,
    k: ({ k }: { k: number }) => k,
  }),
);
const bestThree = mapReduce('bestThree', topK({ items: amounts, compare: (a, b) => b - a, k: 3 }));

/** Asynchronous, as one that gives way would be. */
async function* shopNames(ctx: JobContext): AsyncGenerator<string> {
  for (const { shop } of ctx.local(sales).values()) {
    await Promise.resolve();
    yield shop;
  }
}

const definitions = [sales, howMany, shops, onePerShop, revenue, inOrder, best, bestThree];

async function filledGrid(hosts: number): Promise<ComputeGrid> {
  const grid = new ComputeGrid(definitions, { hosts, partitions: 16 });
  await Promise.all(entries.map(([key, sale]) => grid.client.table(sales).set(key, sale)));
  return grid;
}

describe.each([0, 1, 3])('over %i hosts', (hosts) => {
  test('count answers how many items there are', async () => {
    const { compute } = await filledGrid(hosts);
    expect(await compute.run(howMany, { above: 50 }, { over: sales })).toBe(
      allSales.filter(({ amount }) => amount > 50).length,
    );
    expect(await compute.run(howMany, { above: 1_000 }, { over: sales })).toBe(0);
  });

  test('distinct answers each once, of asynchronous items, too', async () => {
    const { compute } = await filledGrid(hosts);
    const names = [...new Set(allSales.map(({ shop }) => shop))].sort();
    expect((await compute.run(shops, undefined, { over: sales })).sort()).toEqual(names);
    const found = await compute.run(onePerShop, undefined, { over: sales });
    expect(found.map(({ shop }) => shop).sort()).toEqual(names);
  });

  test('groupBy adds up each group', async () => {
    const { compute } = await filledGrid(hosts);
    const expected = new Map<string, number>();
    for (const { shop, amount } of allSales) expected.set(shop, (expected.get(shop) ?? 0) + amount);
    const found = await compute.run(revenue, undefined, { over: sales });
    expectTypeOf(found).toEqualTypeOf<Map<string, number>>();
    expect(found).toEqual(expected);
  });

  test('sorted answers everything in order', async () => {
    const { compute } = await filledGrid(hosts);
    expect(await compute.run(inOrder, undefined, { over: sales })).toEqual(
      allSales.map(({ amount }) => amount).sort((a, b) => a - b),
    );
  });

  test('topK answers the first k in order, from the definition or from the arguments', async () => {
    const { compute } = await filledGrid(hosts);
    const greatest = allSales.map(({ amount }) => amount).sort((a, b) => b - a);
    expect(await compute.run(bestThree, undefined, { over: sales })).toEqual(greatest.slice(0, 3));
    for (const k of [0, 1, 10, 1_000]) {
      expect(await compute.run(best, { k }, { over: sales })).toEqual(greatest.slice(0, k));
    }
  });
});

describe('ready-made map-reduces', () => {
  test('answer sensibly for an empty table', async () => {
    const { compute } = new ComputeGrid(definitions, { hosts: 2, partitions: 4 });
    expect(await compute.run(howMany, { above: 0 }, { over: sales })).toBe(0);
    expect(await compute.run(shops, undefined, { over: sales })).toEqual([]);
    expect(await compute.run(revenue, undefined, { over: sales })).toEqual(new Map());
    expect(await compute.run(inOrder, undefined, { over: sales })).toEqual([]);
    expect(await compute.run(bestThree, undefined, { over: sales })).toEqual([]);
  });

  test('say what is wrong with their options', async () => {
    expect(() => count({ items: 7 as never })).toThrow(/items must be a function/);
    expect(() => topK({ items: amounts, compare: (a, b) => a - b, k: -1 })).toThrow(
      /k must be a whole number from 0, got -1/,
    );
    expect(() =>
      groupBy({ items: amounts, key: String, initial: () => 0, merge: (a: number) => a } as never),
    ).toThrow(/add must be a function/);
    const grid = await filledGrid(1);
    expect(await rejectionOf(grid.compute.run(best, { k: 1.5 }, { over: sales }))).toMatchObject({
      message: expect.stringMatching(/k must be a whole number/),
    });
    const badGroups = mapReduce(
      'badGroups',
      distinct({ items: (ctx) => ctx.local(sales).values(), by: (sale) => sale as never }),
    );
    const other = new ComputeGrid([sales, badGroups], { hosts: 1 });
    await other.client.table(sales).set(1, { shop: 's', amount: 1 });
    expect(await rejectionOf(other.compute.run(badGroups, undefined, { over: sales }))).toMatchObject({
      message: expect.stringMatching(/by must be a function that answers a string/),
    });
  });

  test('keep the earlier of equal items first', async () => {
    const byShop = mapReduce(
      'byShop',
      topK({
        items: (ctx) => ctx.local(sales).entries(),
        compare: ([, a], [, b]) => a.amount - b.amount,
        k: 4,
      }),
    );
    const grid = new ComputeGrid([sales, byShop], { hosts: 1, partitions: 1 });
    for (const key of [5, 1, 4, 2]) await grid.client.table(sales).set(key, { shop: 's', amount: 1 });
    const found = await grid.compute.run(byShop, undefined, { over: sales });
    expect(found.map(([key]) => key)).toEqual([5, 1, 4, 2]);
  });
});
