/** Jobs, and chains of actors, jobs and procedures, that are called in transactions; and how such calls end early. */
import { createRequire } from 'node:module';
import type { Grid } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, gate, rejection, start, topologies } from './running-grid.ts';

const joinedUrl = new URL('./fixtures/joined.mjs', import.meta.url);
const joined = createRequire(import.meta.url)(
  './fixtures/joined.mjs',
) as typeof import('./fixtures/joined.mjs');
const { counters, notes, purse, relay, Refused } = joined;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

describe.each(topologies)('called in a transaction, %s,', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules: [joinedUrl] });
  });

  const at = (key: string): { at: ReturnType<typeof notes.key> } => ({ at: notes.key(key) });

  /** Nobody holds a lock any more, nor takes one back. */
  async function nothingLeft(): Promise<void> {
    await grid.transaction(() => undefined, { keys: 'all', timeoutMs: 5_000 });
  }

  test('a job writes in it, reads what the body wrote, and has the live data beside', async () => {
    await grid.transaction(
      async (tx) => {
        await tx.table(notes).set('mine', 1);
        const [here] = await grid.compute.run(relay, { at: 'n' }, at('n'));
        expect(here.about).toEqual({ id: tx.id, attempt: 1, label: 'outer', readOnly: false });
        // The job's own write is not in the data of its host yet.
        expect(here.local).toBeUndefined();
        expect(await tx.table(notes).get('n')).toBe('relay');
        expect(
          await grid.transaction(() => grid.table(notes).size(), { independent: true, readOnly: true }),
        ).toBe(0);
      },
      { label: 'outer' },
    );
    expect(await grid.table(notes).get('n')).toBe('relay');
  });

  test('a job is undone with it, and with a nested transaction', async () => {
    const undone = new Error('undone');
    const outcome = grid.transaction(async (tx) => {
      await rejection(
        tx.transaction(async () => {
          await grid.compute.run(relay, { at: 'inner' }, at('inner'));
          throw new Error('inner');
        }),
      );
      expect(await tx.table(notes).get('inner')).toBeUndefined();
      await grid.compute.run(relay, { at: 'outer' }, at('outer'));
      throw undone;
    });
    expect(await rejection(outcome)).toBe(undone);
    expect(await grid.table(notes).size()).toBe(0);
  });

  test('a job that was submitted is part of it', async () => {
    await grid.transaction(async (tx) => {
      const execution = grid.compute.submit(relay, { at: 's' }, at('s'));
      await execution.result;
      expect(await tx.table(notes).get('s')).toBe('relay');
    });
    expect(await grid.table(notes).get('s')).toBe('relay');
  });

  test('a job that fails aborts all of it with its error', async () => {
    const error = await rejection(
      grid.transaction(async (tx) => {
        await tx.table(notes).set('mine', 1);
        await grid.compute.run(relay, { at: 'n', next: 'fail' }, at('n'));
      }),
    );
    expect(error).toBeInstanceOf(Refused);
    const caught = await rejection(
      grid.transaction((tx) => {
        void tx.table(notes).set('mine', 1);
        return rejection(grid.compute.run(relay, { at: 'n', next: 'fail' }, { ...at('n'), retries: 3 }));
      }),
    );
    expect(caught).toMatchObject({ code: 'TRANSACTION_ABORTED', details: { reason: 'user' } });
    expect((caught as Error).cause).toMatchObject({ name: 'Refused', amount: 2 });
    expect(await grid.table(notes).size()).toBe(0);
  });

  test('a job stays outside where it is told to', async () => {
    await rejection(
      grid.transaction(async () => {
        const [here] = await grid.compute.run(relay, { at: 'n' }, { ...at('n'), transaction: false });
        expect(here.about).toBeUndefined();
        throw new Error('undone');
      }),
    );
    expect(await grid.table(notes).get('n')).toBe('relay');
    expect(
      await rejection(grid.compute.run(relay, { at: 'n' }, { ...at('n'), transaction: 1 as never })),
    ).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a job in a read-only one reads the same moment', async () => {
    await grid.table(counters).set('k', 1);
    const seen = await grid.transaction(
      async (tx) => {
        const first = await tx.table(counters).get('k');
        await grid.transaction((other) => other.table(counters).set('k', 2), { independent: true });
        return [first, await grid.compute.run(joined.reads, 'k', { at: counters.key('k') })];
      },
      { readOnly: true },
    );
    expect(seen).toEqual([1, 1]);
    const refused = grid.transaction(() => grid.compute.run(relay, { at: 'n' }, at('n')), { readOnly: true });
    expect(await rejection(refused)).toMatchObject({ code: 'READ_ONLY' });
    expect(await grid.table(counters).get('k')).toBe(2);
  });

  test('what is called when the transaction has ended is refused, and throws nothing at the caller', async () => {
    for (const options of [{ readOnly: true }, {}]) {
      const { opened, open } = gate();
      let late: Promise<unknown[]> = Promise.resolve([]);
      await grid.transaction(() => {
        const calls = async (): Promise<unknown[]> => {
          await opened;
          return Promise.all([
            rejection(grid.actor(purse, 'a').add(1)),
            rejection(grid.tell(purse, 'a').add(1)),
            rejection(grid.compute.run(relay, { at: 'n' }, at('n'))),
          ]);
        };
        late = calls();
      }, options);
      open();
      const finished = { code: 'TRANSACTION_FINISHED' };
      const actors = 'readOnly' in options ? { code: 'READ_ONLY' } : finished;
      expect(await late).toMatchObject([actors, actors, finished]);
    }
    expect(await grid.actor(purse, 'a').balance()).toBe(0);
  });

  test('a chain of an actor, a job and a procedure is one transaction on all threads', async () => {
    const chain = async (): Promise<unknown> => {
      const [here, rest] = await grid.actor(purse, 'x').run({ at: 'a', next: 'job' });
      await grid.actor(purse, 'x').run({ at: 'b', next: 'procedure' });
      const [, about] = await grid.compute.run(relay, { at: 'c', next: 'actor' }, at('c'));
      return [
        here.about?.id,
        (rest as [{ about: { id: number } }])[0].about.id,
        (about as { id: number }).id,
      ];
    };
    await rejection(
      grid.transaction(async () => {
        await chain();
        throw new Error('undone');
      }),
    );
    expect(await grid.table(notes).size()).toBe(0);
    await grid.transaction(async (tx) => expect(await chain()).toEqual([tx.id, tx.id, tx.id]));
    const keys = (await collect(grid.table(notes).keys())).sort();
    expect(keys).toEqual(['a', 'a+', 'b', 'b-procedure', 'c']);
    await nothingLeft();
  });

  test('a transaction that begins in a job on a host has parts elsewhere, too', async () => {
    await Promise.all(['a', 'b'].map((key) => grid.actor(purse, key).add(100)));
    for (const host of threads === 0 ? [0] : [0, 1]) {
      await grid.compute.run(joined.pays, { from: 'a', to: 'b', amount: 10 }, { at: { host } });
      const failed = grid.compute.run(
        joined.pays,
        { from: 'a', to: 'b', amount: 5, fails: true },
        { at: { host } },
      );
      expect(await rejection(failed)).toBeInstanceOf(Refused);
    }
    const moved = threads === 0 ? 10 : 20;
    expect(await grid.actor(purse, 'a').balance()).toBe(100 - moved);
    expect(await grid.actor(purse, 'b').balance()).toBe(100 + moved);
    await nothingLeft();
  });

  test('a wound undoes what parts have done, and the next attempt does it once', async () => {
    const holds = gate();
    const goesOn = gate();
    const attempts: number[] = [];
    const older = await grid.begin();
    await older.table(counters).get('other');
    const running = grid.transaction(async (tx) => {
      attempts.push(tx.attempt);
      await tx.table(counters).increment('k');
      await grid.actor(purse, 'a').add(1);
      await grid.compute.run(relay, { at: 'n' }, at('n'));
      if (tx.attempt > 1) return;
      holds.open();
      await goesOn.opened;
      await tx.table(counters).get('k2');
    });
    await holds.opened;
    await older.table(counters).increment('k');
    goesOn.open();
    await older.commit();
    await running;
    expect(attempts).toEqual([1, 2]);
    expect(await grid.actor(purse, 'a').state()).toEqual({ balance: 1, turns: 1 });
    expect(await grid.table(counters).get('k')).toBe(2);
    await nothingLeft();
  });

  test.each(['a deadline', 'a signal'])('%s ends the parts under way, which leave nothing', async (way) => {
    const controller = new AbortController();
    const bounds = way === 'a deadline' ? { timeoutMs: 300 } : { signal: controller.signal };
    const running = grid.transaction(async (tx) => {
      await tx.table(notes).set('mine', 1);
      await grid.actor(purse, 'a').add(1);
      await grid.compute.run(joined.waitsForSignal, 'bell', { at: counters.key('elsewhere') });
    }, bounds);
    const error = rejection(running);
    await until(async () => (await grid.table(counters).get('bell')) === 1);
    controller.abort(new Error('enough'));
    expect(await error).toMatchObject(
      way === 'a deadline'
        ? { code: 'TRANSACTION_ABORTED', details: { reason: 'timeout' } }
        : { message: 'enough' },
    );
    // The job was told, and what it did then was refused.
    await until(async () => (await grid.table(notes).get('bell-told')) !== undefined);
    expect(await grid.table(notes).get('bell-told')).toBe('TRANSACTION_FINISHED');
    expect(await grid.table(notes).size()).toBe(1);
    expect(await grid.actor(purse, 'a').balance()).toBe(0);
    await nothingLeft();
  });

  test('the options of a call bound its wait, and end the transaction', async () => {
    const door = await grid.begin();
    await door.table(counters).increment('door');
    const calls = [
      () => grid.actor(purse, 'a', { timeoutMs: 30 }).addBehind('door', 1),
      () => grid.compute.run(relay, { at: 'n', door: 'door' }, { ...at('n'), timeoutMs: 30 }),
    ];
    for (const call of calls) {
      const error = await rejection(grid.transaction(() => rejection(call())));
      expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED', details: { reason: 'timeout' } });
    }
    await door.rollback();
    expect(await grid.table(counters).size()).toBe(0);
    await nothingLeft();
  });

  test('nested transactions side by side are refused, plain operations and calls side by side are not', async () => {
    const { opened, open } = gate();
    const error = await rejection(
      grid.transaction(async (tx) => {
        const first = tx.transaction(async (inner) => {
          await opened;
          // One within the innermost is no sibling, whoever's object begins it.
          await inner.transaction(() => tx.table(notes).set('deep', 1));
          await tx.transaction(() => tx.table(notes).set('deeper', 1));
        });
        const second = await rejection(tx.transaction(() => undefined));
        expect((second as Error).message).toMatch(/while another one of the same body was under way/);
        const third = await rejection(grid.run(joined.record, 'x'));
        expect(third).toMatchObject({ code: 'INVALID_ARGUMENT' });
        open();
        await first;
        expect(await tx.table(notes).get('deeper')).toBe(1);
        await tx.transaction(() => undefined);
        throw second;
      }),
    );
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await grid.transaction(async (tx) => {
      const table = tx.table(counters);
      await Promise.all([
        table.set('a', 1),
        table.increment('b'),
        table.get('a'),
        grid.actor(purse, 'a').add(1),
        grid.actor(purse, 'b').add(1),
        grid.compute.run(relay, { at: 'n' }, at('n')),
      ]);
    });
    expect(await grid.table(counters).size()).toBe(2);
  });

  test('a nested transaction that fails beside what others write takes all of it along', async () => {
    const error = await rejection(
      grid.transaction(async (tx) => {
        const { opened, open } = gate();
        const nested = rejection(
          tx.transaction(async () => {
            await tx.table(counters).increment('inner');
            await opened;
            throw new Error('inner');
          }),
        );
        await grid.compute.run(relay, { at: 'beside' }, at('beside'));
        open();
        await nested;
      }),
    );
    expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED', details: { reason: 'user' } });
    expect((error as Error).cause).toMatchObject({ code: 'INVALID_ARGUMENT' });
    // Within the nested one itself nothing is beside it.
    await grid.transaction(async (tx) => {
      await tx.table(counters).set('kept', 1);
      await rejection(
        tx.transaction(async () => {
          await grid.compute.run(joined.counts, { key: 'inner' }, at('x'));
          await grid.actor(purse, 'a').note('n', 1);
          await tx.table(notes).set('m', 1);
          throw new Error('inner');
        }),
      );
    });
    expect([await grid.table(counters).size(), await grid.table(notes).size()]).toEqual([1, 0]);
  });

  test('nested transactions of jobs side by side are refused, too', async () => {
    const door = await grid.begin();
    await door.table(counters).increment('k');
    const run = (key: string, fails = false): Promise<void> =>
      grid.compute.run(joined.counts, { key, fails }, { at: counters.key(key) });
    const both = rejection(grid.transaction(() => Promise.all([run('k'), run('k2')])));
    expect(await both).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await door.rollback();
    expect(await grid.table(counters).size()).toBe(0);
    await grid.transaction(async () => {
      await run('k');
      await run('k2');
    });
    expect(await grid.table(counters).getMany(['k', 'k2'])).toEqual([1, 1]);
  });
});

