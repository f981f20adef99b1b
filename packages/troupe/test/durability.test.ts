/** Grids with storage, on real threads: what was acknowledged survives hosts, what is not durable is seen by nobody. */
import { createRequire } from 'node:module';
import type { Grid, GridOptions } from 'troupe';
import { describe, expect, test } from 'vitest';
import { type TryingStorage, tryingStorage } from './fixtures/trying-storage.mjs';
import { collect, eventually, rejection, start, topologies } from './running-grid.ts';

const url = new URL('./fixtures/kills/definitions.mjs', import.meta.url);
const { accounts, counters, counting, lists, performs } = createRequire(import.meta.url)(
  './fixtures/kills/definitions.mjs',
) as typeof import('./fixtures/kills/definitions.mjs');

const options = { modules: [url], partitions: 8 } satisfies GridOptions;

/** A grid whose storage the test has in hand. */
async function startTrying(threads: number, more: GridOptions = {}): Promise<[Grid, TryingStorage]> {
  const trying = tryingStorage();
  return [await start(threads, { ...options, storage: trying.storage, ...more }), trying];
}

/** Kills all hosts at once; resolves when they serve again. */
async function killAll(grid: Grid): Promise<void> {
  const count = grid.hosts().length;
  await Promise.all(Array.from({ length: count }, (_, host) => grid.terminateHost(host)));
  await serving(grid);
}

function serving(grid: Grid): Promise<void> {
  return eventually(() =>
    Promise.resolve(expect(grid.hosts().every(({ state }) => state === 'serving')).toBe(true)),
  );
}

/** Resolves when nothing that was asked for before can come any more without the storage. */
async function heldUp(trying: TryingStorage): Promise<void> {
  await eventually(() => Promise.resolve(expect(trying.waiting()).toBeGreaterThan(0)));
}

/** Its code, and what its outcome is said to be. */
const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const { code, details } = (await rejection(promise)) as { code: string; details: { outcome?: string } };
  return [code, details.outcome];
};

describe('with backups: 1 the death of every host loses nothing that was acknowledged:', () => {
  test('entries, whoever wrote them, and removals', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    const table = grid.table(accounts);
    await table.set('plain', 1);
    await table.increment('plain', 5);
    await table.setMany(Array.from({ length: 40 }, (_, i) => [`many-${i}`, i]));
    await table.set('gone', 1);
    await table.delete('gone');
    await grid.transaction((tx) => tx.table(accounts).set('transaction', 2));
    await grid.run(performs, [['append', 'procedure', 3]]);
    await grid.table(counters).set('cleared', 1);
    await grid.table(counters).clear();
    await grid.table(counters).set('after', 1);
    await killAll(grid);
    expect(await table.getMany(['plain', 'many-7', 'gone', 'transaction'])).toEqual([6, 7, undefined, 2]);
    expect(await grid.table(lists).get('procedure')).toEqual([3]);
    expect(await collect(grid.table(counters).entries())).toEqual([['after', 1]]);
    expect(await table.size()).toBe(42);
  });

  test('states of actors, from turns and from transactions', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    expect(await grid.actor(counting, 'turns').add(2)).toBe(2);
    expect(await grid.actor(counting, 'turns').add(3)).toBe(5);
    await grid.transaction(() => grid.actor(counting, 'transaction').add(7));
    await killAll(grid);
    expect(await grid.actor(counting, 'turns').sum()).toBe(5);
    expect(await grid.actor(counting, 'transaction').sum()).toBe(7);
    await grid.transaction(() => grid.actor(counting, 'turns').add(1));
    await killAll(grid);
    expect(await grid.actor(counting, 'turns').add(1)).toBe(7);
  });

  test('what a call with an idempotency key was answered', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    const once = { idempotencyKey: 'once' };
    const add = (): Promise<number> =>
      grid.transaction((tx) => tx.table(counters).increment('sum', 1), once) as Promise<number>;
    expect(await add()).toBe(1);
    await killAll(grid);
    expect(await add()).toBe(1);
    expect(await grid.table(counters).get('sum')).toBe(1);
  });

  test('and events say so', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    const events: unknown[] = [];
    grid.on('partitionsLost', ({ dataLost }) => events.push(['lost', dataLost]));
    grid.on('recovering', ({ phase, done, total }) => events.push([phase, done, total]));
    grid.on('partitionsRestored', ({ dataLost }) => events.push(['restored', dataLost]));
    await grid.terminateHost(0);
    await eventually(() => Promise.resolve(expect(events).toContainEqual(['restored', false])));
    expect(events[0]).toEqual(['lost', false]);
    expect(events).toContainEqual(['partitions', 4, 4]);
  });

  test('partitions of many pages', async () => {
    const grid = await start(1, { ...options, partitions: 1, backups: 1 });
    const text = 'x'.repeat(2_000);
    const table = grid.table(lists as never) as ReturnType<typeof grid.table<string, string>>;
    await table.setMany(Array.from({ length: 1_000 }, (_, i) => [`key-${i}`, `${text}${i}`]));
    await killAll(grid);
    expect(await table.size()).toBe(1_000);
    expect(await table.get('key-999')).toBe(`${text}999`);
  });

  test('a transaction that the death has aborted is tried again', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    let runs = 0;
    const answer = await grid.transaction(async (tx) => {
      const sum = await tx.table(counters).increment('sum', 1);
      if (++runs === 1) await killAll(grid);
      return sum;
    });
    expect([answer, runs]).toEqual([1, 2]);
  });

  test('a snapshot from before is refused rather than answered without the past', async () => {
    const grid = await start(1, { ...options, partitions: 1, backups: 1 });
    const table = grid.table(counters);
    await table.set('a', 1);
    const past = await grid.begin({ readOnly: true });
    expect(await past.table(counters).get('a')).toBe(1);
    await table.set('a', 2);
    await killAll(grid);
    expect(await codeOf(past.table(counters).get('a'))).toEqual(['SNAPSHOT_TOO_OLD', undefined]);
    await past.rollback();
    expect(await table.get('a')).toBe(2);
  });
});

