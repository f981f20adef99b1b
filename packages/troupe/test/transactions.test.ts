/** What a transaction's body may count on, end to end, inline and through threads. */
import { type Grid, TransactionFinishedError, TroupeError } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { byText, collect, gate, rejection, start, store, topologies } from './running-grid.ts';

const { accounts, counters, items } = store;

/** Keys that lie in several partitions of eight. */
const spread = Array.from({ length: 12 }, (_, i) => `spread-${i}`);

describe.each(topologies)('a transaction %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  test('answers what its body returns and writes all of it', async () => {
    const answer = await grid.transaction(async (tx) => {
      for (const key of spread) await tx.table(items).set(key, key.length);
      await tx.table(counters).increment('a');
      return tx.id;
    });
    expect(answer).toBeTypeOf('number');
    expect(await grid.table(items).getMany(spread)).toEqual(spread.map((key) => key.length));
    expect(await grid.table(counters).get('a')).toBe(1);
  });

  test('may have a body that is not async, and one that touches nothing', async () => {
    expect(await grid.transaction(() => 7)).toBe(7);
    expect(await grid.transaction((tx) => tx.readOnly)).toBe(false);
    const mine = new Error('mine');
    const thrown = grid.transaction(() => {
      throw mine;
    });
    expect(await rejection(thrown)).toBe(mine);
  });

  test('takes declared keys in any order, twice, and of several tables', async () => {
    const keys = [
      items.key('b'),
      counters.key('a'),
      items.key('a'),
      items.key('b'),
      ...spread.map((key) => items.key(key)),
    ];
    await grid.transaction(
      async (tx) => {
        await tx.table(items).set('b', ((await tx.table(items).get('a')) as number | undefined) ?? 'none');
        await tx.table(counters).increment('a');
      },
      { keys },
    );
    expect(await grid.table(items).get('b')).toBe('none');
    expect(await grid.transaction(() => 1, { keys: [] })).toBe(1);
  });

  test('that declares its keys in opposite order to another never blocks it', async () => {
    const there = spread.map((key) => counters.key(key));
    const back = there.toReversed();
    const runs = Array.from({ length: 60 }, (_, i) =>
      grid.transaction(
        async (tx) => {
          for (const key of spread) {
            const count = (await tx.table(counters).get(key)) ?? 0;
            await tx.table(counters).set(key, count + 1);
          }
        },
        { keys: i % 2 === 0 ? there : back, retries: 0 },
      ),
    );
    await Promise.all(runs);
    expect(await grid.table(counters).getMany(spread)).toEqual(spread.map(() => 60));
  });

  test("with keys: 'all' really excludes keyed ones and plain operations", async () => {
    const trace: string[] = [];
    const entered = gate();
    const all = grid.transaction(
      async (tx) => {
        entered.open();
        await turns(20);
        for (const key of spread) expect(await tx.table(counters).get(key)).toBeUndefined();
        await tx.table(counters).set('mine', 1);
        trace.push('end');
      },
      { keys: 'all' },
    );
    await entered.opened;
    const others = spread.flatMap((key) => [
      grid
        .transaction((tx) => tx.table(counters).increment(key), { keys: [counters.key(key)] })
        .then(() => trace.push(key)),
      grid
        .table(counters)
        .increment(key)
        .then(() => trace.push(key)),
    ]);
    await Promise.all([all, ...others]);
    expect(trace[0]).toBe('end');
    expect(await grid.table(counters).getMany(spread)).toEqual(spread.map(() => 2));
  });

  test('that throws leaves nothing, and its caller gets the same error', async () => {
    await grid.table(items).setMany([
      ['kept', { n: 1 }],
      ['removed', 2],
    ]);
    class Refused extends Error {}
    const refused = new Refused('no');
    const outcome = grid.transaction(async (tx) => {
      const table = tx.table(items);
      await table.set('kept', { n: 9 });
      await table.delete('removed');
      await table.setMany(spread.map((key) => [key, 1]));
      await table.increment('counted');
      throw refused;
    });
    expect(await rejection(outcome)).toBe(refused);
    expect((await collect(grid.table(items).entries())).sort(byText)).toEqual([
      ['kept', { n: 1 }],
      ['removed', 2],
    ]);
    expect(
      await rejection(
        grid.transaction(async (tx) => {
          await tx.table(items).clear();
          throw undefined as unknown;
        }),
      ),
    ).toBeUndefined();
    expect(await grid.table(items).size()).toBe(2);
  });

  test('locks what it touches undeclared', async () => {
    const other = await grid.begin();
    await other.table(items).set('a', 'other');
    await other.table(items).get('b');
    const run = grid.transaction((tx) => tx.table(items).getAndSet('b', 'mine'), { keys: [items.key('c')] });
    const plain = grid.table(items).set('b', 'plain');
    // The first to begin is the oldest: the others wait until it ends.
    expect(await Promise.race([run, plain, turns(20)])).toBe('turned');
    await other.commit();
    await Promise.all([run, plain]);
    expect(await grid.table(items).get('a')).toBe('other');
  });

  test('sees its own writes in every operation', async () => {
    await grid.table(items).setMany([
      ['stays', 0],
      ['changes', 1],
      ['goes', 2],
    ]);
    await grid.transaction(async (tx) => {
      const table = tx.table(items);
      await table.set('changes', 'changed');
      await table.set('comes', { a: 1 });
      expect(await table.delete('goes')).toBe(true);
      expect(await table.get('comes')).toEqual({ a: 1 });
      expect(await table.has('goes')).toBe(false);
      expect(await table.getMany(['stays', 'changes', 'goes', 'comes'])).toEqual([
        0,
        'changed',
        undefined,
        { a: 1 },
      ]);
      expect(await table.size()).toBe(3);
      expect((await collect(table.keys())).sort(byText)).toEqual(['changes', 'comes', 'stays']);
      expect((await collect(table.entries())).sort(byText)).toEqual([
        ['changes', 'changed'],
        ['comes', { a: 1 }],
        ['stays', 0],
      ]);
      expect(await collect(table.values())).toHaveLength(3);
      expect(await table.insert('goes', 'again')).toBe(true);
      expect(await table.insert('goes', 'twice')).toBe(false);
      expect(await table.replace('nobody', 1)).toBe(false);
      expect(await table.take('goes')).toBe('again');
      expect(await table.compareAndSet('comes', { a: 1 }, { a: 2 })).toBe(true);
      expect(await table.getAndSet('comes', { a: 3 })).toEqual({ a: 2 });
      expect(await table.increment('stays', 5)).toBe(5);
      expect(await table.deleteMany(['comes', 'goes', 'changes'])).toBe(2);
      await table.clear();
      expect(await table.size()).toBe(0);
      expect(await table.get('stays')).toBeUndefined();
      expect(await table.insert('stays', 'new')).toBe(true);
      await table.setMany([['more', 1]]);
      expect((await collect(table.keys())).sort(byText)).toEqual(['more', 'stays']);
    });
    expect((await collect(grid.table(items).entries())).sort(byText)).toEqual([
      ['more', 1],
      ['stays', 'new'],
    ]);
  });

  test('that changes what it iterates over sees each entry once, as it was when the iteration began', async () => {
    await grid.table(counters).setMany(Array.from({ length: 600 }, (_, i) => [i, 1]));
    await grid.transaction(async (tx) => {
      const table = tx.table(counters);
      await table.set('own', 1);
      let seen = 0;
      for await (const [key, value] of table.entries()) {
        expect(value).toBe(1);
        await table.set(key, value + 1);
        await table.set(`new-${String(key)}`, 5);
        seen++;
      }
      expect(seen).toBe(601);
    });
    const values = await collect(grid.table(counters).values());
    expect(values.filter((value) => value === 2)).toHaveLength(601);
    expect(values.filter((value) => value === 5)).toHaveLength(601);
  });

  test('keeps what its iteration has read from changing, and lets nothing appear in it', async () => {
    await grid.table(counters).setMany(spread.map((key) => [key, 1]));
    const tx = await grid.begin();
    expect(await tx.table(counters).size()).toBe(spread.length);
    const writes = [grid.table(counters).set('phantom', 1), grid.table(counters).delete('spread-1')];
    expect(await Promise.race([...writes, turns(20)])).toBe('turned');
    expect(await collect(tx.table(counters).keys())).toHaveLength(spread.length);
    await tx.commit();
    await Promise.all(writes);
    expect(await grid.table(counters).size()).toBe(spread.length);
  });

  test('takes copies: what goes in and comes out is the body’s to change', async () => {
    const mine = { list: [1] };
    await grid.transaction(async (tx) => {
      await tx.table(items).set('a', mine);
      mine.list.push(2);
      const got = (await tx.table(items).get('a')) as typeof mine;
      got.list.push(3);
      expect(await tx.table(items).get('a')).toEqual({ list: [1] });
      for await (const value of tx.table(items).values()) (value as typeof mine).list.push(4);
    });
    expect(await grid.table(items).get('a')).toEqual({ list: [1] });
  });

  test('is joined by plain operations and transactions called in its body', async () => {
    const undone = new Error('undone');
    const outcome = grid.transaction(async (tx) => {
      await tx.table(items).set('a', 1);
      expect(await grid.table(items).get('a')).toBe(1);
      await grid.table(items).set('b', 2);
      await Promise.all([grid.table(items).increment('a'), grid.table(items).setMany([['c', 3]])]);
      expect(grid.currentTransaction()?.id).toBe(tx.id);
      await grid.transaction(async (inner) => {
        expect(inner.id).toBe(tx.id);
        await grid.table(items).set('d', 4);
      });
      await grid.run(store.addToAll, ['e']);
      expect(await tx.table(items).size()).toBe(4);
      throw undone;
    });
    expect(await rejection(outcome)).toBe(undone);
    expect(grid.currentTransaction()).toBeUndefined();
    expect(await grid.table(items).size()).toBe(0);
    expect(await grid.table(counters).size()).toBe(0);
  });

  test('with independent: true is separate from the one it is called in', async () => {
    const outcome = grid.transaction(async (tx) => {
      await tx.table(items).set('a', 1);
      await grid.transaction((own) => own.table(items).set('b', 2), { independent: true });
      throw new Error('undone');
    });
    await rejection(outcome);
    expect(await collect(grid.table(items).entries())).toEqual([['b', 2]]);
  });

  test('goes on after a nested one has failed, whose writes alone are undone', async () => {
    await grid.table(items).set('old', 0);
    await grid.transaction(async (tx) => {
      await tx.table(items).set('a', 1);
      const mine = new Error('mine');
      const inner = tx.transaction(
        async (nested) => {
          expect(nested.id).toBe(tx.id);
          await nested.table(items).set('a', 2);
          await nested.table(items).delete('old');
          await nested.table(items).set('c', 3);
          await nested.transaction((deepest) => deepest.table(items).set('d', 4));
          await nested.table(items).clear();
          await nested.table(items).set('e', 5);
          throw mine;
        },
        { keys: [items.key('x')] },
      );
      expect(await rejection(inner)).toBe(mine);
      expect((await collect(tx.table(items).entries())).sort(byText)).toEqual([
        ['a', 1],
        ['old', 0],
      ]);
      await grid.transaction((nested) => nested.table(items).set('f', 6));
    });
    expect((await collect(grid.table(items).entries())).sort(byText)).toEqual([
      ['a', 1],
      ['f', 6],
      ['old', 0],
    ]);
  });

  test('really locks the keys a nested one declares, until its own end', async () => {
    const tx = await grid.begin();
    await tx.transaction(() => undefined, { keys: [items.key('a')] });
    const write = grid.table(items).set('a', 1);
    expect(await Promise.race([write, turns(20)])).toBe('turned');
    await tx.rollback();
    await write;
  });

  test('begun explicitly ends with commit, rollback or disposal, once and for good', async () => {
    const tx = await grid.begin({ label: 'nightly' });
    expect(tx.label).toBe('nightly');
    await tx.table(items).set('a', 1);
    await tx.commit();
    expect(await rejection(tx.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    await tx.rollback();
    expect(await grid.table(items).get('a')).toBe(1);

    const undone = await grid.begin();
    await undone.table(items).set('a', 2);
    await undone.rollback();
    await undone.rollback();
    expect(await rejection(undone.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    {
      await using disposed = await grid.begin();
      await disposed.table(items).set('a', 3);
    }
    expect(await grid.table(items).get('a')).toBe(1);
    // The locks are gone, too.
    await grid.table(items).set('a', 4, { timeoutMs: 2_000 });
  });

  test('committed twice at once commits once', async () => {
    const tx = await grid.begin();
    await tx.table(counters).increment('a');
    const ends = await Promise.allSettled([tx.commit(), tx.commit()]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((ends[1] as PromiseRejectedResult).reason).toBeInstanceOf(TransactionFinishedError);
    expect(await grid.table(counters).get('a')).toBe(1);
  });

  test('refuses every operation after its end', async () => {
    const tx = await grid.begin();
    const snapshot = await grid.begin({ readOnly: true });
    let leaked = tx.table(items);
    await grid.transaction((body) => {
      leaked = body.table(items);
    });
    await tx.rollback();
    await snapshot.commit();
    for (const table of [leaked, tx.table(items), snapshot.table(items)]) {
      for (const operation of [
        () => table.get('a'),
        () => table.set('a', 1),
        () => table.has('a'),
        () => table.delete('a'),
        () => table.take('a'),
        () => table.insert('a', 1),
        () => table.replace('a', 1),
        () => table.compareAndSet('a', 1, 2),
        () => table.getAndSet('a', 1),
        () => table.increment('a'),
        () => table.getMany(['a']),
        () => table.setMany([['a', 1]]),
        () => table.insertMany([['a', 1]]),
        () => table.update('a', () => 1),
        () => table.deleteMany(['a']),
        () => table.size(),
        () => table.clear(),
        () => collect(table.entries()),
        () => collect(table.keys()),
        () => collect(table.values()),
      ]) {
        expect(await rejection(operation()), String(operation)).toMatchObject({
          code: 'TRANSACTION_FINISHED',
        });
      }
    }
    expect(await rejection(tx.transaction(() => 1))).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    expect(await rejection(snapshot.transaction(() => 1))).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    expect(await grid.table(items).size()).toBe(0);
  });

  test('whose body returns while an operation runs is refused, and nothing of it stays', async () => {
    let forgotten: Promise<unknown> | undefined;
    const outcome = grid.transaction(async (tx) => {
      await tx.table(items).set('a', 1);
      forgotten = rejection(tx.table(items).get('b'));
    });
    expect(await rejection(outcome)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await forgotten).toBeInstanceOf(TroupeError);
    expect(await grid.table(items).size()).toBe(0);
    await grid.table(items).set('b', 1, { timeoutMs: 2_000 });
  });

  test('committed explicitly while an operation runs answers that operation, too', async () => {
    const tx = await grid.begin();
    const forgotten = tx.table(items).get('b');
    const ends = await Promise.race([Promise.allSettled([tx.commit(), forgotten]), turns(2_000)]);
    expect(ends).not.toBe('turned');
  });

  test('is ended whole by an operation that fails in it, and says so afterwards', async () => {
    const outcome = grid.transaction(async (tx) => {
      await tx.table(items).set('text', 'x');
      expect(await rejection(tx.table(items).increment('text'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await rejection(tx.table(items).get('a'))).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    });
    expect(await rejection(outcome)).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      details: { reason: 'user' },
    });
    expect(await grid.table(items).size()).toBe(0);
  });

  test('goes on after an argument was refused before anything was done', async () => {
    await grid.transaction(async (tx) => {
      await tx.table(items).set('a', 1);
      const bad: unknown = { deep: () => 1 };
      expect(await rejection(tx.table(items).set('b', bad))).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
      await tx.table(items).set('c', 3);
    });
    expect(await grid.table(items).size()).toBe(2);
  });

  test('knows which attempt runs, and grows older with each', async () => {
    const ids: number[] = [];
    const sums = await Promise.all(
      Array.from({ length: 20 }, () =>
        grid.transaction(async (tx) => {
          ids.push(tx.id);
          expect(tx.attempt).toBeGreaterThanOrEqual(1);
          const a = (await tx.table(counters).get('a')) ?? 0;
          const b = (await tx.table(counters).get('b')) ?? 0;
          await tx.table(counters).set('b', b + 1);
          await tx.table(counters).set('a', a + 1);
          return a + b;
        }),
      ),
    );
    expect(new Set(sums).size).toBe(20);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await grid.table(counters).getMany(['a', 'b'])).toEqual([20, 20]);
  });

  test('has tables of accounts that are typed', async () => {
    await grid.table(accounts).set('alice', { balance: 3 });
    const balance = await grid.transaction(
      async (tx) => (await tx.table(accounts).get('alice'))?.balance ?? 0,
    );
    expect(balance).toBe(3);
  });
});

/** Resolves after that many turns of the event loop, in which other threads get time, too. */
async function turns(count: number): Promise<'turned'> {
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
  return 'turned';
}
