/** Actors called in transactions: their states are read and written under locks, and undone with the transaction. */
import { createRequire } from 'node:module';
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { gate, rejection, start, topologies } from './running-grid.ts';

const joinedUrl = new URL('./fixtures/joined.mjs', import.meta.url);
const joined = createRequire(import.meta.url)(
  './fixtures/joined.mjs',
) as typeof import('./fixtures/joined.mjs');
const { counters, notes, purse, Refused } = joined;

/** Waits until the bell of an actor that rings when it has come to a point has rung. */
async function rung(grid: Grid, bell: string, times = 1): Promise<void> {
  while ((await grid.actor(purse, bell).balance()) < times);
}

describe.each(topologies)('an actor called in a transaction, %s,', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules: [joinedUrl] });
  });

  const balance = (key: string): Promise<number> => grid.actor(purse, key).balance();

  test('changes its state for the transaction at once, and for all others when that commits', async () => {
    await grid.actor(purse, 'a').add(10);
    const told = await grid.transaction(async () => {
      const a = grid.actor(purse, 'a');
      return [await a.balance(), await a.add(5), await a.add(5), await a.balance()];
    });
    expect(told).toEqual([10, 15, 20, 20]);
    expect(await balance('a')).toBe(20);
    // An actor that nobody had called before is activated.
    await grid.transaction(() => grid.actor(purse, 'new').add(1));
    expect(await balance('new')).toBe(1);
  });

  test('is undone when the body throws, and keeps the state it had', async () => {
    await grid.actor(purse, 'a').add(10);
    const undone = new Error('undone');
    const outcome = grid.transaction(async () => {
      await grid.actor(purse, 'a').add(5);
      await grid.actor(purse, 'fresh').add(5);
      throw undone;
    });
    expect(await rejection(outcome)).toBe(undone);
    expect([await balance('a'), await balance('fresh')]).toEqual([10, 0]);
  });

  test('is undone to where a nested transaction began, which may fail alone', async () => {
    await grid.transaction(async (tx) => {
      const a = grid.actor(purse, 'a');
      await a.add(1);
      await rejection(
        tx.transaction(async () => {
          await a.add(10);
          await grid.actor(purse, 'b').add(10);
          throw new Error('inner');
        }),
      );
      expect(await a.balance()).toBe(1);
      await tx.transaction(() => a.add(100));
    });
    expect([await balance('a'), await balance('b')]).toEqual([101, 0]);
  });

  test('writes tables in the same transaction, and sees what the body wrote', async () => {
    await grid.table(notes).set('stored', 1);
    const outcome = grid.transaction(async (tx) => {
      await tx.table(notes).set('mine', 1);
      const { own, all } = await grid.actor(purse, 'a').note('its', { deep: [1] });
      expect(own).toEqual({ deep: [1] });
      expect(all).toBe(3);
      expect(await tx.table(notes).get('its')).toEqual({ deep: [1] });
      throw new Error('undone');
    });
    expect(await rejection(outcome)).toMatchObject({ message: 'undone' });
    expect(await grid.table(notes).size()).toBe(1);
    await grid.transaction(() => grid.actor(purse, 'a').note('its', 2));
    expect(await grid.table(notes).get('its')).toBe(2);
  });

  test('has nested transactions of its own, whose failure it may survive', async () => {
    await grid.transaction(async () => {
      expect(await grid.actor(purse, 'a').stumble('n')).toBe('before');
    });
    expect(await grid.table(notes).get('n')).toBe('before');
    expect(await grid.table(notes).get('n-bell')).toBeUndefined();
    expect(await balance('bystander')).toBe(0);
  });

  test('calls further actors, which join too', async () => {
    await grid.transaction(() => grid.actor(purse, 'a').give('b', 30));
    expect([await balance('a'), await balance('b')]).toEqual([-30, 30]);
    await rejection(
      grid.transaction(async () => {
        await grid.actor(purse, 'a').give('b', 30);
        throw new Error('undone');
      }),
    );
    expect([await balance('a'), await balance('b')]).toEqual([-30, 30]);
  });

  test('knows the transaction, and runs outside of any when called outside', async () => {
    await grid.transaction(
      async (tx) => {
        expect(await grid.actor(purse, 'a').about()).toEqual({
          id: tx.id,
          attempt: 1,
          label: 'tour',
          readOnly: false,
        });
      },
      { label: 'tour' },
    );
    expect(await grid.actor(purse, 'a').about()).toBeUndefined();
  });

  test('that throws aborts the whole transaction with its error, also if the body catches it', async () => {
    const passed = await rejection(
      grid.transaction(async (tx) => {
        await tx.table(notes).set('mine', 1);
        await grid.actor(purse, 'a').addAndFail(5);
      }),
    );
    expect(passed).toBeInstanceOf(Refused);
    expect(passed).toMatchObject({ amount: 5 });
    const caught = await rejection(
      grid.transaction(async (tx) => {
        await tx.table(notes).set('mine', 1);
        await rejection(grid.actor(purse, 'a').addAndFail(6));
        return 'went on';
      }),
    );
    expect(caught).toMatchObject({ code: 'TRANSACTION_ABORTED', details: { reason: 'user' } });
    expect((caught as Error).cause).toMatchObject({ name: 'Refused', amount: 6 });
    expect([await balance('a'), await grid.table(notes).size()]).toEqual([0, 0]);
  });

  test('whose failed operation it hides has failed the transaction all the same', async () => {
    await grid.table(counters).set('text', 'no number' as never);
    const error = await rejection(grid.transaction(() => grid.actor(purse, 'a').hide('text')));
    expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED', details: { reason: 'user' } });
    expect((error as Error).cause).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('must have ended its operations when it returns', async () => {
    const error = await rejection(grid.transaction(() => grid.actor(purse, 'a').forget('f')));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((error as Error).message).toMatch(/purse\.forget returned while 1 of its operations/);
    expect(await grid.table(notes).size()).toBe(0);
  });

  test('must have been awaited when the body returns', async () => {
    const error = await rejection(
      grid.transaction(() => {
        void grid.actor(purse, 'a').add(1);
      }),
    );
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await balance('a')).toBe(0);
  });

  test('must have a state that can be copied', async () => {
    const making = await rejection(grid.transaction(() => grid.actor(purse, 'a').keepFunction()));
    expect(making).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect((making as Error).message).toMatch(/the state of actor 'purse'.*secret.*can't be called in one/);
    await grid.actor(purse, 'a').keepFunction();
    const having = await rejection(grid.transaction(() => grid.actor(purse, 'a').add(1)));
    expect(having).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(await grid.actor(purse, 'a').add(1)).toBe(1);
  });

  test('is refused in a read-only transaction, of either kind', async () => {
    const calls = [
      () => grid.transaction(() => grid.actor(purse, 'a').add(1), { readOnly: true }),
      () => grid.transaction(() => grid.tell(purse, 'a').add(1), { readOnly: true }),
      () => grid.transaction((tx) => tx.transaction(() => grid.actor(purse, 'a').add(1), { readOnly: true })),
    ];
    for (const call of calls) expect(await rejection(call())).toMatchObject({ code: 'READ_ONLY' });
    expect(await balance('a')).toBe(0);
  });

  test('joins an explicit transaction in its nested ones', async () => {
    const undone = await grid.begin();
    expect(await undone.transaction(() => grid.actor(purse, 'a').add(1))).toBe(1);
    await undone.rollback();
    const kept = await grid.begin();
    expect(await kept.transaction(() => grid.actor(purse, 'a').add(10))).toBe(10);
    await kept.commit();
    expect(await balance('a')).toBe(10);
  });

  test('in a turn ends an explicit transaction, which nobody repeats', async () => {
    const door = await grid.begin();
    await door.table(counters).increment('door');
    const turn = grid.actor(purse, 'a').addBehind('door', 1);
    await rung(grid, 'door-bell');
    const explicit = await grid.begin();
    const error = await rejection(explicit.transaction(() => grid.actor(purse, 'a').add(1)));
    expect(error).toMatchObject({
      code: 'TRANSACTION_ABORTED',
      retryable: true,
      details: { reason: 'busy' },
    });
    const none = grid.transaction(() => grid.actor(purse, 'a').add(1), { retries: 0 });
    expect(await rejection(none)).toMatchObject({ details: { reason: 'busy' } });
    await door.rollback();
    expect(await turn).toBe(1);
  });

  test('that goes on when its transaction has ended leaves no trace', async () => {
    const door = await grid.begin();
    await door.table(counters).increment('door');
    await grid.actor(purse, 'a').add(5);
    const late = grid.transaction(() => grid.actor(purse, 'a').addBehind('door', 1), { timeoutMs: 30 });
    expect(await rejection(late)).toMatchObject({ details: { reason: 'timeout' } });
    // Neither its lock nor what the turn has done so far.
    expect(await grid.actor(purse, 'a').add(1)).toBe(6);
    await door.rollback();
    expect(await balance('a')).toBe(6);
    expect(await grid.actor(purse, 'door-bell').balance()).toBe(0);
  });

  test('takes the calls of one transaction one after another, also if they are made at once', async () => {
    const a = grid.actor(purse, 'a');
    const answers = await grid.transaction(() => Promise.all([a.add(1), a.add(1), a.add(1), a.balance()]));
    expect(answers).toEqual([1, 2, 3, 3]);
    expect(await balance('a')).toBe(3);
  });

  test('makes ordinary messages wait until the transaction has ended, and they keep their order', async () => {
    const { opened, open } = gate();
    const reached = gate();
    const running = grid.transaction(async () => {
      await grid.actor(purse, 'a').add(5);
      reached.open();
      await opened;
    });
    await reached.opened;
    const order: number[] = [];
    const asks = [1, 2, 3].map((by) =>
      grid
        .actor(purse, 'a')
        .add(by)
        .then((sum) => order.push(sum)),
    );
    // Others go on.
    expect(await grid.actor(purse, 'b').add(1)).toBe(1);
    const late = await rejection(grid.actor(purse, 'a', { timeoutMs: 20 }).add(1_000));
    expect(late).toMatchObject({ code: 'TIMEOUT' });
    open();
    await running;
    await Promise.all(asks);
    expect(order).toEqual([6, 8, 11]);
  });

  test('is told what a body tells it when that commits, and never when it does not', async () => {
    await grid.transaction(async () => {
      await grid.tell(purse, 'bell').add(1);
      await grid.actor(purse, 'a').ring('bell');
      expect(await grid.transaction(() => grid.table(notes).size(), { independent: true })).toBe(0);
    });
    await rung(grid, 'bell', 2);
    await rejection(
      grid.transaction(async () => {
        await grid.tell(purse, 'bell').add(1);
        await grid.actor(purse, 'a').ring('bell');
        throw new Error('undone');
      }),
    );
    await grid.transaction(async (tx) => {
      await rejection(
        tx.transaction(async () => {
          await grid.tell(purse, 'bell').add(100);
          throw new Error('inner');
        }),
      );
      await grid.tell(purse, 'bell').add(1);
    });
    await rung(grid, 'bell', 3);
    expect(await balance('bell')).toBe(3);
  });

  test('is refused while one of its turns waits for that transaction, and joins the next attempt', async () => {
    const attempts: number[] = [];
    const holds = gate();
    const goesOn = gate();
    const running = grid.transaction(async (tx) => {
      attempts.push(tx.attempt);
      await tx.table(counters).increment('k');
      holds.open();
      await goesOn.opened;
      await grid.actor(purse, 'a').add(1);
    });
    await holds.opened;
    // Its turn can't end before the transaction does.
    const counted = grid.actor(purse, 'a').count('k');
    await rung(grid, 'k-bell');
    goesOn.open();
    await running;
    expect(await counted).toBe(1);
    expect(attempts).toEqual([1, 2]);
    expect(await grid.table(counters).get('k')).toBe(2);
    expect(await grid.actor(purse, 'a').state()).toEqual({ balance: 1, turns: 2 });
  });

  test('is waited for, turn under way included, and passes those that come later', async () => {
    const door = await grid.begin();
    await door.table(counters).increment('door');
    const before = grid.actor(purse, 'a').addBehind('door', 1);
    await rung(grid, 'door-bell');
    const attempts: number[] = [];
    const running = grid.transaction(async (tx) => {
      attempts.push(tx.attempt);
      return grid.actor(purse, 'a').add(10);
    });
    // Refused once, it waits in line by now or soon; whatever comes after the turn under way comes after it.
    while (attempts.length === 0) await grid.actor(purse, 'b').balance();
    for (let i = 0; i < 20; i++) await grid.actor(purse, 'b').balance();
    const after = [grid.actor(purse, 'a').add(100), grid.actor(purse, 'a').add(100)];
    await door.commit();
    expect(await before).toBe(1);
    expect(await running).toBe(11);
    expect(await Promise.all(after)).toEqual([111, 211]);
    expect(attempts).toEqual([1, 2]);
  });

  test('that is in asynchronous turns all the time gets no transaction starved', async () => {
    let stopped = false;
    const wanderers = ['a', 'b'].map(async (key) => {
      let turns = 0;
      while (!stopped)
        turns += (await Promise.all(Array.from({ length: 4 }, () => grid.actor(purse, key).wander()))).length;
      return turns;
    });
    for (let i = 0; i < 5; i++) {
      await grid.transaction(
        async () => {
          await grid.actor(purse, 'a').add(-1);
          await grid.actor(purse, 'b').add(1);
        },
        { timeoutMs: 20_000 },
      );
    }
    stopped = true;
    await Promise.all(wanderers);
    expect([await balance('a'), await balance('b')]).toEqual([-5, 5]);
  });

  test("is locked out by keys: 'all', which waits for its turns", async () => {
    const door = await grid.begin();
    await door.table(counters).increment('door');
    const before = grid.actor(purse, 'a').addBehind('door', 1);
    await rung(grid, 'door-bell');
    const entered = gate();
    const leave = gate();
    const alone = grid.transaction(
      async () => {
        entered.open();
        await leave.opened;
        return balanceOf('a');
      },
      { keys: 'all' },
    );
    const balanceOf = (key: string): Promise<number> => grid.actor(purse, key).balance();
    await door.commit();
    expect(await before).toBe(1);
    await entered.opened;
    const others = [grid.actor(purse, 'a').add(10), grid.actor(purse, 'fresh').add(10)];
    let ended = 0;
    for (const other of others) void other.then(() => ended++);
    const late = await rejection(grid.actor(purse, 'fresh', { timeoutMs: 20 }).balance());
    expect(late).toMatchObject({ code: 'TIMEOUT' });
    expect(ended).toBe(0);
    leave.open();
    expect(await alone).toBe(1);
    expect(await Promise.all(others)).toEqual([11, 10]);
  });

  test('is part of transactions that move money between two, with ordinary messages in between', async () => {
    const keys = Array.from({ length: 6 }, (_, i) => `p${i}`);
    await Promise.all(keys.map((key) => grid.actor(purse, key).add(100)));
    let ordinary = 0;
    const sums = new Set<number>();
    const transfer = async (from: string, to: string, fails: boolean): Promise<void> => {
      await grid
        .transaction(async () => {
          await grid.actor(purse, from).add(-1);
          await grid.actor(purse, to).add(1);
          if (fails) throw new Error('undone');
        })
        .catch((error: Error) => expect(error.message).toBe('undone'));
    };
    const worker = async (seed: number): Promise<void> => {
      for (let i = 0; i < 100; i++) {
        const [from, to] = [keys[(seed + i) % 6] as string, keys[(seed * 5 + i * 7 + 1) % 6] as string];
        if (from !== to) await transfer(from, to, i % 5 === 0);
        if (i % 3 === 0) await grid.actor(purse, from).balance();
        if (i % 7 === 0) await grid.actor(purse, to).wander();
        ordinary += 2;
      }
    };
    const auditor = async (): Promise<void> => {
      for (let i = 0; i < 10; i++) {
        const balances = await grid.transaction(() =>
          Promise.all(keys.map((key) => grid.actor(purse, key).balance())),
        );
        sums.add(balances.reduce((sum, each) => sum + each, 0));
      }
    };
    await Promise.all([0, 1, 2, 3].map(worker).concat(auditor()));
    expect(ordinary).toBe(800);
    expect([...sums]).toEqual([600]);
    const balances = await Promise.all(keys.map(balance));
    expect(balances.reduce((sum, each) => sum + each, 0)).toBe(600);
  }, 60_000);
});
