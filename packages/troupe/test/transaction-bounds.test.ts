/** Deadlines, signals, retries and read-only transactions, end to end, inline and through threads. */
import { getEventListeners } from 'node:events';
import { type Grid, TransactionAbortedError, type TroupeError } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, gate, rejection, start, store, topologies } from './running-grid.ts';

const { accounts, counters, items } = store;
const spread = Array.from({ length: 12 }, (_, i) => `spread-${i}`);
const farAway = 10 ** 12;

describe.each(topologies)('bounds %s:', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  test('a transaction that takes too long is aborted and its locks are free', async () => {
    const slow = grid.transaction(
      async (tx) => {
        await tx.table(items).set('a', 1);
        await tx.table(items).get('a');
        await new Promise(() => undefined);
      },
      { timeoutMs: 20, keys: [items.key('a')], label: 'slow' },
    );
    const error = await rejection(slow);
    expect(error).toBeInstanceOf(TransactionAbortedError);
    expect(error).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      details: { reason: 'timeout', label: 'slow' },
    });
    await grid.transaction((tx) => tx.table(items).set('a', 2), { keys: [items.key('a')], timeoutMs: 2_000 });
    expect(await grid.table(items).get('a')).toBe(2);
  });

  test('a transaction that waits for a lock too long is aborted, and the holder is untouched', async () => {
    const holder = await grid.begin();
    await holder.table(items).getAndSet('a', 'holder');
    const runs = [
      grid.transaction((tx) => tx.table(items).get('a'), { timeoutMs: 20 }),
      grid.transaction(() => 1, { timeoutMs: 20, keys: [items.key('a')] }),
      grid.transaction(() => 1, { timeoutMs: 20, keys: 'all' }),
      grid.transaction((tx) => tx.table(items).size(), { timeoutMs: 20 }),
      grid.transaction((tx) => tx.table(items).clear(), { timeoutMs: 20 }),
      grid
        .table(items)
        .setMany([['a', 1], ...spread.map((key): [string, number] => [key, 1])], { timeoutMs: 20 }),
      grid.table(items).clear({ timeoutMs: 20 }),
    ];
    for (const error of await Promise.all(runs.map(rejection)))
      expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED', details: { reason: 'timeout' } });
    expect(await rejection(grid.table(items).get('a', { timeoutMs: 20 }))).toMatchObject({ code: 'TIMEOUT' });
    await holder.commit();
    expect(await collect(grid.table(items).entries())).toEqual([['a', 'holder']]);
  });

  test.each([farAway, Number.POSITIVE_INFINITY])('timeoutMs of %s is no bound at all', async (timeoutMs) => {
    const bound = { timeoutMs, signal: new AbortController().signal };
    await grid.transaction(async (tx) => {
      await turn(5);
      await tx.table(items).set('a', 1);
    }, bound);
    await using tx = await grid.begin(bound);
    await using snapshot = await grid.begin({ ...bound, readOnly: true });
    await turn(5);
    expect(await snapshot.table(items).get('a', bound)).toBe(1);
    expect(await tx.table(items).get('a')).toBe(1);
    await tx.commit();
    expect(await grid.table(items).get('a', bound)).toBe(1);
    expect(await collect(grid.table(items).keys(bound))).toEqual(['a']);
    expect(await grid.actor(store.clerk, 'x', bound).add(1)).toBe(1);
  });

  test('an explicit transaction past its deadline says so for good', async () => {
    const tx = await grid.begin({ timeoutMs: 20 });
    await tx.table(items).getAndSet('a', 1);
    await grid.table(items).set('a', 2, { timeoutMs: 5_000 });
    expect(await rejection(tx.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED', message: /in time/ });
    expect(await rejection(tx.table(items).get('a'))).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    await tx.rollback();
    expect(await grid.table(items).get('a')).toBe(2);
  });

  test('an explicit read-only transaction past its deadline says so, too', async () => {
    const tx = await grid.begin({ readOnly: true, timeoutMs: 20 });
    expect(await tx.table(items).get('a')).toBeUndefined();
    await turn(60);
    expect(await rejection(tx.table(items).get('a'))).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    expect(await rejection(tx.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    await tx.rollback();
    const closing = await Promise.race([grid.close(), turn(5_000)]);
    expect(closing).toBeUndefined();
  });

  test('an explicit transaction whose signal is aborted ends, locking or read-only', async () => {
    const reason = new Error('enough');
    for (const readOnly of [false, true]) {
      const controller = new AbortController();
      const tx = await grid.begin({ readOnly, signal: controller.signal });
      await tx.table(items).get('a');
      controller.abort(reason);
      expect(await rejection(tx.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED' });
      await tx.rollback();
    }
    await grid.table(items).set('a', 1, { timeoutMs: 2_000 });
  });

  test('a signal that is aborted already begins nothing', async () => {
    const reason = new Error('never mind');
    const signal = AbortSignal.abort(reason);
    let ran = 0;
    const body = (): number => ran++;
    const table = grid.table(items);
    for (const call of [
      grid.transaction(body, { signal }),
      grid.transaction(body, { signal, readOnly: true }),
      grid.begin({ signal }),
      grid.begin({ signal, readOnly: true }),
      table.get('a', { signal }),
      table.set('a', 1, { signal }),
      table.getMany(['a'], { signal }),
      table.setMany([['a', 1]], { signal }),
      table.insertMany([['a', 1]], { signal }),
      table.update('a', body, { signal }),
      table.deleteMany(['a'], { signal }),
      table.clear({ signal }),
      table.size({ signal }),
      collect(table.entries({ signal })),
      grid.actor(store.clerk, 'x', { signal }).add(1),
    ]) {
      expect(await rejection(call)).toBe(reason);
    }
    expect(ran).toBe(0);
    expect(await table.size()).toBe(0);
    expect(await grid.actor(store.clerk, 'x').count()).toBe(0);
  });

  test('a signal aborted midway frees the locks for another transaction at once', async () => {
    const keys = spread.map((key) => items.key(key));
    for (const declared of [true, false]) {
      const controller = new AbortController();
      const entered = gate();
      const run = grid.transaction(
        async (tx) => {
          await tx.table(items).getMany(spread);
          await tx.table(items).setMany(spread.map((key) => [key, 'gone']));
          entered.open();
          await new Promise(() => undefined);
        },
        { signal: controller.signal, ...(declared ? { keys } : {}) },
      );
      await entered.opened;
      const reason = new Error('enough');
      controller.abort(reason);
      expect(await rejection(run)).toBe(reason);
      await grid.transaction((tx) => tx.table(items).setMany(spread.map((key) => [key, 'mine'])), {
        keys,
        timeoutMs: 2_000,
      });
      expect(await grid.table(items).getMany(spread)).toEqual(spread.map(() => 'mine'));
    }
  });

  test('a signal aborted while a transaction waits for its keys ends the waiting', async () => {
    const holder = await grid.begin();
    await holder.table(items).getAndSet('a', 1);
    const controller = new AbortController();
    const reason = new Error('enough');
    const runs = [
      grid.transaction(() => 1, {
        signal: controller.signal,
        keys: [items.key('a'), ...spread.map((key) => items.key(key))],
      }),
      grid.transaction((tx) => tx.table(items).size(), { signal: controller.signal }),
      grid.table(items).get('a', { signal: controller.signal }),
      grid.table(items).setMany([['a', 2]], { signal: controller.signal }),
    ].map(rejection);
    await turn(5);
    controller.abort(reason);
    expect(await Promise.all(runs)).toEqual([reason, reason, reason, reason]);
    await grid.table(items).setMany(
      spread.map((key) => [key, 1]),
      { timeoutMs: 2_000 },
    );
    await holder.commit();
    expect(await grid.table(items).get('a')).toBe(1);
  });

  test('a signal may be shared by any number of calls, without a word on the console', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const { signal } = new AbortController();
    await grid.table(items).set('a', 1);
    const calls = Array.from({ length: 30 }, (_, i) => [
      grid.table(items).get('a', { signal }),
      grid.transaction((tx) => tx.table(items).get('a'), { signal }),
      grid.actor(store.clerk, `x${i}`, { signal }).add(1),
      collect(grid.table(items).keys({ signal })),
    ]);
    await Promise.all(calls.flat());
    await turn(5);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('a body that goes on after its transaction was ended can do nothing more', async () => {
    const controller = new AbortController();
    const entered = gate();
    const go = gate();
    const after = gate<unknown>();
    const run = grid.transaction(
      async () => {
        entered.open();
        await go.opened;
        after.open(await rejection(grid.table(items).set('a', 1)));
      },
      { signal: controller.signal },
    );
    await entered.opened;
    controller.abort(new Error('enough'));
    await rejection(run);
    go.open();
    expect(await after.opened).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    expect(await grid.table(items).size()).toBe(0);
  });

  test('without retries a wounded transaction fails with its reason, and with them it goes through', async () => {
    for (const retries of [0, 3]) {
      const older = await grid.begin();
      await older.table(counters).get('older');
      const entered = gate();
      const attempts: number[] = [];
      const younger = grid.transaction(
        async (tx) => {
          attempts.push(tx.attempt);
          await tx.table(counters).getAndSet('a', 1);
          entered.open();
          await tx.table(counters).getAndSet('older', 1);
        },
        { retries, label: 'young' },
      );
      const outcome = younger.then(
        () => 'committed',
        (error: unknown) => error,
      );
      await entered.opened;
      // The older one needs what the younger one holds.
      await older.table(counters).increment('a');
      await older.commit();
      if (retries === 0) {
        expect(await outcome).toMatchObject({
          code: 'TRANSACTION_ABORTED',
          retryable: true,
          details: { reason: 'wounded' },
        });
        expect(attempts).toEqual([1]);
      } else {
        expect(await outcome).toBe('committed');
        expect(attempts.length).toBeGreaterThan(1);
      }
      await grid.table(counters).clear();
    }
  });

  test('a read-only transaction reads one moment while writers run, and blocks none of them', async () => {
    const total = 12_000;
    const table = grid.table(accounts);
    await table.setMany(spread.map((key) => [key, { balance: 1_000 }]));
    let going = true;
    const writers = [0, 1, 2].map(async (seed) => {
      for (let i = seed; going; i++) {
        await grid
          .run(store.transfer, spread[i % 12] as string, spread[(i * 5 + 1) % 12] as string, 1)
          .catch((error: TroupeError) => {
            // Refused at once, over and over, it would leave no turn to anything else.
            if (error.code === 'GRID_CLOSED') going = false;
          });
      }
    });
    for (let i = 0; i < 60; i++) {
      const sums = await grid.transaction(
        async (tx) => {
          expect(tx.readTimestamp).toBeTypeOf('number');
          const one = sumOf(await tx.table(accounts).getMany(spread));
          const singly = await Promise.all(spread.map((key) => tx.table(accounts).get(key)));
          const scanned = await collect(tx.table(accounts).values());
          return [one, sumOf(singly), sumOf(scanned), await tx.table(accounts).size()];
        },
        { readOnly: true },
      );
      expect(sums).toEqual([total, total, total, 12]);
      expect(sumOf(await table.getMany(spread))).toBe(total);
      expect(sumOf(await collect(table.values()))).toBe(total);
    }
    going = false;
    await Promise.all(writers);
    const open = await grid.begin({ readOnly: true });
    expect(sumOf(await open.table(accounts).getMany(spread))).toBe(total);
    await table.set('spread-0', { balance: 0 }, { timeoutMs: 2_000 });
    await table.delete('spread-1', { timeoutMs: 2_000 });
    expect(sumOf(await open.table(accounts).getMany(spread))).toBe(total);
    await open.commit();
  });

  test('a read-only transaction sees what was committed before it began, and nothing later', async () => {
    await grid.table(items).set('a', 'before');
    const tx = await grid.begin({ readOnly: true });
    await grid.table(items).set('a', 'after');
    await grid.table(items).set('b', 'after');
    expect(await tx.table(items).get('a')).toBe('before');
    expect(await tx.table(items).has('b')).toBe(false);
    expect(await tx.table(items).size()).toBe(1);
    await tx.rollback();
    expect(await grid.transaction((now) => now.table(items).get('a'), { readOnly: true })).toBe('after');
  });

  test('a read-only transaction refuses every write and lives on', async () => {
    await grid.table(items).set('a', 1);
    await grid.transaction(
      async (tx) => {
        const table = tx.table(items);
        for (const write of [
          table.set('a', 2),
          table.delete('a'),
          table.take('a'),
          table.insert('b', 1),
          table.replace('a', 2),
          table.compareAndSet('a', 1, 2),
          table.getAndSet('a', 2),
          table.increment('a'),
          table.setMany([['a', 2]]),
          table.deleteMany(['a']),
          table.clear(),
          grid.table(items).set('a', 2),
          grid.run(store.addToAll, ['a']),
        ]) {
          expect(await rejection(write)).toMatchObject({ code: 'READ_ONLY' });
        }
        expect(await table.get('a')).toBe(1);
        expect(tx.readOnly).toBe(true);
        expect(grid.currentTransaction()?.id).toBe(tx.id);
      },
      { readOnly: true },
    );
    expect(await grid.table(items).get('a')).toBe(1);
  });

  test('a read-only transaction past its deadline rejects, and its body can read no more', async () => {
    const go = gate();
    const after = gate<unknown>();
    const run = grid.transaction(
      async (tx) => {
        await go.opened;
        after.open(await rejection(tx.table(items).get('a')));
      },
      { readOnly: true, timeoutMs: 20 },
    );
    expect(await rejection(run)).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      details: { reason: 'timeout' },
    });
    go.open();
    expect(await after.opened).toMatchObject({ code: 'TRANSACTION_FINISHED' });
  });
});

function sumOf(values: readonly ({ readonly balance: number } | undefined)[]): number {
  return values.reduce((sum, value) => sum + (value?.balance ?? 0), 0);
}

/** Resolves after some milliseconds, in which other threads and timers run. */
function turn(ms: number): Promise<'turned'> {
  return new Promise((resolve) => setTimeout(() => resolve('turned'), ms));
}
