import { job, mapReduce } from '@troupe/compute';
import { table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, gate, rejectionOf, until } from './compute-grid.ts';

interface Sale {
  readonly shop: string;
  readonly amount: number;
}

const sales = table<number, Sale>('sales');

const perShop = mapReduce('perShop', {
  map(ctx, { above }: { above: number }) {
    const sums = new Map<string, number>();
    for (const { shop, amount } of ctx.local(sales).values()) {
      if (amount > above) sums.set(shop, (sums.get(shop) ?? 0) + amount);
    }
    return sums;
  },
  combine: addAll,
  reduce: (parts) =>
    [...parts.reduce(addAll, new Map<string, number>())].sort(([a], [b]) => (a < b ? -1 : 1)),
});
const partitionIds = mapReduce('partitionIds', {
  map: (ctx) => Promise.resolve(ctx.partition),
  reduce: (parts) => parts,
});

function addAll(a: Map<string, number>, b: Map<string, number>): Map<string, number> {
  for (const [shop, amount] of b) a.set(shop, (a.get(shop) ?? 0) + amount);
  return a;
}

async function sell(grid: ComputeGrid, count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, i) => i);
  await Promise.all(all.map((i) => grid.client.table(sales).set(i, { shop: `shop ${i % 3}`, amount: i })));
}

describe.each([0, 1, 3])('a map-reduce over %i hosts', (hosts) => {
  test('answers what a walk over the whole table would', async () => {
    const grid = new ComputeGrid([sales, perShop], { hosts, partitions: 32 });
    await sell(grid, 100);
    const expected = [0, 1, 2].map((shop) => {
      const amounts = Array.from({ length: 100 }, (_, i) => i).filter((i) => i % 3 === shop && i > 10);
      return [`shop ${shop}`, amounts.reduce((a, b) => a + b, 0)];
    });
    expect(await grid.compute.run(perShop, { above: 10 }, { over: sales })).toEqual(expected);
  });

  test('without combine reduces one part for each partition, in their order', async () => {
    const grid = new ComputeGrid([sales, partitionIds], { hosts, partitions: 10 });
    expect(await grid.compute.run(partitionIds, undefined, { over: sales })).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });
});

describe('a map-reduce', () => {
  test('combines on each host, in the order of its partitions, so that each sends one part', async () => {
    let combined = 0;
    const trail = mapReduce('trail', {
      map: (ctx) => [[ctx.host, ctx.partition]],
      combine(a, b) {
        combined++;
        return [...a, ...b];
      },
      reduce: (parts) => parts,
    });
    const grid = new ComputeGrid([sales, trail], { hosts: 2, partitions: 6 });
    const parts = await grid.compute.run(trail, undefined, { over: sales });
    expect(parts).toEqual([
      [
        [0, 0],
        [0, 2],
        [0, 4],
      ],
      [
        [1, 1],
        [1, 3],
        [1, 5],
      ],
    ]);
    expect(combined).toBe(4);
  });

  test('may combine and reduce asynchronously', async () => {
    const total = mapReduce('total', {
      map: (ctx) => Promise.resolve(ctx.local(sales).size),
      combine: (a, b) => Promise.resolve(a + b),
      reduce: (parts) => Promise.resolve(parts.reduce((a, b) => a + b, 0)),
    });
    const grid = new ComputeGrid([sales, total], { hosts: 2, partitions: 6 });
    await sell(grid, 20);
    expect(await grid.compute.run(total, undefined, { over: sales })).toBe(20);
  });

  test('gives each partition arguments of its own', async () => {
    const greedy = mapReduce('greedy', {
      map: (_ctx, list: number[]) => list.splice(0).length,
      reduce: (parts) => parts,
    });
    const grid = new ComputeGrid([sales, greedy], { hosts: 0, partitions: 4 });
    expect(await grid.compute.run(greedy, [1, 2], { over: sales })).toEqual([2, 2, 2, 2]);
  });

  test('fails with the error of a part, and the other parts are told to stop', async () => {
    const mapped: (number | undefined)[] = [];
    const failed = gate();
    const picky = mapReduce('picky', {
      async map(ctx) {
        mapped.push(ctx.partition);
        if (ctx.partition === 0) throw new RangeError('not 0');
        if (ctx.partition === 1) await failed.opened;
      },
      reduce: () => 0,
    });
    const grid = new ComputeGrid([sales, picky], { hosts: 2, partitions: 4 });
    expect(await rejectionOf(grid.compute.run(picky, undefined, { over: sales }))).toBeInstanceOf(RangeError);
    const other = grid.host(1);
    // The cancellation is behind the request; an answer to a later request says that it has arrived.
    await grid.client.table(sales).size();
    failed.open();
    await other.compute.idle();
    expect(mapped).toEqual([0, 1]);
  });

  test('runs only the part of a lost host again', async () => {
    const mapped: string[] = [];
    const stuck = gate();
    const parts = mapReduce('parts', {
      async map(ctx) {
        mapped.push(`${ctx.host}.${ctx.attempt}`);
        if (ctx.host === 1 && ctx.attempt === 1) await stuck.opened;
        return ctx.attempt;
      },
      combine: (a, b) => Math.max(a, b),
      reduce: (attempts) => attempts,
    });
    const grid = new ComputeGrid([sales, parts], { hosts: 2, partitions: 2 });
    const running = grid.compute.run(parts, undefined, { over: sales });
    await until(() => mapped.length === 2);
    grid.lose(1);
    grid.replace(1);
    expect(await running).toEqual([1, 2]);
    expect(mapped.sort()).toEqual(['0.1', '1.1', '1.2']);
  });

  test('can be submitted and canceled', async () => {
    const begun: AbortSignal[] = [];
    const holds = mapReduce('holds', {
      async map(ctx) {
        begun.push(ctx.signal);
        await new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve()));
      },
      reduce: (parts) => parts.length,
    });
    const grid = new ComputeGrid([sales, holds], { hosts: 2, partitions: 4 });
    const execution = grid.compute.submit(holds, undefined, { over: sales });
    await until(() => execution.state === 'executing' && begun.length === 2);
    execution.cancel();
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    await Promise.all([grid.host(0).compute.idle(), grid.host(1).compute.idle()]);
    expect(begun).toHaveLength(2);
    expect(begun.every(({ aborted }) => aborted)).toBe(true);
  });

  test('lets other work of the thread go on between its partitions', async () => {
    const order: string[] = [];
    const slow = mapReduce('slow', {
      map(ctx) {
        const endMs = performance.now() + 3;
        while (performance.now() < endMs);
        order.push(`map ${ctx.partition}`);
      },
      reduce: () => undefined,
    });
    const note = job('note', { run: () => void order.push('job') });
    const grid = new ComputeGrid([sales, slow, note], { hosts: 0, partitions: 4 });
    const running = grid.compute.run(slow, undefined, { over: sales });
    await grid.compute.run(note, undefined, { at: sales.key(1) });
    await running;
    expect(order.indexOf('job')).toBeLessThan(4);
  });
});