describe.each(topologies)('a write that is not durable, %s,', (_name, threads) => {
  test('is answered to nobody and read by nobody', async () => {
    const [grid, trying] = await startTrying(threads);
    const table = grid.table(accounts);
    const order: string[] = [];
    const note = (what: string) => (): void => void order.push(what);
    trying.hold();
    const written = table.set('a', 1).then(note('plain'));
    const both = grid
      .transaction(async (tx) => {
        await tx.table(accounts).set('b', 1);
        await tx.table(accounts).set('c', 1);
      })
      .then(note('transaction'));
    const turn = grid.actor(counting, 'a').add(1).then(note('turn'));
    await heldUp(trying);
    const read = table.get('a');
    const readAtOnce = table.getMany(['a', 'b', 'c']);
    const asked = grid.actor(counting, 'a').sum();
    const all = Promise.all([read, readAtOnce, asked]).then((answers) => {
      order.push('reads');
      return answers;
    });
    // A key that nobody writes is read meanwhile; by then the others would have been answered.
    expect(await table.get('free')).toBeUndefined();
    expect(order).toEqual([]);
    trying.release();
    await Promise.all([written, both, turn]);
    const [single] = await all;
    expect(single).toBe(1);
    expect(order).toContain('reads');
  });

  test('is told to have failed when there is no room, and the next one succeeds when there is', async () => {
    const [grid, trying] = await startTrying(threads);
    const table = grid.table(accounts);
    await table.set('a', 1);
    await grid.actor(counting, 'a').add(1);
    trying.break('full');
    expect(await codeOf(table.set('a', 2))).toEqual(['STORAGE_FULL', 'not-done']);
    expect(
      await codeOf(
        table.setMany([
          ['a', 2],
          ['b', 2],
        ]),
      ),
    ).toEqual(['STORAGE_FULL', 'not-done']);
    expect(await codeOf(grid.run(performs, [['append', 'a', 1]]))).toEqual(['STORAGE_FULL', 'not-done']);
    expect(await codeOf(grid.actor(counting, 'a').add(5))).toEqual(['STORAGE_FULL', 'not-done']);
    expect(await table.getMany(['a', 'b'])).toEqual([1, undefined]);
    expect(await grid.actor(counting, 'a').sum()).toBe(1);
    trying.break('none');
    await table.set('a', 2);
    expect(await table.get('a')).toBe(2);
    expect(await grid.actor(counting, 'a').add(1)).toBe(2);
  });

  test('is unknown when the storage failed with it; later ones are refused, and reads go on', async () => {
    const [grid, trying] = await startTrying(threads);
    const table = grid.table(accounts);
    const failed = new Promise<Error>((resolve) => grid.on('storageFailed', ({ error }) => resolve(error)));
    await table.set('a', 1);
    trying.break('failed');
    expect(await codeOf(table.set('a', 2))).toEqual(['STORAGE_FAILED', 'unknown']);
    expect((await failed).message).toBe('asked to fail');
    trying.break('none');
    expect(await codeOf(table.set('a', 3))).toEqual(['STORAGE_FAILED', 'not-done']);
    expect(
      await codeOf(
        table.setMany([
          ['a', 3],
          ['b', 3],
        ]),
      ),
    ).toEqual(['STORAGE_FAILED', 'not-done']);
    expect(await codeOf(grid.run(performs, [['append', 'a', 1]]))).toEqual(['STORAGE_FAILED', 'not-done']);
    expect(await table.get('a')).toBe(1);
    expect(await grid.transaction((tx) => tx.table(accounts).get('a'))).toBe(1);
  });
});

