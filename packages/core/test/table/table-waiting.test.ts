// How the owner treats a concurrency control that makes operations wait.
import {
  type KeyAccess,
  OverloadedError,
  type PartitionConcurrency,
  type StorageKey,
  table,
  type Waiting,
} from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { oneMember, type TableMember, twoMembers } from './small-grid.ts';

/** Locks that the test takes and gives back by hand. */
class ManualLocks implements PartitionConcurrency {
  readonly held = new Set<StorageKey>();
  readonly asked: [StorageKey, KeyAccess][] = [];
  lineLengthMax = Number.POSITIVE_INFINITY;
  /** A writer that has voted at this timestamp and isn't installed yet. */
  unsettledFrom = Number.POSITIVE_INFINITY;
  readonly #line: { readonly resume: () => void }[] = [];

  get waiting(): number {
    return this.#line.length;
  }

  isFree(_table: number, key: StorageKey, access: KeyAccess): boolean {
    this.asked.push([key, access]);
    return !this.held.has(key);
  }

  wait(_table: number, _key: StorageKey, _access: KeyAccess, resume: () => void): Waiting {
    if (this.#line.length >= this.lineLengthMax) throw new OverloadedError('QUEUE_FULL', 'the line is full');
    return this.#queue(resume);
  }

  isSettled(_table: number, _key: StorageKey | undefined, snapshot: number): boolean {
    return snapshot < this.unsettledFrom;
  }

  waitSettled(_table: number, _key: StorageKey | undefined, _snapshot: number, resume: () => void): Waiting {
    return this.#queue(resume);
  }

  catchUp(): void {}

  release(): void {
    this.held.clear();
    this.unsettledFrom = Number.POSITIVE_INFINITY;
    for (const { resume } of this.#line.splice(0)) resume();
  }

  #queue(resume: () => void): Waiting {
    const waiter = { resume };
    this.#line.push(waiter);
    return { cancel: () => void this.#line.splice(this.#line.indexOf(waiter), 1) };
  }
}

const counters = table<string, number>('counters');
let locks: ManualLocks;
let alone: TableMember;

beforeEach(() => {
  locks = new ManualLocks();
  alone = oneMember({ concurrency: locks, partitions: 1 });
});

describe('an operation on one key', () => {
  test('asks for the access it needs', async () => {
    const all = alone.table(counters);
    await all.get('a');
    await all.increment('a');
    expect(locks.asked).toEqual([
      ['a', 'read'],
      ['a', 'write'],
    ]);
  });

  test('waits while its key is held, and then sees what was written meanwhile', async () => {
    const all = alone.table(counters);
    await all.set('a', 1);
    locks.held.add('a');
    const increment = all.increment('a');
    expect(alone.service.waitingRequests).toBe(1);
    alone.owned.current(0)?.store.write(0, 'a', 10, alone.shared.draw());
    locks.release();
    expect(await increment).toBe(11);
    expect(alone.service.waitingRequests).toBe(0);
  });

  test('is refused when the line is full', async () => {
    locks.held.add('a');
    locks.lineLengthMax = 0;
    await expect(alone.table(counters).get('a')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(alone.service.waitingRequests).toBe(0);
  });

  test('does not run any more when its caller stops waiting', async () => {
    locks.held.add('a');
    const controller = new AbortController();
    const set = alone.table(counters).set('a', 1, { signal: controller.signal });
    expect(locks.waiting).toBe(1);
    controller.abort(new Error('enough'));
    await expect(set).rejects.toThrow('enough');
    expect([locks.waiting, alone.service.waitingRequests]).toEqual([0, 0]);
    locks.release();
    expect(await alone.table(counters).has('a')).toBe(false);
  });

  test('does not run any more when its caller is lost', async () => {
    const { caller, owner } = twoMembers({ concurrency: locks, partitions: 1 });
    locks.held.add('a');
    const set = caller.table(counters).set('a', 1);
    await new Promise(setImmediate);
    await expect.poll(() => owner.service.waitingRequests).toBe(1);
    owner.member.lose(0, 1);
    expect([locks.waiting, owner.service.waitingRequests]).toEqual([0, 0]);
    caller.member.close();
    await expect(set).rejects.toMatchObject({ code: 'GRID_CLOSED' });
  });
});

describe('a read of a snapshot', () => {
  test.each([
    ['get', (past: ReturnType<typeof pastOf>) => past.get('a'), 2],
    ['getMany', (past: ReturnType<typeof pastOf>) => past.getMany(['b', 'a']), [undefined, 2]],
    ['size', (past: ReturnType<typeof pastOf>) => past.size(), 1],
    ['keys', (past: ReturnType<typeof pastOf>) => past.keys().next(), { done: false, value: 'a' }],
  ])('waits in %s for a writer that may have committed before it', async (_, read, expected) => {
    const all = alone.table(counters);
    await all.set('a', 1);
    const voted = alone.shared.draw();
    locks.unsettledFrom = voted;
    const snapshot = alone.snapshots.acquire();
    const answer = read(pastOf(snapshot));
    await new Promise(setImmediate);
    expect(locks.waiting).toBe(1);
    alone.owned.current(0)?.store.write(0, 'a', 2, voted);
    locks.release();
    expect(await answer).toEqual(expected);
    snapshot.release();
  });

  test('bounds each page of an iteration by timeoutMs', async () => {
    await alone.table(counters).set('a', 1);
    locks.unsettledFrom = 0;
    await expect(alone.table(counters).keys({ timeoutMs: 1 }).next()).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    expect(alone.snapshots.size).toBe(0);
    locks.release();
  });

  test('takes no locks', async () => {
    const all = alone.table(counters);
    await all.set('a', 1);
    const snapshot = alone.snapshots.acquire();
    locks.held.add('a');
    expect(await pastOf(snapshot).get('a')).toBe(1);
    snapshot.release();
  });
});

function pastOf(snapshot: ReturnType<TableMember['snapshots']['acquire']>): ReturnType<typeof counterTable> {
  return alone.tableAt(counters, snapshot);
}

function counterTable(): ReturnType<typeof alone.table<string, number>> {
  return alone.table(counters);
}
