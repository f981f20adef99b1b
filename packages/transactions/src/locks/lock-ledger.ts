/**
 * The books of the lock manager: which table and key has a queue, which owner has which requests, and in which queues
 * somebody's turn may have come.
 *
 * Everything here only changes the books. Nothing grants, decides between owners beyond their place in line, or calls
 * out, so no port can call back in the middle of a change.
 */
import { isInRange, type KeyRange, type StorageKey } from '@troupe/core';
import { blocksFront } from './lock-conflict.ts';
import { covers, type KeyLockMode, LockMode } from './lock-mode.ts';
import type { LockStrategy } from './lock-strategy.ts';
import {
  type LockOwner,
  LockQueue,
  LockRequest,
  type PendingLock,
  RangeRequest,
  TableLocks,
  TableRequest,
} from './lock-table.ts';

export class LockLedger {
  readonly tables = new Map<number, TableLocks>();
  /** Requests in all queues. */
  requests = 0;
  /** Waits of all owners. */
  waits = 0;
  /** Queues in which somebody's turn may have come, and tables with ranges of which that is so. */
  readonly disturbed: LockQueue[] = [];
  readonly disturbedRanges: TableLocks[] = [];
  readonly #strategy: LockStrategy;
  #latestTable: TableLocks | undefined = undefined;

  constructor(strategy: LockStrategy) {
    this.#strategy = strategy;
  }

  /** The owner's request at a table, a new one if it has none. */
  tableRequest(owner: LockOwner, table: number): TableRequest {
    const known = findTable(owner, table);
    if (known !== undefined) return known;
    const request = new TableRequest(owner, this.#tableLocks(table));
    request.nextTable = owner.tables;
    owner.tables = request;
    this.requests += 1;
    return request;
  }

  /** The owner's request at a key, a new one if it has none. */
  keyRequest(at: TableRequest, key: StorageKey): LockRequest {
    const { locks, owner } = at;
    let queue = locks.keys.get(key);
    if (queue === undefined) {
      queue = new LockQueue(locks, key);
      locks.keys.add(key, queue);
    } else {
      const known = queue.find(owner, at.keys);
      if (known !== undefined) return known;
    }
    const request = new LockRequest(owner, queue);
    request.nextKey = at.keys;
    at.keys = request;
    this.requests += 1;
    return request;
  }

  /** The owner's request for a range, a new one if it has none. */
  rangeRequest(at: TableRequest, range: KeyRange): RangeRequest {
    const known = findRange(at, range);
    if (known !== undefined) return known;
    const request = new RangeRequest(at.owner, at.locks, range);
    request.nextRange = at.ranges;
    at.ranges = request;
    at.locks.ranges.push(request);
    this.requests += 1;
    return request;
  }

  /** Leaves a key to be asked for when the table's request is granted. */
  addPendingKey(request: TableRequest, key: StorageKey, mode: KeyLockMode): void {
    this.#addPending(request, { range: undefined, key, mode });
  }

  /** The same for a range. */
  addPendingRange(request: TableRequest, range: KeyRange): void {
    this.#addPending(request, { range, key: undefined, mode: LockMode.S });
  }

  #addPending(request: TableRequest, lock: PendingLock): void {
    if (request.pending.length === 0) request.pending = [lock];
    else request.pending.push(lock);
    this.countWait(request.owner, 1);
  }

  /** Takes the next key or range that was left for later, if the table's request waits for nothing. */
  takePending(request: TableRequest): PendingLock | undefined {
    const next = request.wanted === 0 ? request.pending.shift() : undefined;
    if (next !== undefined) this.countWait(request.owner, -1);
    return next;
  }

