/** What is wrong around the end of a transaction is told with how it ended, does nothing, and leaves no lock behind. */
import {
  type CallOptions,
  type ExplicitTransaction,
  type Grid,
  startGrid,
  type Table,
  type Transaction,
  TroupeError,
} from 'troupe';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { collect, rejection, store, storeUrl, topologies } from './running-grid.ts';

const { counters, items } = store;
const spread = Array.from({ length: 12 }, (_, i) => `spread-${i}`);
type Items = Table<(typeof items)['key'] extends (key: infer K) => unknown ? K : never, unknown>;

/** Every operation that a table has. */
const operations: readonly (readonly [string, (table: Items) => Promise<unknown>])[] = [
  ['get', (table) => table.get('a')],
  ['has', (table) => table.has('a')],
  ['set', (table) => table.set('a', 1)],
  ['insert', (table) => table.insert('a', 1)],
  ['replace', (table) => table.replace('a', 1)],
  ['delete', (table) => table.delete('a')],
  ['take', (table) => table.take('a')],
  ['getAndSet', (table) => table.getAndSet('a', 1)],
  ['compareAndSet', (table) => table.compareAndSet('a', 1, 2)],
  ['increment', (table) => table.increment('a')],
  ['getMany', (table) => table.getMany(['a', 'b'])],
  ['setMany', (table) => table.setMany([['a', 1]])],
  ['deleteMany', (table) => table.deleteMany(['a'])],
  ['clear', (table) => table.clear()],
  ['size', (table) => table.size()],
  ['entries', (table) => collect(table.entries())],
  ['keys', (table) => collect(table.keys())],
  ['values', (table) => collect(table.values())],
];

/** The ways a transaction may end, and what is said of it afterwards. */
const ends: readonly (readonly [
  string,
  RegExp,
  string | undefined,
  (grid: Grid) => Promise<ExplicitTransaction>,
])[] = [
  [
    'committed',
    /has been committed/,
    undefined,
    async (grid) => {
      const tx = await grid.begin();
      await tx.table(items).get('other');
      await tx.commit();
      return tx;
    },
  ],
  [
    'rolled back',
    /has ended/,
    'user',
    async (grid) => {
      const tx = await grid.begin();
      await tx.table(items).getAndSet('other', 1);
      await tx.rollback();
      return tx;
    },
  ],
  [
    'past its deadline',
    /did not finish in time/,
    'timeout',
    async (grid) => {
      const holder = await grid.begin();
      await holder.table(items).getAndSet('held', 1);
      const tx = await grid.begin({ timeoutMs: 5 });
      // Waits for the lock, so until the deadline.
      await rejection(tx.table(items).getAndSet('held', 2));
      await holder.rollback();
      return tx;
    },
  ],
  [
    'told to stop by its signal',
    /has ended/,
    'user',
    async (grid) => {
      const controller = new AbortController();
      const tx = await grid.begin({ signal: controller.signal });
      await tx.table(items).getAndSet('other', 1);
      controller.abort(new Error('enough'));
      return tx;
    },
  ],
  [
    'wounded',
    /older transaction/,
    'wounded',
    async (grid) => {
      const older = await grid.begin();
      const tx = await grid.begin();
      await tx.table(items).getAndSet('other', 1);
      await older.table(items).get('other');
      await older.rollback();
      return tx;
    },
  ],
  [
    'ended by an operation that failed',
    /has ended/,
    'user',
    async (grid) => {
      await grid.table(items).set('text', 'x');
      const tx = await grid.begin();
      await rejection(tx.table(items).increment('text'));
      await grid.table(items).delete('text');
      return tx;
    },
  ],
];

