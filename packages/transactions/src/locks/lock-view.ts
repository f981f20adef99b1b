/**
 * The locks of a partition as plain rows, for people who must find out who blocks whom. A lock that is being
 * upgraded has two rows, and a key or range that waits for its table's intent is listed as waiting.
 */
import type { KeyRange, StorageKey } from '@troupe/core';
import { meetsRange, someRangeOver, someWriterIn } from './lock-conflict.ts';
import { conflictsWithMask, type LockMode, maskOf } from './lock-mode.ts';
import type { LockOwner, LockQueue, LockRequest, RangeRequest, TableLocks } from './lock-table.ts';

/** One lock that somebody holds or waits for. */
export interface ListedLock<Owner extends LockOwner = LockOwner> {
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
export function listLocks(tables: Iterable<TableLocks>): ListedLock[] {
  const rows: ListedLock[] = [];
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

/** Something an owner waits for, and whose end it waits for there. */
export interface LockWait {
  readonly queue: LockQueue;
  /** Who holds it, some of them if they are many; else who stands before it in line. */
  readonly by: readonly LockOwner[];
}

/** Everything an owner waits for. A key that waits for its table's intent is not listed: its table is. */
export function waitsOf(owner: LockOwner): LockWait[] {
  const waits: LockWait[] = [];
  for (let table = owner.tables; table !== undefined; table = table.nextTable) {
    addWait(waits, table);
    for (let key = table.keys; key !== undefined; key = key.nextKey) addWait(waits, key);
    for (let range = table.ranges; range !== undefined; range = range.nextRange) addRangeWaits(waits, range);
  }
  return waits;
}

/** How many keys an owner holds; a whole table counts for none. */
export function keysHeldBy(owner: LockOwner): number {
  let held = 0;
  for (let table = owner.tables; table !== undefined; table = table.nextTable) {
    for (let key = table.keys; key !== undefined; key = key.nextKey) if (key.held !== 0) held++;
  }
  return held;
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

function addQueue(rows: ListedLock[], queue: LockQueue): void {
  const { table } = queue.locks;
  const { key } = queue;
  for (const { held, owner } of holdersOf(queue)) {
    if (held !== 0) rows.push({ table, key, range: undefined, mode: held, state: 'held', owner });
  }
  for (const { wanted, owner } of queue.waiters) {
    if (wanted !== 0) rows.push({ table, key, range: undefined, mode: wanted, state: 'waiting', owner });
  }
}

/** Of many holders, each blocks; so many are named. Bounds the views of a hot key, where everybody waits for everybody. */
export const blockersMax = 16;

function addWait(waits: LockWait[], request: LockRequest): void {
  if (request.wanted !== 0) waits.push({ queue: request.queue, by: blockersOf(request) });
}

/** A range waits at each key of it that somebody writes. */
function addRangeWaits(waits: LockWait[], request: RangeRequest): void {
  if (request.wanted === 0) return;
  someWriterIn(request, ({ queue, owner }) => waits.push({ queue, by: [owner] }) === blockersMax);
}

function blockersOf(request: LockRequest): LockOwner[] {
  const { queue, wanted } = request;
  const blockers: LockOwner[] = [];
  for (let holder = queue.holders; holder !== undefined; holder = holder.nextHolder) {
    if (holder === request || !conflictsWithMask(wanted, maskOf(holder.held))) continue;
    blockers.push(holder.owner);
    if (blockers.length === blockersMax) break;
  }
  for (let i = queue.waiters.indexOf(request) - 1; i >= 0 && blockers.length === 0; i--) {
    const ahead = queue.waiters[i];
    if (ahead !== undefined && conflictsWithMask(wanted, maskOf(ahead.wanted))) blockers.push(ahead.owner);
  }
  if (blockers.length === 0 && meetsRange(request, wanted as LockMode))
    someRangeOver(request, (range) => blockers.push(range.owner) === blockersMax);
  return blockers;
}
