/**
 * The locks of a partition as plain rows, for people who must find out who blocks whom. A lock that is being
 * upgraded has two rows, and a key or range that waits for its table's intent is listed as waiting.
 */
import type { KeyRange, StorageKey } from '@troupe/core';
import type { LockMode } from './lock-mode.ts';
import type { LockOwner, LockQueue, LockRequest, TableLocks } from './lock-table.ts';

/** One lock that somebody holds or waits for. */
export interface LockRow<Owner extends LockOwner = LockOwner> {
  readonly table: number;
  /** undefined: the whole table, or the range. */
  readonly key: StorageKey | undefined;
  /** The keys of a range lock, which has no `key`. */
  readonly range: KeyRange | undefined;
  readonly mode: LockMode;
  readonly state: 'held' | 'waiting';
  readonly owner: Owner;
}

/**
 * Tables in the order of their first lock, each followed by its keys and its ranges; holders before waiters, waiters in
 * line.
 */
export function listLocks(tables: Iterable<TableLocks>): LockRow[] {
  const rows: LockRow[] = [];
  for (const locks of tables) {
    addQueue(rows, locks.queue);
    const { table } = locks;
    for (const queue of locks.keys.values()) addQueue(rows, queue);
    for (const { range, held, wanted, owner } of locks.ranges) {
      if (held !== 0) rows.push({ table, key: undefined, range, mode: held, state: 'held', owner });
      if (wanted !== 0) rows.push({ table, key: undefined, range, mode: wanted, state: 'waiting', owner });
    }
    for (const { owner } of requestsOf(locks.queue)) {
      for (const { key, range, mode } of owner.pendingIn(locks))
        rows.push({ table, key, range, mode, state: 'waiting', owner });
    }
  }
  return rows;
}

/** All requests in a queue, each once. */
export function requestsOf(queue: LockQueue): Set<LockRequest> {
  return new Set([...holdersOf(queue), ...queue.waiters]);
}

/** The holders, the latest first. */
export function holdersOf(queue: LockQueue): LockRequest[] {
  const holders: LockRequest[] = [];
  for (let holder = queue.holders; holder !== undefined; holder = holder.nextHolder) holders.push(holder);
  return holders;
}

function addQueue(rows: LockRow[], queue: LockQueue): void {
  const { table } = queue.locks;
  const { key } = queue;
  for (const { held, owner } of holdersOf(queue)) {
    if (held !== 0) rows.push({ table, key, range: undefined, mode: held, state: 'held', owner });
  }
  for (const { wanted, owner } of queue.waiters) {
    if (wanted !== 0) rows.push({ table, key, range: undefined, mode: wanted, state: 'waiting', owner });
  }
}
