/**
 * What is locked in one partition: the bookkeeping behind the lock manager, without its decisions.
 *
 *    TableLocks ── queue of the table             LockOwner ── TableRequest ── TableRequest …
 *        ├─ key → LockQueue                                        ├─ LockRequest (a key) …
 *        └─ ranges                                                 ├─ RangeRequest (keys from … to …) …
 *                                                                  └─ pending keys and ranges
 *
 * A LockRequest is one owner's stake in one resource: what it holds there and what it waits for (both, while it
 * upgrades). It stands in the resource's queue and in its owner's list; both are linked lists, so that locking and
 * releasing costs no array, and releasing an owner is O(its locks). The queue of a key lives only while somebody holds
 * or waits for that key.
 *
 * A key or range is asked for only when its table's intent is held; until then it is *pending* at the table's request.
 */
import { hashKey, type KeyRange, type StorageKey, TransientMap } from '@troupe/core';
import {
  conflictsWithMask,
  type KeyLockMode,
  LockMode,
  type LockModeOrNone,
  maskOf,
  raised,
} from './lock-mode.ts';
import type { Aged } from './lock-order.ts';
import type { LockStrategy } from './lock-strategy.ts';

/**
 * Who holds or waits: one transaction, or one plain operation, at this partition. Extend it with what you need to know
 * about yours. The lock manager keeps its books in it; only `waits` and `ended` are for others to read.
 */
export class LockOwner implements Aged {
  readonly id: number;
  readonly age: number;
  /** How many locks it waits for. 0: it holds all that it asked for. */
  waits = 0;
  /** It was wounded or died. It has no locks and gets none any more. */
  ended = false;
  /** @internal It said that it is committing; others may wait for it whatever its age. */
  committing = false;
  /** @internal How many of its lock calls are running. */
  asking = 0;
  /** @internal What it will be told at the end of the outermost call. */
  news: 'none' | 'granted' | 'died' = 'none';
  /** @internal */
  queuedFollowUp = false;
  /** @internal */
  tables: TableRequest | undefined = undefined;

  /** `age` is fixed at the first attempt: a transaction that is tried again grows older, and so gets through. */
  constructor(id: number, age: number) {
    this.id = id;
    this.age = age;
  }

  /** @internal The keys and ranges of a table that wait for its intent. */
  pendingIn(locks: TableLocks): readonly PendingLock[] {
    let table = this.tables;
    while (table !== undefined && table.locks !== locks) table = table.nextTable;
    return table?.pending ?? noPending;
  }
}

/** One owner's stake in one resource. */
export class LockRequest {
  readonly owner: LockOwner;
  readonly queue: LockQueue;
  held: LockModeOrNone = 0;
  wanted: LockModeOrNone = 0;
  previousHolder: LockRequest | undefined = undefined;
  nextHolder: LockRequest | undefined = undefined;
  /** The owner's next key in the same table. */
  nextKey: LockRequest | undefined = undefined;

  constructor(owner: LockOwner, queue: LockQueue) {
    this.owner = owner;
    this.queue = queue;
  }
}

/** One owner's stake in all keys of a range, whether they exist or not. Ranges are only ever read. */
export class RangeRequest {
  readonly owner: LockOwner;
  readonly locks: TableLocks;
  readonly range: KeyRange;
  held: typeof LockMode.S | 0 = 0;
  wanted: typeof LockMode.S | 0 = 0;
  /** The owner's next range in the same table. */
  nextRange: RangeRequest | undefined = undefined;

  constructor(owner: LockOwner, locks: TableLocks, range: KeyRange) {
    this.owner = owner;
    this.locks = locks;
    this.range = range;
  }
}

export type AnyRequest = LockRequest | RangeRequest;

// Shared by all that have none; always replaced, never pushed to.
const noPending: PendingLock[] = [];
const noWaiters: LockRequest[] = [];

/** A key, or a range of them, to be asked for once the intent on its table is held. */
export type PendingLock =
  | { readonly range: undefined; readonly key: StorageKey; readonly mode: KeyLockMode }
  | { readonly range: KeyRange; readonly key: undefined; readonly mode: typeof LockMode.S };

/** One owner's stake in a table, and the way to its keys there. */
export class TableRequest extends LockRequest {
  readonly locks: TableLocks;
  keys: LockRequest | undefined = undefined;
  ranges: RangeRequest | undefined = undefined;
  pending: PendingLock[] = noPending;
  nextTable: TableRequest | undefined = undefined;

  constructor(owner: LockOwner, locks: TableLocks) {
    super(owner, locks.queue);
    this.locks = locks;
  }
}

/** The locks of one table. */
export class TableLocks {
  readonly table: number;
  readonly queue: LockQueue;
  readonly keys = new TransientMap<StorageKey, LockQueue>(hashKey);
  /** Of all owners, held and waited for, in no order: they never conflict with each other. */
  readonly ranges: RangeRequest[] = [];

  constructor(table: number) {
    this.table = table;
    this.queue = new LockQueue(this, undefined);
  }
}

/** The holders of one resource and the line in front of it. */
export class LockQueue {
  readonly locks: TableLocks;
  /** undefined: this is the table itself. */
  readonly key: StorageKey | undefined;
  holders: LockRequest | undefined = undefined;
  /** In the strategy's order; under wound-wait the oldest is first. */
  waiters: LockRequest[] = noWaiters;
  /** The modes that are held, and those that are waited for. */
  heldMask = 0;
  waitMask = 0;
  // SIX and X need no count: they have one holder at most.
  #is = 0;
  #ix = 0;
  #s = 0;

