/** Who is in whose way, and ending one: views and kills over the whole grid, inline and through threads. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Grid, TransactionAbortedError, type TransactionEvent } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { eventually, gate, rejection, start, store, topologies } from './running-grid.ts';

const { accounts, counters, items } = store;

describe.each(topologies)('views %s:', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  test('a transaction that waits is listed with who it waits for, on every member', async () => {
    const holder = await grid.begin({ label: 'holder' });
    await holder.table(items).getAndSet('a', 1);
    const waiter = grid.transaction((tx) => tx.table(items).get('a'), { label: 'waiter' });
    const plain = grid.table(items).get('a');
    await eventually(async () => {
      expect(await grid.locks.list()).toHaveLength(6);
    });
    const seen = { transactions: await grid.transactions.list(), locks: await grid.locks.list() };
    const fromHost = await grid.compute.run(store.watches, undefined, { at: items.key('a') });
    for (const { transactions, locks } of [seen, fromHost]) {
      const [first, second] = transactions;
      const partition = locks[0]?.partition;
      expect(transactions).toEqual([
        {
          id: holder.id,
          label: 'holder',
          ageMs: expect.any(Number) as number,
          attempt: 1,
          state: 'running',
          readOnly: false,
          host: undefined,
          participants: [partition],
          keysHeld: 1,
          waitingFor: [],
        },
        {
          ...first,
          id: second?.id,
          label: 'waiter',
          ageMs: expect.any(Number) as number,
          state: 'waiting',
          keysHeld: 0,
          waitingFor: [holder.id],
        },
      ]);
      expect(first?.ageMs).toBeGreaterThan(0);
      expect(first?.ageMs).toBeGreaterThanOrEqual(second?.ageMs ?? Number.NaN);
      const common = { table: 'items', partition };
      const held = { ...common, kind: 'transaction', transaction: holder.id, label: 'holder', state: 'held' };
      const waits = { ...common, kind: 'transaction', transaction: second?.id, label: 'waiter' };
      const operation = {
        ...common,
        kind: 'operation',
        transaction: locks.find(({ kind }) => kind === 'operation')?.transaction,
        label: undefined,
      };
      expect([...locks].sort(byOwner)).toEqual(
        [
          { ...held, key: undefined, mode: 'IX' },
          { ...held, key: 'a', mode: 'X' },
          { ...waits, key: undefined, mode: 'IS', state: 'held' },
          { ...waits, key: 'a', mode: 'S', state: 'waiting' },
          { ...operation, key: undefined, mode: 'IS', state: 'held' },
          { ...operation, key: 'a', mode: 'S', state: 'waiting' },
        ].sort(byOwner),
      );
    }
    await holder.commit();
    expect([await waiter, await plain]).toEqual([1, 1]);
    expect([await grid.transactions.list(), await grid.locks.list()]).toEqual([[], []]);
  });

  test('keys are listed as users know them, and who runs a body is told', async () => {
    const key = [7, 42] as const;
    const entered = gate();
    const go = gate();
    const run = grid.transaction(
      async (tx) => {
        await tx.table(store.plays).set(key, { song: 'x' });
        await tx.table(items).size();
        entered.open();
        await go.opened;
      },
      { keys: [store.plays.key(key)] },
    );
    const snapshot = await grid.begin({ readOnly: true, label: 'reader' });
    await entered.opened;
    const locks = await grid.locks.list();
    expect(locks.filter(({ table }) => table === 'plays').map(({ key: of, mode }) => [of, mode])).toEqual([
      [undefined, 'IX'],
      [key, 'X'],
    ]);
    expect(locks.filter(({ table }) => table === 'items').map(({ mode }) => mode)).toEqual(
      Array.from({ length: 8 }, () => 'S'),
    );
    const rows = await grid.transactions.list();
    expect(rows).toMatchObject([
      { readOnly: false, keysHeld: 1, participants: [0, 1, 2, 3, 4, 5, 6, 7] },
      { id: snapshot.id, label: 'reader', readOnly: true, keysHeld: 0, participants: [], state: 'running' },
    ]);
    go.open();
    await run;
    await snapshot.commit();
  });

  test('a procedure is listed with its name and its host', async () => {
    const holder = await grid.begin();
    await holder.table(counters).getAndSet('b', 1);
    const run = grid.run(store.addToAll, ['a', 'b']);
    await eventually(async () => {
      expect(await grid.transactions.list()).toMatchObject([
        { id: holder.id },
        { label: 'addToAll', state: 'waiting', host: expect.any(Number) as number, waitingFor: [holder.id] },
      ]);
    });
    await holder.rollback();
    await run;
  });

  test('abort ends a blocked transaction wherever it runs, and frees its locks', async () => {
    const holder = await grid.begin();
    await holder.table(counters).getAndSet('z', 1);
    for (const run of [
      () =>
        grid.transaction(async (tx) => {
          await tx.table(counters).increment('a');
          await tx.table(counters).increment('z');
        }),
      () => grid.run(store.addToAll, ['a', 'z']),
      () =>
        grid.table(counters).setMany([
          ['a', 5],
          ['z', 5],
        ]),
    ]) {
      const error = rejection(run());
      const id = await waiting();
      expect(await grid.transactions.abort(id)).toBe(true);
      expect(await error).toMatchObject({
        code: 'TRANSACTION_ABORTED',
        retryable: false,
        details: { reason: 'killed', transaction: id },
      });
      expect(await error).toBeInstanceOf(TransactionAbortedError);
      await grid.table(counters).increment('a', 1, { timeoutMs: 5_000 });
      expect(await grid.transactions.abort(id)).toBe(false);
    }
    await holder.rollback();
    expect(await grid.table(counters).get('a')).toBe(3);
  });

  test('abort reaches explicit and read-only transactions, also from a host', async () => {
    const at = { at: items.key('a') };
    const tx = await grid.begin();
    await tx.table(items).getAndSet('a', 1);
    expect(await grid.compute.run(store.ends, tx.id, at)).toBe(true);
    expect(await rejection(tx.commit())).toMatchObject({
      code: 'TRANSACTION_FINISHED',
      cause: { details: { reason: 'killed' } },
    });
    const reader = await grid.begin({ readOnly: true });
    expect(await grid.transactions.abort(reader.id)).toBe(true);
    expect(await rejection(reader.commit())).toMatchObject({ code: 'TRANSACTION_FINISHED' });
    const entered = gate<number>();
    const reading = rejection(
      grid.transaction(
        async (of) => {
          entered.open(of.id);
          await new Promise(() => undefined);
        },
        { readOnly: true },
      ),
    );
    const id = await entered.opened;
    expect(await grid.compute.run(store.ends, id, at)).toBe(true);
    expect(await reading).toMatchObject({ details: { reason: 'killed' } });
    expect(await grid.transactions.list()).toEqual([]);
  });

  test('abort of what nobody knows, has ended or is no id', async () => {
    const tx = await grid.begin();
    await tx.commit();
    expect(await grid.transactions.abort(tx.id)).toBe(false);
    expect(await grid.transactions.abort(2 ** 50)).toBe(false);
    for (const id of [-1, 1.5, Number.NaN]) {
      expect(await rejection(grid.transactions.abort(id))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    for (const options of [{ timeoutMs: -1 }, { timeout: 1 }]) {
      expect(await rejection(grid.locks.list(options))).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await rejection(grid.transactions.list(options))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });

  test('abort takes the id of an attempt that was tried again, and nothing follows', async () => {
    const older = await grid.begin();
    await older.table(counters).get('older');
    const ids: number[] = [];
    const entered = gate();
    const younger = rejection(
      grid.transaction(async (tx) => {
        ids.push(tx.id);
        await tx.table(counters).increment('a');
        entered.open();
        await tx.table(counters).increment('older');
      }),
    );
    await entered.opened;
    await older.table(counters).increment('a');
    await eventually(async () => {
      expect(await grid.transactions.list()).toMatchObject([{}, { attempt: 2, state: 'waiting' }]);
    });
    expect(await grid.transactions.abort(ids[0] ?? 0)).toBe(true);
    expect(await younger).toMatchObject({ details: { reason: 'killed' } });
    const attempts = ids.length;
    await older.commit();
    expect(await grid.table(counters).get('a')).toBe(1);
    expect(ids).toHaveLength(attempts);
  });

  test('abort at any moment of a commit either undoes it all or comes too late', async () => {
    const keys = Array.from({ length: 8 }, (__, i) => `key-${i}`);
    let killed = 0;
    for (let i = 1; i <= 60; i++) {
      const begun = gate<number>();
      const run = grid.transaction(async (tx) => {
        await tx.table(counters).setMany(keys.map((key) => [key, i]));
        begun.open(tx.id);
        for (let turns = i % 4; turns > 0; turns--) await tx.table(counters).get(keys[turns] ?? '');
      });
      const outcome = run.then(
        () => 'committed',
        (error: unknown) => error,
      );
      const ended = await grid.transactions.abort(await begun.opened);
      const [values, how] = [await grid.table(counters).getMany(keys), await outcome];
      if (ended) {
        killed++;
        expect(how).toMatchObject({ details: { reason: 'killed' } });
        expect(values).not.toContain(i);
      } else {
        expect(how).toBe('committed');
        expect(new Set(values)).toEqual(new Set([i]));
      }
    }
    expect(await grid.transactions.metrics()).toMatchObject({ aborted: { killed }, committed: 60 - killed });
  });

  test('a wounded transaction says which lock it lost, and to whom', async () => {
    const older = await grid.begin({ label: 'audit' });
    await older.table(counters).get('older');
    const entered = gate();
    const younger = rejection(
      grid.transaction(
        async (tx) => {
          await tx.table(accounts).getAndSet('alice', { balance: 1 });
          entered.open();
          await tx.table(counters).getAndSet('older', 1);
        },
        { retries: 0, label: 'transfer' },
      ),
    );
    await entered.opened;
    await older.table(accounts).get('alice');
    const error = await younger;
    expect(error).toMatchObject({
      details: {
        reason: 'wounded',
        label: 'transfer',
        table: 'accounts',
        key: 'alice',
        holder: { transaction: older.id, label: 'audit' },
      },
    });
    expect((error as Error).message).toContain(
      `key "alice" of table 'accounts', needed by transaction 'audit' (${older.id})`,
    );
    await older.rollback();
  });

  test('a transaction that ran out of time in line says what it waited for, and who has it', async () => {
    const holder = await grid.begin({ label: 'holder' });
    await holder.table(items).getAndSet('a', 1);
    const held = { table: 'items', holder: { transaction: holder.id, label: 'holder' } };
    for (const [run, details] of [
      [() => grid.transaction((tx) => tx.table(items).get('a'), { timeoutMs: 20 }), { ...held, key: 'a' }],
      [
        () =>
          grid.transaction(() => 1, { timeoutMs: 20, keys: ['b', 'a', 'c'].map((key) => items.key(key)) }),
        { ...held, key: 'a' },
      ],
      [
        () =>
          grid.table(items).setMany(
            [
              ['a', 1],
              ['d', 1],
            ],
            { timeoutMs: 20 },
          ),
        { ...held, key: 'a' },
      ],
      [() => grid.transaction((tx) => tx.table(items).size(), { timeoutMs: 20 }), held],
    ] as const) {
      const error = await rejection(run());
      expect(error).toMatchObject({ details: { reason: 'timeout', ...details } });
      expect((error as Error).message).toMatch(/it waited for .*table 'items' behind transaction 'holder'/);
    }
    const explicit = await grid.begin({ timeoutMs: 20 });
    expect(await rejection(explicit.table(items).get('a'))).toMatchObject({
      details: { reason: 'timeout', ...held, key: 'a' },
    });
    const slow = grid.transaction(() => new Promise(() => undefined), { timeoutMs: 20 });
    expect(Object.keys(((await rejection(slow)) as TransactionAbortedError).details)).not.toContain('holder');
    await holder.rollback();
  });

  test('metrics add up to what was run', async () => {
    const keys = ['a', 'b', 'c'];
    let attempts = 0;
    let failed = 0;
    const runs = Array.from({ length: 120 }, (__, i) => {
      const first = keys[i % 3] ?? '';
      const second = keys[(i + 1 + (i % 2)) % 3] ?? '';
      const run = grid.transaction(
        async (tx) => {
          attempts++;
          await tx.table(counters).increment(first);
          await tx.table(counters).increment(second);
          if (i % 10 === 0) throw new RangeError('asked to fail');
        },
        i % 10 === 5 ? { retries: 0 } : {},
      );
      return run.then(
        () => 'committed',
        (error: unknown) => {
          failed++;
          return error instanceof RangeError ? 'user' : (error as TransactionAbortedError).details.reason;
        },
      );
    });
    const outcomes = await Promise.all(runs);
    const reader = await grid.begin({ readOnly: true });
    await reader.commit();
    await grid.transaction((tx) => tx.table(counters).get('a'), { readOnly: true });
    const count = (outcome: string): number => outcomes.filter((each) => each === outcome).length;
    const metrics = await grid.transactions.metrics();
    expect(metrics).toMatchObject({
      begun: 120,
      underWay: 0,
      committed: 120 - failed,
      aborted: { wounded: count('wounded'), user: 12, timeout: 0, killed: 0, partitionLost: 0, queueFull: 0 },
      attempts,
      retries: attempts - 120,
      snapshots: 2,
      attemptsPerTransaction: { count: 120 },
      durationMs: { count: 120 },
    });
    expect(count('user')).toBe(12);
    const { locks, durationMs, attemptsPerTransaction } = metrics;
    expect(Math.round(attemptsPerTransaction.mean * 120)).toBe(attempts);
    expect(locks.waits).toBeGreaterThan(0);
    expect(locks.waitMs.count).toBe(locks.waits);
    expect(locks.wounds).toBeGreaterThanOrEqual(metrics.retries + metrics.aborted.wounded);
    expect(durationMs.p50).toBeGreaterThan(0);
    expect(durationMs.p50).toBeLessThanOrEqual(durationMs.p90);
    expect(durationMs.p90).toBeLessThanOrEqual(durationMs.p99);
    expect(durationMs.p99).toBeLessThanOrEqual(durationMs.max);
    expect(durationMs.buckets.reduce((sum, { count: n }) => sum + n, 0)).toBe(120);
  });

  test('what is tried again and aborted is published to those who listen', async () => {
    const events: TransactionEvent[] = [];
    const listen = (event: unknown): void => void events.push(event as TransactionEvent);
    subscribe('troupe.transaction', listen);
    const older = await grid.begin();
    await older.table(counters).get('older');
    const entered = gate();
    const younger = rejection(
      grid.transaction(
        async (tx) => {
          await tx.table(counters).increment('a');
          entered.open();
          await tx.table(counters).increment('older');
          throw new RangeError('asked to fail');
        },
        { label: 'young' },
      ),
    );
    await entered.opened;
    await older.table(counters).increment('a');
    await older.commit();
    await younger;
    const failing = await grid.begin({ label: 'mine' });
    await failing.rollback();
    unsubscribe('troupe.transaction', listen);
    await rejection(grid.transaction(() => Promise.reject(new Error('unheard'))));
    const told = events.map(({ event, label, attempt, error }) => [
      event,
      label,
      attempt,
      (error as Error).name,
    ]);
    const retries = told.length - 2;
    expect(retries).toBeGreaterThan(0);
    expect(told.slice(0, retries)).toEqual(
      Array.from({ length: retries }, (__, i) => ['retried', 'young', i + 1, 'TransactionAbortedError']),
    );
    expect(told.slice(retries)).toEqual([
      ['aborted', 'young', retries + 1, 'RangeError'],
      ['aborted', 'mine', 1, 'TransactionAbortedError'],
    ]);
  });

  test('views of a closed grid are refused', async () => {
    await grid.close();
    for (const call of [
      grid.transactions.list(),
      grid.transactions.metrics(),
      grid.transactions.abort(1),
      grid.locks.list(),
    ]) {
      expect(await rejection(call)).toMatchObject({ code: 'GRID_CLOSED' });
    }
  });

  /** The id of the only transaction that waits, once one does. */
  function waiting(): Promise<number> {
    return eventually(async () => {
      const rows = (await grid.transactions.list()).filter(({ state }) => state === 'waiting');
      expect(rows).toHaveLength(1);
      return rows[0]?.id ?? 0;
    });
  }
});

