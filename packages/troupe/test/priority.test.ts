/** Priorities of transactions and procedures, end to end, inline and through threads. */
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { gate, rejection, start, store, topologies } from './running-grid.ts';

const { counters, items } = store;

/** Lets what is on its way arrive. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(topologies)('a priority %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  test('orders those who wait for one key, whatever the order in which they came', async () => {
    const holder = await grid.begin({ priority: 10 });
    await holder.table(items).getAndSet('a', 'held');
    const served: string[] = [];
    const runs = [0, -10, 5, 0, 10, undefined, -1, 5].map((priority, i) =>
      grid.transaction(() => served.push(`${priority ?? 'none'} ${i}`), {
        keys: [items.key('a')],
        ...(priority === undefined ? {} : { priority }),
      }),
    );
    // Their locks were asked for at the call, so the commit comes after them at the owner.
    await holder.commit();
    await Promise.all(runs);
    expect(served).toEqual(['10 4', '5 2', '5 7', '0 0', '0 3', 'none 5', '-1 6', '-10 1']);
  });

  test('of an explicit transaction wounds one that began before it', async () => {
    const [low, high] = [await grid.begin({ priority: -1 }), await grid.begin({ priority: 1 })];
    await low.table(items).getAndSet('a', 'low');
    expect(await high.table(items).getAndSet('a', 'high')).toBeUndefined();
    await high.commit();
    const error = await rejection(low.commit());
    expect(error).toMatchObject({ code: 'TRANSACTION_FINISHED', cause: { details: { reason: 'wounded' } } });
    expect(await grid.table(items).get('a')).toBe('high');
  });

  test('below 0 gives way to operations outside of transactions, which go on at once', async () => {
    const low = await grid.begin({ priority: -10 });
    await low.table(items).getAndSet('a', 'low');
    await grid.table(items).set('a', 'plain', { timeoutMs: 2_000 });
    expect(await grid.table(items).increment('b')).toBe(1);
    expect(await rejection(low.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    expect(await grid.table(items).get('a', { timeoutMs: 2_000 })).toBe('plain');
  });

  test('is kept with the age over retries', async () => {
    const served: string[] = [];
    const begun = gate();
    const { opened, open } = gate();
    const keys = [items.key('a')];
    const first = grid.transaction(
      async (tx) => {
        if (tx.attempt === 1) {
          begun.open();
          await opened;
        } else served.push('first');
      },
      { keys, priority: 1 },
    );
    await begun.opened;
    const older = await grid.begin({ priority: 5 });
    await older.table(items).getAndSet('a', 'older');
    const later = grid.transaction(() => served.push('later'), { keys, priority: 1 });
    await turns(20);
    open();
    await turns(20);
    await older.commit();
    await Promise.all([first, later]);
    expect(served).toEqual(['first', 'later']);
  });

  test('travels with a procedure to its owner', async () => {
    const holder = await grid.begin({ priority: 10 });
    await holder.table(counters).getAndSet('a', 100);
    const priorities = [0, -5, undefined, 5];
    const runs = priorities.map((priority) =>
      grid.runWith(store.counts, ['a'], priority === undefined ? {} : { priority }),
    );
    // They have arrived when calls made after them are answered, by every owner.
    await Promise.all(Array.from({ length: 16 }, (_item, i) => grid.table(counters).get(`other-${i}`)));
    await holder.commit();
    expect(await Promise.all(runs)).toEqual([102, 104, 103, 101]);
  });

  test('of a joining call is checked and means nothing: the outer one’s counts', async () => {
    const low = grid.transaction(
      async (tx) => {
        await tx.table(items).getAndSet('a', tx.attempt);
        await grid.transaction((inner) => inner.table(items).get('a'), { priority: 10 });
        await grid.runWith(store.counts, ['a'], { priority: 10 });
        if (tx.attempt > 1) return tx.attempt;
        // It is still the younger one.
        await grid.table(items).set('a', 'plain');
        const other = await grid.begin();
        await other.table(items).getAndSet('a', 'other', { timeoutMs: 2_000 });
        await other.rollback();
        return tx.attempt;
      },
      { priority: -10, timeoutMs: 5_000 },
    );
    expect(await low).toBe(2);
  });
});
