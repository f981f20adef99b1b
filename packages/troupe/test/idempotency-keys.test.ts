/** Idempotency keys end to end: the same key gives the same answer, once. */
import type { Grid, TransactionBody } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, rejection, start, store, topologies } from './running-grid.ts';

const { counters, items } = store;

describe.each(topologies)('an idempotency key %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  const count =
    (...keys: string[]): TransactionBody<{ by: number }> =>
    async (tx) => {
      for (const key of keys) await tx.table(counters).increment(key, 1);
      return { by: tx.id };
    };

  test('is used ten times at once a hundred times over: one effect and one answer each', async () => {
    const calls = Array.from({ length: 1_000 }, (__, i) => {
      const idempotencyKey = `key-${i % 100}`;
      const keys = [`a-${i % 100}`, `b-${i % 100}`];
      return i % 200 < 100
        ? grid.runWith(store.countsOnce, [keys], { idempotencyKey })
        : grid.transaction(count(...keys), { idempotencyKey: `tx-${idempotencyKey}` });
    });
    const answers = (await Promise.all(calls)).map(({ by }) => by);
    for (let i = 0; i < 1_000; i++) expect(answers[i]).toBe(answers[(i + 200) % 1_000]);
    expect(new Set(answers).size).toBe(200);
    // Each pair once by a procedure, once by a transaction.
    expect(new Set(await collect(grid.table(counters).values()))).toEqual(new Set([2]));
    expect(await grid.table(counters).size()).toBe(200);
  });

  test('is not seen in tables, and outlives what was written', async () => {
    const first = await grid.transaction(count('a'), { idempotencyKey: 'k' });
    expect(await collect(grid.table(counters).keys())).toEqual(['a']);
    expect(await grid.table(items).size()).toBe(0);
    await grid.table(counters).clear();
    expect(await grid.transaction(count('a'), { idempotencyKey: 'k' })).toEqual(first);
    expect(await grid.table(counters).size()).toBe(0);
  });

  test('works with blind writes, scans, all keys declared, and nothing at all', async () => {
    let runs = 0;
    const bodies: [TransactionBody<number>, object][] = [
      [
        (tx) =>
          tx
            .table(items)
            .set('x', 1)
            .then(() => ++runs),
        {},
      ],
      [
        (tx) =>
          tx
            .table(items)
            .clear()
            .then(() => ++runs),
        {},
      ],
      [
        (tx) =>
          tx
            .table(items)
            .size()
            .then(() => ++runs),
        {},
      ],
      [
        (tx) =>
          tx
            .table(items)
            .set('y', 1)
            .then(() => ++runs),
        { keys: 'all' },
      ],
      [() => ++runs, {}],
      [() => ++runs, { keys: [] }],
    ];
    for (const [i, [body, options]] of bodies.entries()) {
      const withKey = { ...options, idempotencyKey: `k-${i}` };
      const before = runs;
      const answer = await grid.transaction(body, withKey);
      expect(answer).toBe(before + 1);
      expect(await grid.transaction(body, withKey)).toBe(answer);
    }
    expect(await collect(grid.table(items).keys())).toEqual(['y']);
  });

  test('gives every caller a copy of its own, the first one too', async () => {
    const mine = { list: [1] };
    const call = (): Promise<typeof mine> => grid.transaction(() => mine, { idempotencyKey: 'k' });
    const first = await call();
    first.list.push(2);
    mine.list.push(3);
    const second = await call();
    expect(second).toEqual({ list: [1] });
    second.list.push(4);
    expect(await call()).toEqual({ list: [1] });
    expect(await grid.transaction(() => undefined, { idempotencyKey: 'nothing' })).toBeUndefined();
    expect(await grid.transaction(() => 1, { idempotencyKey: 'nothing' })).toBeUndefined();
  });

  test('is not used up by a body that throws, or whose answer can not be stored', async () => {
    const options = { idempotencyKey: 'k' };
    const failing = grid.transaction(async (tx) => {
      await tx.table(items).set('a', 'failed');
      throw new RangeError('asked to fail');
    }, options);
    expect(await rejection(failing)).toBeInstanceOf(RangeError);
    const unsupported = grid.transaction(async (tx) => {
      await tx.table(items).set('a', 'unsupported');
      return () => 1;
    }, options);
    expect(await rejection(unsupported)).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(await grid.table(items).size()).toBe(0);
    expect(await rejection(grid.runWith(store.fails, ['a'], options))).toBeInstanceOf(RangeError);
    expect(await grid.transaction(() => 'done', options)).toBe('done');
  });

  test('belongs to one procedure', async () => {
    const options = { idempotencyKey: 'k' };
    await grid.runWith(store.countsOnce, [['a']], options);
    const other = await rejection(grid.runWith(store.addToAll, [['a', 'b']], options));
    expect(other).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { argument: 'idempotencyKey', usedFor: 'countsOnce' },
    });
    expect(await rejection(grid.transaction(count('a'), options))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await collect(grid.table(counters).entries())).toEqual([['a', 1]]);
  });

  test('is refused where it could not hold', async () => {
    const invalid = { code: 'INVALID_ARGUMENT', details: { argument: 'idempotencyKey' } };
    for (const wrong of ['', 'x'.repeat(257), 7, null])
      expect(
        await rejection(grid.transaction(count('a'), { idempotencyKey: wrong as string })),
      ).toMatchObject(invalid);
    expect(await rejection(grid.runWith(store.countsOnce, [['a']], { idempotencyKey: '' }))).toMatchObject(
      invalid,
    );
    expect(
      await rejection(grid.transaction(count('a'), { idempotencyKey: 'k', readOnly: true })),
    ).toMatchObject(invalid);
    await grid.transaction(async (tx) => {
      const options = { idempotencyKey: 'k' };
      expect(await rejection(grid.transaction(count('a'), options))).toMatchObject(invalid);
      expect(await rejection(tx.transaction(count('a'), options as object))).toMatchObject(invalid);
      expect(await rejection(grid.runWith(store.countsOnce, [['a']], options))).toMatchObject(invalid);
      await grid.transaction(count('apart'), { ...options, independent: true });
    });
    expect(await collect(grid.table(counters).keys())).toEqual(['apart']);
  });

  test('is kept for as long as the grid was told', async () => {
    const short = await start(threads, { idempotencyRetentionMs: 1 });
    const call = (): Promise<{ by: number }> => short.transaction(count('a'), { idempotencyKey: 'k' });
    const first = await call();
    let again = await call();
    while (again.by === first.by) again = await call();
    expect(await short.table(counters).get('a')).toBe(2);
    expect(await rejection(start(threads, { idempotencyRetentionMs: 0 }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