describe.each(topologies)('around its end, %s,', { timeout: 30_000 }, (_, threads) => {
  let grid: Grid;
  beforeAll(async () => {
    grid = await startGrid({ modules: [storeUrl], threads, partitions: 4 });
  });
  afterAll(() => grid.close({ timeoutMs: 1 }));
  /** Nobody holds or waits for anything: the whole grid can be locked at once. */
  afterEach(async () => {
    const all = await grid.transaction((tx) => tx.table(items).size(), { keys: 'all', timeoutMs: 4_000 });
    expect(all).toBeTypeOf('number');
    await grid.table(items).clear();
  });

  test.each(ends)(
    'a transaction that was %s says so to every operation and to commit(), and does nothing more',
    async (_how, says, reason, end) => {
      const tx = await end(grid);
      const before = await collect(grid.table(items).entries());
      const calls: [string, () => Promise<unknown>][] = [
        ...operations.map(([name, call]): [string, () => Promise<unknown>] => [
          name,
          () => call(tx.table(items)),
        ]),
        ['transaction', () => tx.transaction(() => 1)],
        ['transaction with keys', () => tx.transaction(() => 1, { keys: [items.key('a')] })],
        ['commit', () => tx.commit()],
        ['commit again', () => tx.commit()],
      ];
      for (const [name, call] of calls) {
        const error = await rejection(call());
        expect(error, name).toBeInstanceOf(TroupeError);
        expect(error, name).toMatchObject({ code: 'TRANSACTION_FINISHED', message: says });
        if (reason !== undefined) expect(error, name).toMatchObject({ details: { reason } });
      }
      await tx.rollback();
      await tx.rollback();
      await tx[Symbol.asyncDispose]();
      expect(await collect(grid.table(items).entries())).toEqual(before);
    },
  );

  test('what a body leaks joins nothing later, whether it committed, threw or was stopped', async () => {
    const leaks: Transaction[] = [];
    const leak = (tx: Transaction): void => void leaks.push(tx);
    await grid.transaction(leak);
    await rejection(
      grid.transaction((tx) => {
        leak(tx);
        throw new Error('thrown by the body');
      }),
    );
    await rejection(
      grid.transaction(
        async (tx) => {
          leak(tx);
          await new Promise(() => undefined);
        },
        { timeoutMs: 5 },
      ),
    );
    await grid.transaction(leak, { readOnly: true });
    expect(leaks).toHaveLength(4);
    for (const tx of leaks)
      for (const [name, call] of operations)
        expect(await rejection(call(tx.table(items))), name).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    expect(await grid.table(items).size()).toBe(0);
  });

  test('a rollback after the commit takes nothing back', async () => {
    const tx = await grid.begin();
    await tx.table(items).set('a', 1);
    await tx.commit();
    await tx.rollback();
    expect(await grid.table(items).get('a')).toBe(1);
  });

  test('a body may run its operations in parallel: all of them count', async () => {
    await grid.transaction(async (tx) => {
      const table = tx.table(counters);
      const sums = await Promise.all([...spread, ...spread].map((key) => table.increment(key)));
      expect(sums.toSorted((a, b) => a - b)).toEqual([...spread.map(() => 1), ...spread.map(() => 2)]);
      const [size, values, all] = await Promise.all([
        table.size(),
        table.getMany(spread),
        collect(table.entries()),
      ]);
      expect([size, values, all.length]).toEqual([12, spread.map(() => 2), 12]);
    });
    expect(await grid.table(counters).getMany(spread)).toEqual(spread.map(() => 2));
    await grid.table(counters).clear();
  });

  test('parallel operations of which one fails end the transaction, and all of them end', async () => {
    await grid.table(items).set('text', 'x');
    const outcomes: PromiseSettledResult<unknown>[] = [];
    const run = grid.transaction(async (tx) => {
      const table = tx.table(items);
      outcomes.push(
        ...(await Promise.allSettled([
          table.getMany(spread),
          table.increment('text'),
          table.getAndSet('a', 1),
          table.size(),
        ])),
      );
    });
    expect(await rejection(run)).toMatchObject({ code: 'TRANSACTION_ABORTED', details: { reason: 'user' } });
    expect(outcomes).toHaveLength(4);
    expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code: 'INVALID_ARGUMENT' } });
    expect(await collect(grid.table(items).entries())).toEqual([['text', 'x']]);
  });

  test.each<[string, (grid: Grid) => Promise<unknown>]>([
    [
      'with declared keys',
      (of) => of.transaction(never, { timeoutMs: 5, keys: spread.map((key) => items.key(key)) }),
    ],
    ["with keys: 'all'", (of) => of.transaction(never, { timeoutMs: 5, keys: 'all' })],
    [
      'in the midst of its operations',
      (of) =>
        of.transaction(
          async (tx) => {
            await tx.table(items).getMany(spread);
            await tx.table(items).setMany(spread.map((key) => [key, 1]));
            await never();
          },
          { timeoutMs: 5 },
        ),
    ],
    ['in a nested one', (of) => of.transaction((tx) => tx.transaction(never), { timeoutMs: 5 })],
    ['bounded by a nested one', (of) => of.transaction((tx) => tx.transaction(never, { timeoutMs: 5 }))],
    ['read-only', (of) => of.transaction(never, { timeoutMs: 5, readOnly: true })],
  ])('a body that never ends %s is ended by its deadline', async (_where, run) => {
    expect(await rejection(run(grid))).toMatchObject({
      code: expect.stringMatching(/^(TRANSACTION_ABORTED|TIMEOUT)$/) as string,
    });
    expect(await grid.table(items).size()).toBe(0);
  });

  test('a signal that is aborted from the start reaches nobody, whatever is called', async () => {
    const reason = new Error('never mind');
    const options = { signal: AbortSignal.abort(reason) };
    let ran = 0;
    const calls = [
      () => grid.runWith(store.keeps, ['a', { list: [] }], options),
      () =>
        grid.compute.run(store.pays, { from: 'a', to: 'b', amount: 1 }, { ...options, at: items.key('a') }),
      () => grid.transaction(() => ran++, { ...options, keys: 'all' }),
      () => grid.table(items).insert('a', 1, options),
      () => grid.table(items).delete('a', options),
      () => grid.table(items).take('a', options),
      () => grid.table(items).replace('a', 1, options),
      () => grid.table(items).getAndSet('a', 1, options),
      () => grid.table(items).compareAndSet('a', undefined, 1, options),
      () => grid.table(counters).increment('a', 1, options),
    ];
    for (const call of calls) expect(await rejection(call()), String(call)).toBe(reason);
    expect(ran).toBe(0);
    expect(await Promise.all([grid.table(items).size(), grid.table(counters).size()])).toEqual([0, 0]);
  });

  /** For nobody knows what the body would do next. */
  test.each<[string, (tx: Transaction, options: CallOptions, body: () => void) => Promise<unknown>]>([
    ['get', (tx, options) => tx.table(items).get('b', options)],
    ['getMany', (tx, options) => tx.table(items).getMany(spread, options)],
    ['size', (tx, options) => tx.table(items).size(options)],
    ['a nested one', (tx, options, body) => tx.transaction(body, options)],
    [
      'a nested one with keys',
      (tx, options, body) => tx.transaction(body, { ...options, keys: [items.key('b')] }),
    ],
  ])(
    'a signal that is aborted from the start, given to %s in a body, ends the whole',
    async (_name, call) => {
      const reason = new Error('never mind');
      const options = { signal: AbortSignal.abort(reason) };
      let ran = 0;
      const run = (swallow: boolean): Promise<unknown> =>
        grid.transaction(async (tx) => {
          await tx.table(items).set('a', 1);
          const called = call(tx, options, () => void ran++);
          if (swallow) expect(await rejection(called)).toBe(reason);
          else await called;
        });
      expect(await rejection(run(false))).toBe(reason);
      expect(await rejection(run(true))).toMatchObject({
        code: 'TRANSACTION_ABORTED',
        details: { reason: 'user' },
        cause: reason,
      });
      expect([ran, await grid.table(items).size()]).toEqual([0, 0]);
    },
  );

  test('times that are no times are refused before anything begins, by procedures and jobs too', async () => {
    for (const timeoutMs of [-1, 0, Number.NaN, '5', null]) {
      const options = { timeoutMs } as { timeoutMs: number };
      for (const call of [
        () => grid.runWith(store.keeps, ['a', { list: [] }], options),
        () =>
          grid.compute.run(store.pays, { from: 'a', to: 'b', amount: 1 }, { ...options, at: items.key('a') }),
        () => grid.transaction(() => 1, options),
        () => grid.begin(options),
        () => grid.transaction((tx) => tx.table(items).get('a', options)),
        () => grid.transaction((tx) => tx.transaction(() => 1, options)),
      ])
        expect(await rejection(call()), `${String(timeoutMs)} ${String(call)}`).toMatchObject({
          code: 'INVALID_ARGUMENT',
          message: /timeoutMs must be a positive number/,
        });
    }
    expect(await grid.table(items).size()).toBe(0);
  });
});

function never(): Promise<never> {
  return new Promise(() => undefined);
}