  /** Puts the request into line, or makes it want more there. Returns its place. */
  enqueue(request: LockRequest, mode: LockMode): number {
    if (request.wanted === 0) this.countWait(request.owner, 1);
    this.disturbed.push(request.queue);
    if (request.queue.locks.ranges.length > 0) this.#disturbRanges(request.queue.locks);
    return request.queue.enqueue(request, mode, this.#strategy);
  }

  /** Makes a range wait. */
  enqueueRange(request: RangeRequest): void {
    if (request.wanted === 0) this.countWait(request.owner, 1);
    request.wanted = LockMode.S;
    this.#disturbRanges(request.locks);
  }

  countWait(owner: LockOwner, by: number): void {
    owner.waits += by;
    this.waits += by;
  }

  /** Removes everything of the owner. */
  drop(owner: LockOwner): void {
    for (let table = owner.tables; table !== undefined; table = table.nextTable) {
      for (let key = table.keys; key !== undefined; key = key.nextKey) this.#removeKey(key);
      for (let range = table.ranges; range !== undefined; range = range.nextRange) this.#removeRange(range);
      this.#remove(table);
      if (table.pending.length > 0) table.pending = [];
    }
    owner.tables = undefined;
    if (owner.waits > 0) this.countWait(owner, -owner.waits);
    owner.committing = false;
    owner.news = 'none';
  }

  /** Puts the owner back into line wherever somebody who stands before it there waits for what it holds. */
  giveBack(owner: LockOwner): void {
    for (let table = owner.tables; table !== undefined; table = table.nextTable) {
      if (blocksFront(table, this.#strategy)) {
        this.#requeue(table);
        this.#suspendKeys(table);
        this.#suspendRanges(table);
        continue;
      }
      for (let key = table.keys; key !== undefined; key = key.nextKey) {
        if (blocksFront(key, this.#strategy)) this.#requeue(key);
      }
      for (let range = table.ranges; range !== undefined; range = range.nextRange) {
        if (blocksFront(range, this.#strategy)) this.#requeueRange(range);
      }
    }
  }

  #tableLocks(table: number): TableLocks {
    if (this.#latestTable?.table === table) return this.#latestTable;
    let locks = this.tables.get(table);
    if (locks === undefined) {
      locks = new TableLocks(table);
      this.tables.set(table, locks);
    }
    this.#latestTable = locks;
    return locks;
  }

  #removeKey(request: LockRequest): void {
    const { queue } = request;
    this.#remove(request);
    if (queue.unused && queue.key !== undefined) queue.locks.keys.delete(queue.key);
  }

  #remove(request: LockRequest): void {
    const { queue } = request;
    queue.unhold(request);
    queue.dequeue(request);
    this.requests -= 1;
    if (queue.waiters.length > 0) this.disturbed.push(queue);
    if (queue.locks.ranges.length > 0) this.#disturbRanges(queue.locks);
  }

  #removeRange(request: RangeRequest): void {
    const { ranges } = request.locks;
    ranges.splice(ranges.indexOf(request), 1);
    request.held = 0;
    request.wanted = 0;
    this.requests -= 1;
    this.#disturbKeysIn(request);
  }

  /** Once for all keys of an owner that goes. */
  #disturbRanges(locks: TableLocks): void {
    if (this.disturbedRanges.at(-1) !== locks) this.disturbedRanges.push(locks);
  }

  /** Writers of keys in the range may have their turn. */
  #disturbKeysIn({ locks, range }: RangeRequest): void {
    for (const queue of locks.keys.values()) {
      if (queue.waiters.length === 0 || queue.key === undefined) continue;
      if (isInRange(range, queue.key)) this.disturbed.push(queue);
    }
  }

  #requeue(request: LockRequest): void {
    const { queue, held } = request;
    if (held === 0) return;
    queue.unhold(request);
    this.enqueue(request, held);
  }

  #requeueRange(request: RangeRequest): void {
    request.held = 0;
    this.enqueueRange(request);
    this.#disturbKeysIn(request);
  }

  /** Without its table's intent an owner keeps no key there: they are asked for again once it has it back. */
  #suspendKeys(table: TableRequest): void {
    for (let key = table.keys; key !== undefined; key = key.nextKey) {
      const mode = key.wanted === 0 ? key.held : key.wanted;
      if (key.wanted !== 0) this.countWait(table.owner, -1);
      this.#removeKey(key);
      if (key.queue.key !== undefined) this.addPendingKey(table, key.queue.key, mode as KeyLockMode);
    }
    table.keys = undefined;
  }

  #suspendRanges(table: TableRequest): void {
    for (let request = table.ranges; request !== undefined; request = request.nextRange) {
      if (request.wanted !== 0) this.countWait(table.owner, -1);
      this.#removeRange(request);
      this.addPendingRange(table, request.range);
    }
    table.ranges = undefined;
  }
}

/** The owner's request at a table, if it has one. */
export function findTable(owner: LockOwner, table: number): TableRequest | undefined {
  let request = owner.tables;
  while (request !== undefined && request.locks.table !== table) request = request.nextTable;
  return request;
}

/** The owner's request for this range, if it has one. */
export function findRange(at: TableRequest, range: KeyRange): RangeRequest | undefined {
  let request = at.ranges;
  while (request !== undefined && (request.range.from !== range.from || request.range.to !== range.to))
    request = request.nextRange;
  return request;
}

/** Whether the owner may touch this key in this mode. */
export function holdsKey(owner: LockOwner, table: number, key: StorageKey, mode: KeyLockMode): boolean {
  const request = findTable(owner, table);
  if (request === undefined) return false;
  const held = request.locks.keys.get(key)?.find(owner, request.keys)?.held ?? 0;
  return covers(request.held, mode) || covers(held, mode);
}

/** Whether the owner may read every key of this range. */
export function holdsRange(owner: LockOwner, table: number, range: KeyRange): boolean {
  const request = findTable(owner, table);
  if (request === undefined) return false;
  return covers(request.held, LockMode.S) || covers(findRange(request, range)?.held ?? 0, LockMode.S);
}
