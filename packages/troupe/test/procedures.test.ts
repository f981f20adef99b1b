/** Procedures end to end: where they run, what crosses threads, and from where they can be called. */
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, rejection, start, store, topologies } from './running-grid.ts';

const { accounts, counters, items } = store;

describe.each(topologies)('a procedure %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
    await grid.table(accounts).setMany([
      ['alice', { balance: 100 }],
      ['bob', { balance: 0 }],
      ['carol', { balance: 5 }],
    ]);
  });

  test('runs as one transaction and answers', async () => {
    expect(await grid.run(store.transfer, 'alice', 'bob', 30)).toBe(70);
    expect(await balances()).toEqual([70, 30, 5]);
    expect(await grid.run(store.transfer, 'alice', 'nobody', 1)).toBeUndefined();
  });

  test('that throws leaves nothing and its error keeps class and fields', async () => {
    const error = await rejection(grid.run(store.transfer, 'bob', 'alice', 30));
    expect(error).toBeInstanceOf(store.InsufficientFunds);
    expect(error).toMatchObject({ account: 'bob', missing: 30, message: 'bob lacks 30' });
    expect(await balances()).toEqual([100, 0, 5]);
    expect(await rejection(grid.run(store.fails, 'a'))).toBeInstanceOf(RangeError);
    expect(await grid.table(items).size()).toBe(0);
  });

  test('gets copies of its arguments and answers with copies', async () => {
    const mine = { list: [1] as unknown[] };
    const running = grid.run(store.keeps, 'a', mine);
    mine.list.push('caller');
    const { value, stored } = await running;
    expect(value).toEqual({ list: [1, 'procedure'] });
    expect(stored).toEqual({ list: [1] });
    expect(mine.list).toEqual([1, 'caller']);
    expect(await grid.table(items).get('a')).toEqual({ list: [1] });
  });

  test('called in a transaction joins it: undone with it, copies and errors as ever', async () => {
    const mine = { list: [] as unknown[] };
    const undone = new Error('undone');
    const outcome = grid.transaction(async (tx) => {
      await grid.run(store.transfer, 'alice', 'bob', 10);
      expect(await tx.table(accounts).get('bob')).toEqual({ balance: 10 });
      const { value } = await grid.run(store.keeps, 'a', mine);
      (value as typeof mine).list.push('caller');
      expect(mine.list).toEqual([]);
      expect(await rejection(grid.run(store.transfer, 'bob', 'alice', 99))).toBeInstanceOf(
        store.InsufficientFunds,
      );
      // Only what the failed one wrote is undone.
      expect(await tx.table(accounts).get('bob')).toEqual({ balance: 10 });
      throw undone;
    });
    expect(await rejection(outcome)).toBe(undone);
    expect(await balances()).toEqual([100, 0, 5]);
  });

  test('can be called by an actor, and its error reaches the one who asked', async () => {
    const clerk = grid.actor(store.clerk, 'desk');
    expect(await clerk.transfer('alice', 'carol', 40)).toBe(60);
    expect(await balances()).toEqual([60, 0, 45]);
    expect(await rejection(clerk.transfer('bob', 'carol', 40))).toBeInstanceOf(store.InsufficientFunds);
    await clerk.move('carol', 'bob', 45);
    expect(await balances()).toEqual([60, 45, 0]);
  });

  test('an actor asked inside a transaction is part of it', async () => {
    const outcome = grid.transaction(async (tx) => {
      await tx.table(counters).set('mine', 1);
      expect(await grid.actor(store.clerk, 'desk').joined()).toBe(true);
      await grid.actor(store.clerk, 'desk').store('by-actor', 1);
      throw new Error('undone');
    });
    expect(await rejection(outcome)).toMatchObject({ message: 'undone' });
    expect(await collect(grid.table(items).keys())).toEqual([]);
    expect(await grid.table(counters).size()).toBe(0);
  });

  test('refuses an answer that cannot be sent, and wrong keys, as the caller’s error', async () => {
    expect(await rejection(grid.run(store.wrongAnswer, 'a'))).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(await grid.table(items).size()).toBe(0);
    await grid.transaction(async () => {
      expect(await rejection(grid.run(store.wrongAnswer, 'a'))).toMatchObject({
        code: 'VALUE_NOT_SUPPORTED',
      });
    });
    expect(await grid.table(items).size()).toBe(0);
    expect(await rejection(grid.run(store.noKeys))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rejection(grid.run(store.wrongKeys))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('waits for its keys like everybody else', async () => {
    const tx = await grid.begin();
    await tx.table(counters).getAndSet('a', 5);
    const running = grid.run(store.addToAll, ['b', 'a']);
    await grid.table(counters).get('c');
    await tx.commit();
    await running;
    expect(await grid.table(counters).getMany(['a', 'b'])).toEqual([6, 1]);
  });

  async function balances(): Promise<(number | undefined)[]> {
    const values = await grid.table(accounts).getMany(['alice', 'bob', 'carol']);
    return values.map((value) => value?.balance);
  }
});

test('a procedure whose thread dies while it runs is lost, and certainly not done', async () => {
  const grid = await start(2);
  const error = await rejection(grid.run(store.exits, 'a'));
  expect(error).toMatchObject({
    code: 'PARTITION_LOST',
    retryable: true,
    details: { outcome: 'not-done', procedure: 'exits' },
    cause: { code: 'HOST_LOST' },
  });
  expect(await grid.table(items).get('a')).toBeUndefined();
});
