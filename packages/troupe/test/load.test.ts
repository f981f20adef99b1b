/** Loads of tables from streams of items, inline and on real threads. */
import { GridClosedError, type LoadProgress } from 'troupe';
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';
import { eventually, gate, rejection, start, store, topologies } from './running-grid.ts';

const { counters, items } = store;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

async function* numbered(count: number, asked: { count: number } = { count: 0 }) {
  for (const i of range(count)) {
    asked.count++;
    yield { key: i, value: i };
  }
}

describe.each(topologies)('a load, %s,', { timeout: 30_000 }, (_, threads) => {
  test('stores and removes what comes, and tells how far it is', async () => {
    const grid = await start(threads);
    const table = grid.table(items);
    await table.setMany(range(100).map((i) => [`old ${i}`, i]));
    const seen: LoadProgress[] = [];
    async function* source() {
      for await (const item of numbered(5_000)) yield item;
      for (const i of range(100)) yield { key: `old ${i}`, delete: true } as const;
      yield { key: 'was never there', delete: true } as const;
    }
    const result = await table.load(source(), { onProgress: (progress) => seen.push(progress) });
    expect(result).toEqual({ written: 5_101, failed: [], failedCount: 0 });
    expect(await table.size()).toBe(5_000);
    expect(await table.get(4_321)).toBe(4_321);
    expect(seen.at(-1)).toEqual({ written: 5_101, failed: 0 });
    expect(seen.length).toBeGreaterThan(5_101 / 512);
  });

  test('lets the last item of a key win, in one page and over several', async () => {
    const grid = await start(threads, { partitions: 2 });
    const table = grid.table(counters);
    const rounds = range(400).flatMap((round) =>
      ['a', 'b', 'c', 'd'].map((key) =>
        round % 2 === 0 ? { key, value: round } : ({ key, delete: true } as const),
      ),
    );
    for (const pageSize of [1, 7, 512]) {
      const ends = ['a', 'b'].map((key) => ({ key, value: -pageSize }));
      await table.load([...rounds, ...ends], { pageSize });
      expect(await table.getMany(['a', 'b', 'c', 'd'])).toEqual([-pageSize, -pageSize, undefined, undefined]);
    }
  });

  test('reports items that are wrong, and stores the others', async () => {
    const grid = await start(threads);
    const wrong = [
      undefined,
      ['a', 1],
      {},
      { key: {}, value: 1 },
      { key: 'a' },
      { key: 'a', value: undefined },
      { key: 'a', value: 1, delete: true },
      { key: 'a', delete: 'yes' },
      { key: 'a', value: () => 0 },
      { key: 'a', valu: 1 },
    ];
    const source = [{ key: 'first', value: 1 }, ...wrong, { key: 'last', value: 2 }];
    const result = await grid.table(items).load(source as never);
    expect(result).toMatchObject({ written: 2, failedCount: wrong.length });
    expect(result.failed.map(({ item }) => item)).toEqual(wrong);
    const codes = result.failed.map(({ error }) => (error as { code: string }).code);
    expect(new Set(codes)).toEqual(new Set(['INVALID_ARGUMENT', 'VALUE_NOT_SUPPORTED']));
    expect(await grid.table(items).getMany(['first', 'last'])).toEqual([1, 2]);
  });

  test('keeps the first thousand failed items and counts the others', async () => {
    const grid = await start(threads);
    const result = await grid.table(items).load(range(1_500) as never);
    expect(result).toMatchObject({ written: 0, failedCount: 1_500 });
    expect(result.failed).toHaveLength(1_000);
  });

  test('rejects with what its source throws; what was written stays', async () => {
    const grid = await start(threads, { partitions: 1 });
    async function* breaks() {
      yield* numbered(10);
      throw new RangeError('the file ends here');
    }
    const error = await rejection(grid.table(items).load(breaks(), { pageSize: 4 }));
    expect(error).toMatchObject({ name: 'RangeError', message: 'the file ends here' });
    expect(await grid.table(items).size()).toBe(8);
  });

  test('rejects with what onProgress throws, and lets the source go', async () => {
    const grid = await start(threads, { partitions: 1 });
    let left = false;
    async function* endless() {
      try {
        for (let i = 0; ; i++) yield { key: i % 100, value: i };
      } finally {
        left = true;
      }
    }
    const onProgress = (): never => {
      throw new RangeError('seen enough');
    };
    expect(await rejection(grid.table(items).load(endless(), { onProgress }))).toMatchObject({
      message: 'seen enough',
    });
    await eventually(() => Promise.resolve(expect(left).toBe(true)));
  });

  test('ends with its signal, also while its source keeps it waiting', async () => {
    const grid = await start(threads);
    const controller = new AbortController();
    const waits = gate();
    async function* stalls() {
      yield { key: 'a', value: 1 };
      waits.open();
      await new Promise(() => undefined);
    }
    const loading = grid.table(items).load(stalls(), { signal: controller.signal });
    await waits.opened;
    controller.abort('enough');
    expect(await loading.catch((reason: unknown) => reason)).toBe('enough');
    const late = grid.table(items).load(numbered(1), { signal: controller.signal });
    expect(await late.catch((reason: unknown) => reason)).toBe('enough');
    expect(await grid.table(items).size()).toBe(0);
  });

  test('obeys locks, and asks its source for no more than it has room for', async () => {
    const grid = await start(threads, { partitions: 2 });
    const locked = gate();
    const unlock = gate();
    const holder = grid.transaction(
      async () => {
        locked.open();
        await unlock.opened;
      },
      { keys: 'all' },
    );
    await locked.opened;
    const asked = { count: 0 };
    const loading = grid.table(items).load(numbered(5_000, asked), { pageSize: 10, parallelPages: 1 });
    // Both partitions have a page that waits for the lock, and less than two more collected.
    let before = -1;
    while (before !== asked.count) {
      before = asked.count;
      for (const _turn of range(50)) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked.count).toBeGreaterThanOrEqual(20);
    expect(asked.count).toBeLessThanOrEqual(40);
    unlock.open();
    await holder;
    expect(await loading).toMatchObject({ written: 5_000, failedCount: 0 });
    expect(await grid.table(items).size()).toBe(5_000);
  });

  test('reports the items of a page that finds no lock in time', async () => {
    const grid = await start(threads, { partitions: 1 });
    const locked = gate();
    const unlock = gate();
    const holder = grid.transaction(
      async () => {
        locked.open();
        await unlock.opened;
      },
      { keys: [items.key(3)] },
    );
    await locked.opened;
    const options = { pageSize: 2, timeoutMs: 50, retries: 0 };
    const result = await grid.table(items).load(numbered(6), options);
    unlock.open();
    await holder;
    expect(result).toMatchObject({ written: 4, failedCount: 2 });
    expect(result.failed.map(({ item }) => item)).toEqual([
      { key: 2, value: 2 },
      { key: 3, value: 3 },
    ]);
    expect(await grid.table(items).size()).toBe(4);
  });

  test('is no part of a transaction', async () => {
    const grid = await start(threads);
    for (const via of ['grid', 'tx'] as const) {
      const error = await rejection(
        grid.transaction((tx) => (via === 'tx' ? tx : grid).table(items).load([{ key: 1, value: 1 }])),
      );
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { argument: 'source' } });
    }
  });

  test('ends when the grid is closed', async () => {
    const grid = await start(threads);
    const begun = gate();
    async function* endless() {
      for (let i = 0; ; i++) {
        if (i === 5_000) begun.open();
        if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
        yield { key: i % 1_000, value: i };
      }
    }
    const loading = grid.table(items).load(endless(), { pageSize: 10 });
    loading.catch(() => undefined);
    await begun.opened;
    await grid.close({ timeoutMs: 100 });
    expect(await rejection(loading)).toBeInstanceOf(GridClosedError);
  });
});

