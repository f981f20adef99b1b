// Loads over links in memory: what reaches which partition, what is sent again, what a receiver gets.
import { job, receiver } from '@troupe/compute';
import { type LoadItem, table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, gate, rejectionOf, until } from './compute-grid.ts';

const counts = table<string, number>('counts');
const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);

const adds = receiver('adds', {
  async receive(ctx, items: readonly LoadItem<string, number>[], args: { times: number }) {
    for (const { key, value = 0 } of items) await ctx.table(counts).increment(key, value * args.times);
  },
});

// Never called: only its types matter.
export async function uses(grid: ComputeGrid): Promise<void> {
  const into = grid.client.table(counts);
  await into.load([{ key: 'a', value: 1 }]);
  await into.load([{ key: 'a', delete: true }], { pageSize: 3 });
  await into.load([{ key: 'a', value: 1 }], { receiver: adds, args: { times: 1 } });
  // @ts-expect-error: not what the receiver takes
  await into.load([{ key: 'a', value: 'one' }], { receiver: adds, args: { times: 1 } });
  // @ts-expect-error: not its arguments
  await into.load([{ key: 'a', value: 1 }], { receiver: adds, args: { time: 1 } });
  // @ts-expect-error: not what the table holds
  await into.load([{ key: 'a', value: 'one' }]);
}

describe.each([0, 2])('a load with a receiver over %i hosts', (hosts) => {
  test('hands each page to its partition, where it merges the items', async () => {
    const places: unknown[] = [];
    const merges = receiver('merges', {
      async receive(ctx, items: readonly LoadItem<string, number>[], times: number) {
        places.push([ctx.host, ctx.partition]);
        for (const { key, value = 0 } of items) {
          // Everything of the page is here.
          const current = ctx.local(counts).get(key) ?? 0;
          await ctx.table(counts).set(key, current + value * times);
        }
      },
    });
    const grid = new ComputeGrid([counts, merges], { hosts, partitions: 4 });
    const source = [...keys, ...keys].map((key) => ({ key, value: 2 }));
    const result = await grid.client.table(counts).load(source, { receiver: merges, args: 10, pageSize: 7 });
    expect(result).toEqual({ written: 80, failed: [], failedCount: 0 });
    expect(await grid.client.table(counts).getMany(keys)).toEqual(keys.map(() => 40));
    expect(places.length).toBeGreaterThanOrEqual(80 / 7);
    expect(
      places.every((place) => hosts === 0 || Number((place as number[])[1]) % 2 === (place as number[])[0]),
    ).toBe(true);
  });

  test('reports the items of a page that it refuses, once, and goes on', async () => {
    let pages = 0;
    const picky = receiver('picky', {
      receive(_ctx, items: readonly LoadItem<string, number>[]) {
        pages++;
        if (items.some(({ key }) => key === 'key 7')) throw new RangeError('not key 7');
      },
    });
    const grid = new ComputeGrid([counts, picky], { hosts, partitions: 4 });
    const source = keys.map((key) => ({ key, value: 1 }));
    const result = await grid.client.table(counts).load(source, { receiver: picky, pageSize: 1 });
    expect(result).toMatchObject({
      written: 39,
      failed: [{ item: { key: 'key 7', value: 1 }, error: { name: 'RangeError', message: 'not key 7' } }],
    });
    expect(pages).toBe(40);
  });

  test('refuses a receiver that is none, that the grid does not have, and args for nobody', async () => {
    const unknown = receiver('unknown', { receive: () => undefined });
    const grid = new ComputeGrid([counts, adds], { hosts });
    const into = grid.client.table(counts);
    const wrong: [object, object][] = [
      [{ receiver: 'adds' }, { code: 'INVALID_ARGUMENT', details: { argument: 'receiver' } }],
      [{ receiver: counts }, { code: 'INVALID_ARGUMENT', details: { argument: 'receiver' } }],
      [{ receiver: unknown }, { code: 'DEFINITION_MISSING' }],
      [{ args: 1 }, { code: 'INVALID_ARGUMENT', details: { argument: 'args' } }],
      [{ receiver: adds, args: () => 0 }, { code: 'VALUE_NOT_SUPPORTED' }],
      [{ pageSize: 0 }, { code: 'INVALID_ARGUMENT', details: { argument: 'pageSize' } }],
      [{ parallelPages: 0 }, { code: 'INVALID_ARGUMENT', details: { argument: 'parallelPages' } }],
      [{ retries: -1 }, { code: 'INVALID_ARGUMENT', details: { argument: 'retries' } }],
      [{ onProgress: 1 }, { code: 'INVALID_ARGUMENT', details: { argument: 'onProgress' } }],
      [{ pagesize: 1 }, { code: 'INVALID_ARGUMENT', details: { argument: 'options' } }],
    ];
    for (const [options, expected] of wrong) {
      expect(await rejectionOf(into.load([], options as never)), Object.keys(options)[0]).toMatchObject(
        expected,
      );
    }
    expect(await rejectionOf(into.load('abc' as never))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { argument: 'source' },
    });
    expect(() => receiver('wrong', {} as never)).toThrow('receive must be a function');
  });
});

test('a page whose host dies is received by its successor', async () => {
  const received: string[] = [];
  const stuck = gate();
  const slow = receiver('slow', {
    async receive(ctx, items: readonly LoadItem<string, number>[]) {
      received.push(`${ctx.attempt}: ${items.length}`);
      if (ctx.attempt === 1) await stuck.opened;
    },
  });
  const grid = new ComputeGrid([counts, slow], { hosts: 1, partitions: 1 });
  const loading = grid.client.table(counts).load([{ key: 'a', value: 1 }], { receiver: slow });
  await until(() => received.length === 1);
  grid.lose(0);
  grid.replace(0);
  expect(await loading).toEqual({ written: 1, failed: [], failedCount: 0 });
  expect(received).toEqual(['1: 1', '2: 1']);
});

test('a job that takes pages is a receiver, too', async () => {
  const seen: unknown[] = [];
  const takes = job('takes', {
    run: (_ctx, page: { items: readonly LoadItem<string, string>[]; args: undefined }) =>
      void seen.push(...page.items),
  });
  const grid = new ComputeGrid([counts, takes], { hosts: 0 });
  await grid.client.table(counts).load(
    [
      { key: 'a', value: 'one' },
      { key: 'b', delete: true },
    ],
    { receiver: takes },
  );
  expect(seen).toHaveLength(2);
});