describe('the death of a thread', () => {
  /** A key of `notes` whose partition is on this host. */
  async function keyOn(grid: Grid, host: number): Promise<string> {
    for (let i = 0; ; i++) {
      const [here] = await grid.compute.run(relay, { at: `key ${i}` }, { at: notes.key(`key ${i}`) });
      await grid.table(notes).delete(`key ${i}`);
      if (here.host === host) return `key ${i}`;
    }
  }

  test('while a job of a transaction runs there aborts it; the job is not run again', async () => {
    const grid = await start(2, { modules: [joinedUrl] });
    const [on0, on1] = [await keyOn(grid, 0), await keyOn(grid, 1)];
    const error = await rejection(
      grid.transaction(async (tx) => {
        await tx.table(notes).set(on0, 1);
        await grid.compute.run(relay, { at: on1, next: 'exit' }, { at: notes.key(on1) });
      }),
    );
    expect(error).toMatchObject({ code: 'HOST_LOST', details: { host: 1 } });
    const left = await grid.transaction((tx) => tx.table(notes).size(), { keys: 'all', timeoutMs: 10_000 });
    expect(left).toBe(0);
  });

  test('while an actor of a transaction has its turn there aborts it', async () => {
    const grid = await start(2, { modules: [joinedUrl] });
    const [on0, on1] = [await keyOn(grid, 0), await keyOn(grid, 1)];
    const error = await rejection(
      grid.transaction(async () => {
        await grid.actor(purse, on0).add(1);
        await grid.actor(purse, on1).exit();
      }),
    );
    expect(error).toMatchObject({ code: 'PARTITION_LOST' });
    expect(await grid.actor(purse, on0).balance()).toBe(0);
    expect(await grid.actor(purse, on1).balance()).toBe(0);
    await grid.transaction(() => undefined, { keys: 'all', timeoutMs: 10_000 });
  });

  test('in the middle of a chain ends what it had called', async () => {
    const grid = await start(2, { modules: [joinedUrl] });
    const [on0, on1] = [await keyOn(grid, 0), await keyOn(grid, 1)];
    const error = rejection(
      grid.transaction(() =>
        grid.compute.run(relay, { at: on0, next: 'wait', door: on1 }, { at: notes.key(on0) }),
      ),
    );
    await until(async () => (await grid.table(counters).get('bell')) === 1);
    await grid.terminateHost(0);
    expect(await error).toMatchObject({ code: 'HOST_LOST' });
    await until(async () => (await grid.table(notes).get('bell-told')) === 'TRANSACTION_FINISHED');
    await grid.transaction(() => undefined, { keys: 'all', timeoutMs: 10_000 });
  });

  test('that coordinates undoes its transaction on the others', async () => {
    const grid = await start(2, { modules: [joinedUrl] });
    const [on0, on1] = [await keyOn(grid, 0), await keyOn(grid, 1)];
    const door = await grid.begin();
    await door.table(counters).increment('k');
    // Begins on host 0, has changed an actor on host 1, and waits. The job itself is no part of a transaction: it is run again.
    const running = grid.compute.run(
      joined.pays,
      { from: on1, to: on0, amount: 1, door: 'k' },
      { at: { host: 0 }, timeoutMs: 20_000 },
    );
    await until(async () => (await grid.table(notes).get('k-bell')) === 1);
    await grid.terminateHost(0);
    await door.rollback().catch(() => undefined);
    await running;
    expect(await grid.actor(purse, on1).state()).toEqual({ balance: -1, turns: 1 });
    expect(await grid.actor(purse, on0).balance()).toBe(1);
    await grid.transaction(() => undefined, { keys: 'all', timeoutMs: 10_000 });
  });
});