test('a load whose host dies sends its pages again, and fails none', { timeout: 30_000 }, async () => {
  const grid = await start(2);
  let killed: Promise<void> | undefined;
  const lost: number[] = [];
  grid.on('partitionsLost', ({ host }) => lost.push(host));
  const onProgress = ({ written }: LoadProgress): void => {
    if (written > 1_000) killed ??= grid.terminateHost(1);
  };
  const result = await grid.table(items).load(numbered(20_000), { pageSize: 50, onProgress, retries: 20 });
  await killed;
  expect(lost).toEqual([1]);
  expect(result).toEqual({ written: 20_000, failed: [], failedCount: 0 });
  // Only what was written before the death is gone with its partitions.
  const size = await grid.table(items).size();
  expect(size).toBeGreaterThan(10_000);
  expect(size).toBeLessThan(20_000);
});

test('200,000 items are loaded in constant memory of the caller', { timeout: 60_000 }, async () => {
  const printed = await runProgram('load-items.mjs', {
    args: [200_000],
    nodeArgs: ['--expose-gc'],
    timeoutMs: 60_000,
  });
  const { growthMb, ...rest } = JSON.parse(printed) as { growthMb: number };
  expect(rest).toEqual({ written: 200_000, failedCount: 0, size: 200_000 });
  expect(growthMb).toBeLessThan(30);
});