describe('a transaction that pauses before its next attempt', () => {
  test('is listed as such, and abort ends it there', async () => {
    const grid = await start(0);
    const older = await Promise.all(Array.from({ length: 40 }, () => grid.begin()));
    await older[0]?.table(counters).get('older');
    let entered = gate();
    let ran = 0;
    const younger = rejection(
      grid.transaction(async (tx) => {
        ran++;
        await tx.table(counters).increment(`key-${tx.attempt}`);
        entered.open();
        await tx.table(counters).increment('older');
      }),
    );
    // Wounded again and again, it pauses longer each time: up to 50 ms.
    let ended = false;
    for (let attempt = 1; !ended; attempt++) {
      await entered.opened;
      entered = gate();
      await older[attempt]?.table(counters).increment(`key-${attempt}`);
      const [row] = (await grid.transactions.list()).filter(({ state }) => state === 'retrying');
      if (row === undefined || attempt < 8) continue;
      expect(row).toMatchObject({ attempt, keysHeld: 0, participants: [], waitingFor: [] });
      ended = await grid.transactions.abort(row.id);
    }
    const before = ran;
    expect(await younger).toMatchObject({ details: { reason: 'killed' } });
    await Promise.all(older.map((tx) => tx.rollback()));
    // Longer than any pause.
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(ran).toBe(before);
    expect(await grid.transactions.metrics()).toMatchObject({
      aborted: { killed: 1, user: 40 },
      attempts: 40 + ran,
      retries: ran - 1,
    });
  });
});