describe('durability', () => {
  test("'buffered' answers before the flush, and what it answered survives a host", async () => {
    const [grid, trying] = await startTrying(2, { durability: 'buffered', flushWithinMs: 1 });
    trying.hold();
    await grid.table(accounts).set('a', 1);
    await grid.table(accounts).setMany([
      ['b', 1],
      ['c', 1],
    ]);
    expect(await grid.table(accounts).getMany(['a', 'b', 'c'])).toEqual([1, 1, 1]);
    // What waits for its flush is read back when it has had it.
    const killed = killAll(grid);
    await heldUp(trying);
    trying.release();
    await killed;
    expect(await grid.table(accounts).getMany(['a', 'b', 'c'])).toEqual([1, 1, 1]);
  });

  test('of one call may differ from the grid’s', async () => {
    const [grid, trying] = await startTrying(2);
    trying.hold();
    const write = (durability: 'flushed' | 'buffered', key: string): Promise<void> =>
      grid.transaction((tx) => tx.table(accounts).set(key, 1), { durability });
    await write('buffered', 'a');
    expect(await grid.table(accounts).get('a')).toBe(1);
    let isDone = false;
    const flushed = write('flushed', 'b').then(() => {
      isDone = true;
    });
    await heldUp(trying);
    await grid.table(accounts).get('a');
    expect(isDone).toBe(false);
    trying.release();
    await flushed;
    expect(await codeOf(grid.transaction(() => 1, { durability: 'never' as never }))).toEqual([
      'INVALID_ARGUMENT',
      undefined,
    ]);
  });

  test("'buffered' writes wait for room that they need, and later ones are refused", async () => {
    const [grid, trying] = await startTrying(1, { durability: 'buffered', flushWithinMs: 1 });
    const table = grid.table(accounts);
    trying.break('full');
    await table.set('a', 1);
    await eventually(async () => {
      expect(await codeOf(table.set('b', 1))).toEqual(['STORAGE_FULL', 'not-done']);
    });
    trying.break('none');
    await eventually(() => table.set('c', 1));
    await killAll(grid);
    expect(await table.getMany(['a', 'c'])).toEqual([1, 1]);
  });
});

describe('many writes', () => {
  test('share flushes', async () => {
    const [grid, trying] = await startTrying(2);
    await grid.table(accounts).set('first', 1);
    const before = trying.appends();
    await Promise.all(Array.from({ length: 500 }, (_, i) => grid.table(accounts).set(`key-${i}`, i)));
    expect(trying.appends() - before).toBeLessThan(250);
  });

  test('to one key follow each other', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    const sums = await Promise.all(
      Array.from({ length: 200 }, () => grid.table(counters).increment('sum', 1)),
    );
    expect(sums).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });
});

describe('an actor', () => {
  test('whose state can’t be stored fails the turn and keeps the state it had', async () => {
    const grid = await start(1, { ...options, backups: 1 });
    await grid.actor(counting, 'a').add(3);
    const error = (await rejection(grid.actor(counting, 'a').break())) as Error & { code: string };
    expect(error.code).toBe('VALUE_NOT_SUPPORTED');
    expect(error.message).toContain("the state of actor 'counting'");
    expect(await grid.actor(counting, 'a').add(1)).toBe(4);
  });

  test('that was only asked is not written', async () => {
    const [grid, trying] = await startTrying(1);
    expect(await grid.actor(counting, 'a').sum()).toBe(0);
    expect(await grid.actor(counting, 'a').sum()).toBe(0);
    expect(trying.appends()).toBe(0);
  });
});

describe('options', () => {
  test.each([
    [{ backups: 2 }, 'backups must be 0 or 1'],
    [{ durability: 'sometimes', backups: 1 }, "durability must be 'flushed' or 'buffered'"],
    [{ storage: { path: '/tmp' } }, 'storage must be made by a storage package'],
    [{ durability: 'buffered' }, 'durability means something only with'],
    [{ flushWithinMs: -1, backups: 1 }, 'flushWithinMs'],
  ])('%j is refused: %s', async (wrong, message) => {
    const error = (await rejection(start(1, { ...options, ...(wrong as object) }))) as Error;
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });
  });

  test('a storage that can’t be opened fails the start with its own error', async () => {
    const storage = { kind: 'storage', name: 'none', module: url.href, options: undefined } as const;
    for (const threads of [0, 1]) {
      const error = await rejection(start(threads, { ...options, storage }));
      expect(error).toMatchObject({ code: 'STORAGE_FOREIGN' });
    }
  });

  test('a partition that can’t be read fails the start with what the storage says', async () => {
    for (const threads of [0, 1]) {
      const trying = tryingStorage();
      trying.break('damaged');
      const error = await rejection(start(threads, { ...options, storage: trying.storage }));
      expect(error).toMatchObject({ code: 'STORAGE_DAMAGED', message: 'asked to be damaged' });
    }
  });

  test('backup() needs a storage', async () => {
    const grid = await start(1, options);
    expect(await codeOf(grid.backup('/tmp/nowhere'))).toEqual(['INVALID_ARGUMENT', undefined]);
  });
});
