/**
 * The books of the lock manager: which table and key has a queue, which owner has which requests, and in which queues
 * somebody's turn may have come.
 *
 * Everything here only changes the books. Nothing grants, decides between owners beyond their place in line, or calls
 * out, so no port can call back in the middle of a change.
 */
import type { StorageKey } from '@troupe/core';
import { conflictsWithMask, type KeyLockMode, type LockMode, maskOf } from './lock-mode.ts';
import type { LockStrategy } from './lock-strategy.ts';
import {
  type LockOwner,
  LockQueue,
  LockRequest,
  type PendingKey,
  TableLocks,
  TableRequest,
} from './lock-table.ts';

export class LockLedger {
  readonly tables = new Map<number, TableLocks>();
  /** Requests in all queues. */
  requests = 0;
  /** Waits of all owners. */
  waits = 0;
  /** Queues in which somebody's turn may have come. */
  readonly disturbed: LockQueue[] = [];
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
      locks.keys.set(key, queue);
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

  /** Leaves a key to be asked for when the table's request is granted. */
  addPending(request: TableRequest, key: StorageKey, mode: KeyLockMode): void {
    if (request.pending.length === 0) request.pending = [{ key, mode }];
    else request.pending.push({ key, mode });
    this.countWait(request.owner, 1);
  }

  /** Takes the next key that was left for later, if the table's request waits for nothing. */
  takePending(request: TableRequest): PendingKey | undefined {
    const next = request.wanted === 0 ? request.pending.shift() : undefined;
    if (next !== undefined) this.countWait(request.owner, -1);
    return next;
  }

  /** Puts the request into line, or makes it want more there. Returns its place. */
  enqueue(request: LockRequest, mode: LockMode): number {
    if (request.wanted === 0) this.countWait(request.owner, 1);
    this.disturbed.push(request.queue);
    return request.queue.enqueue(request, mode, this.#strategy);
  }

  countWait(owner: LockOwner, by: number): void {
    owner.waits += by;
    this.waits += by;
  }

  /** Removes everything of the owner. */
  drop(owner: LockOwner): void {
    for (let table = owner.tables; table !== undefined; table = table.nextTable) {
      for (let key = table.keys; key !== undefined; key = key.nextKey) this.#removeKey(key);
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
      if (this.#blocksFront(table)) {
        this.#requeue(table);
        this.#suspendKeys(table);
        continue;
      }
      for (let key = table.keys; key !== undefined; key = key.nextKey) {
        if (this.#blocksFront(key)) this.#requeue(key);
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
  }

  /** Whether somebody waits for what this request holds who would stand in front of it. */
  #blocksFront(request: LockRequest): boolean {
    const { owner, queue, held } = request;
    if (!conflictsWithMask(held, queue.waitMask)) return false;
    return queue.waiters.some(
      (waiter) =>
        waiter !== request &&
        conflictsWithMask(waiter.wanted, maskOf(held)) &&
        this.#strategy.decide(owner, waiter.owner) === 'wait',
    );
  }

  #requeue(request: LockRequest): void {
    const { queue, held } = request;
    if (held === 0) return;
    queue.unhold(request);
    this.enqueue(request, held);
  }

  /** Without its table's intent an owner keeps no key there: they are asked for again once it has it back. */
  #suspendKeys(table: TableRequest): void {
    for (let key = table.keys; key !== undefined; key = key.nextKey) {
      const mode = key.wanted === 0 ? key.held : key.wanted;
      if (key.wanted !== 0) this.countWait(table.owner, -1);
      this.#removeKey(key);
      if (key.queue.key !== undefined) this.addPending(table, key.queue.key, mode as KeyLockMode);
    }
    table.keys = undefined;
  }
}

/** The owner's request at a table, if it has one. */
export function findTable(owner: LockOwner, table: number): TableRequest | undefined {
  let request = owner.tables;
  while (request !== undefined && request.locks.table !== table) request = request.nextTable;
  return request;
}