describe('views of hosts in trouble:', () => {
  /** Threads start, and start again. */
  const patient = { timeout: 30_000 };

  test(
    'a host that dies is left out until it serves again, and nothing of it is listed',
    patient,
    async () => {
      const grid = await start(2);
      const keys = Array.from({ length: 16 }, (_, i) => items.key(`key-${i}`));
      const holder = await grid.begin({ label: 'holder' });
      await holder.table(items).getMany(keys.map(({ key }) => key));
      const partitions = (await grid.locks.list()).map(({ partition }) => partition % 2);
      expect(new Set(partitions)).toEqual(new Set([0, 1]));
      const dying = grid.terminateHost(0);
      let dead = false;
      const looks = (async () => {
        for (; !dead; ) {
          await grid.transactions.list();
          await grid.transactions.metrics();
          expect(await grid.transactions.abort(2 ** 50)).toBe(false);
          const there = (await grid.locks.list()).length;
          if (there === 0) return;
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      await dying;
      dead = true;
      await looks;
      expect((await grid.locks.list()).filter(({ partition }) => partition % 2 === 0)).toEqual([]);
      expect(await rejection(holder.commit())).toMatchObject({ cause: { code: 'PARTITION_LOST' } });
      expect((await grid.transactions.metrics()).aborted.partitionLost).toBeGreaterThanOrEqual(1);
      await eventually(async () => {
        expect(grid.hosts().map(({ state }) => state)).toEqual(['serving', 'serving']);
      }, 20_000);
      expect(await grid.locks.list()).toEqual([]);
      expect(await grid.transactions.list()).toEqual([]);
    },
  );

  test(
    'a transaction that was wounded a moment before it was ended is not tried again',
    patient,
    async () => {
      const grid = await start(2);
      const table = grid.table(counters);
      const older = await grid.begin();
      await older.table(counters).get('older');
      await older.table(counters).increment('z');
      // Locked at once, while 'z' is waited for.
      const key = await inAnotherPartition(grid, 'z');
      let ran = 0;
      const younger = rejection(
        grid.transaction(() => ++ran, { keys: [counters.key(key), counters.key('z')] }),
      );
      const id = await eventually(async () => {
        const row = (await grid.transactions.list()).find(({ state }) => state === 'waiting');
        expect(row).toMatchObject({ keysHeld: 1 });
        return row?.id ?? 0;
      });
      const taken = older.table(counters).increment(key);
      // So many that they leave at once.
      const others = Array.from({ length: 100 }, () => table.get(key));
      for (const until = performance.now() + 100; performance.now() < until; );
      expect(await grid.transactions.abort(id)).toBe(true);
      expect(await younger).toMatchObject({ details: { reason: 'killed' } });
      await taken;
      await older.commit();
      await Promise.all(others);
      await eventually(async () => {
        expect(await grid.transactions.list()).toEqual([]);
      });
      expect(ran).toBe(0);
    },
  );

  test('a host that does not answer is named', patient, async () => {
    const grid = await start(2);
    const timeoutMs = 100;
    const busy = grid.compute.run(store.blocks, 1_000, { at: { host: 1 } });
    // Until the job has begun.
    await eventually(async () => {
      expect(await rejection(grid.transactions.list({ timeoutMs }))).toMatchObject({
        code: 'TIMEOUT',
        message: expect.stringContaining('host 1 did not answer within 100 ms') as string,
        details: { host: 1, timeoutMs, outcome: 'not-done' },
      });
    });
    expect(await rejection(grid.transactions.abort(1, { timeoutMs }))).toMatchObject({
      code: 'TIMEOUT',
      details: { outcome: 'unknown' },
    });
    const tx = await grid.begin();
    expect(await grid.transactions.abort(tx.id, { timeoutMs: 5_000 })).toBe(true);
    await busy;
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await rejection(grid.locks.list({ signal }))).toBe(signal.reason);
  });
});

/** A key that is in another partition than this one. */
async function inAnotherPartition(grid: Grid, than: string): Promise<string> {
  const tx = await grid.begin();
  await tx.table(items).get(than);
  for (let i = 0; ; i++) {
    await tx.table(items).get(`key-${i}`);
    const locks = await grid.locks.list();
    const partitionOf = (of: string): number | undefined => locks.find(({ key }) => key === of)?.partition;
    if (partitionOf(`key-${i}`) === partitionOf(than)) continue;
    await tx.rollback();
    return `key-${i}`;
  }
}

function byOwner(a: Owned, b: Owned): number {
  return (a.transaction ?? 0) - (b.transaction ?? 0) || (a.mode < b.mode ? -1 : 1);
}

interface Owned {
  readonly transaction?: number | undefined;
  readonly mode: string;
}