  constructor(locks: TableLocks, key: StorageKey | undefined) {
    this.locks = locks;
    this.key = key;
  }

  get unused(): boolean {
    return this.holders === undefined && this.waiters.length === 0;
  }

  /** The owner's request here. `keys` is the owner's list in this table; the shorter of the two lists is searched. */
  find(owner: LockOwner, keys: LockRequest | undefined): LockRequest | undefined {
    let mine = keys;
    let theirs = this.holders;
    while (mine !== undefined && theirs !== undefined) {
      if (mine.queue === this) return mine;
      if (theirs.owner === owner) return theirs;
      mine = mine.nextKey;
      theirs = theirs.nextHolder;
    }
    return mine === undefined ? undefined : this.waiters.find((waiter) => waiter.owner === owner);
  }

  /** The modes that others than this request hold. */
  heldByOthers(request: LockRequest): number {
    const { held } = request;
    return held !== 0 && this.#count(held, 0) === 1 ? this.heldMask & ~maskOf(held) : this.heldMask;
  }

  /** Whether a request for `mode` has nothing to wait for: no other holder conflicts, and nobody in the line. */
  isOpenTo(request: LockRequest, mode: LockMode): boolean {
    const others = request.held === 0 ? this.heldMask : this.heldByOthers(request);
    return !conflictsWithMask(mode, others | this.waitMask);
  }

  /** Makes the request a holder in `mode`. It must not stand in the line. */
  hold(request: LockRequest, mode: LockMode): void {
    if (request.held !== 0) this.#uncount(request.held);
    else {
      request.nextHolder = this.holders;
      if (this.holders !== undefined) this.holders.previousHolder = request;
      this.holders = request;
    }
    request.held = mode;
    this.#count(mode, 1);
    this.heldMask |= maskOf(mode);
  }

  /** Takes away what the request holds. */
  unhold(request: LockRequest): void {
    if (request.held === 0) return;
    const { previousHolder, nextHolder } = request;
    if (previousHolder === undefined) this.holders = nextHolder;
    else previousHolder.nextHolder = nextHolder;
    if (nextHolder !== undefined) nextHolder.previousHolder = previousHolder;
    request.previousHolder = undefined;
    request.nextHolder = undefined;
    this.#uncount(request.held);
    request.held = 0;
  }

  /** Puts the request into the line for `mode`, or, when it stands there, makes it want that too. Returns its place. */
  enqueue(request: LockRequest, mode: LockMode, strategy: LockStrategy): number {
    const isNew = request.wanted === 0;
    const position = isNew ? this.#insert(request, strategy) : this.waiters.indexOf(request);
    request.wanted = raised(isNew ? request.held : request.wanted, mode);
    this.waitMask |= maskOf(request.wanted);
    return position;
  }

  /** Takes the request out of the line. */
  dequeue(request: LockRequest): void {
    if (request.wanted === 0) return;
    this.waiters.splice(this.waiters.indexOf(request), 1);
    request.wanted = 0;
    this.#refreshWaitMask();
  }

  /**
   * Gives the locks to all whose turn it is, in the order of the line; nobody passes a waiter that it conflicts with.
   * `mustWait`: for something outside this queue.
   */
  grant(granted: (request: LockRequest) => void, mustWait: (request: LockRequest) => boolean): void {
    let ahead = 0;
    let index = 0;
    while (index < this.waiters.length && !conflictsWithMask(LockMode.IS, ahead)) {
      const request = this.waiters[index];
      if (request === undefined || request.wanted === 0) break;
      if (conflictsWithMask(request.wanted, this.heldByOthers(request) | ahead) || mustWait(request)) {
        ahead |= maskOf(request.wanted);
        index += 1;
        continue;
      }
      this.waiters.splice(index, 1);
      this.hold(request, request.wanted);
      request.wanted = 0;
      granted(request);
    }
    this.#refreshWaitMask();
  }

  #insert(request: LockRequest, strategy: LockStrategy): number {
    if (this.waiters === noWaiters) this.waiters = [];
    const { waiters } = this;
    let low = 0;
    let high = waiters.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = waiters[middle];
      if (there !== undefined && strategy.decide(request.owner, there.owner) === 'wait') low = middle + 1;
      else high = middle;
    }
    waiters.splice(low, 0, request);
    return low;
  }

  /** X conflicts with everything, so what stands behind one changes nothing. */
  #refreshWaitMask(): void {
    let mask = 0;
    for (const waiter of this.waiters) {
      mask |= maskOf(waiter.wanted);
      if (waiter.wanted === LockMode.X) break;
    }
    this.waitMask = mask;
  }

  #uncount(mode: LockMode): void {
    if (this.#count(mode, -1) === 0) this.heldMask &= ~maskOf(mode);
  }

  /** Changes the number of holders in `mode` and returns it. */
  #count(mode: LockMode, by: -1 | 0 | 1): number {
    switch (mode) {
      case LockMode.IS:
        this.#is += by;
        return this.#is;
      case LockMode.IX:
        this.#ix += by;
        return this.#ix;
      case LockMode.S:
        this.#s += by;
        return this.#s;
      default:
        return by < 0 ? 0 : 1;
    }
  }
}
