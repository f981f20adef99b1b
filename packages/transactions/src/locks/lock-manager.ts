/**
 * The lock manager of one partition: who may touch which table and key now, who waits, who must give way.
 *
 * Pure and synchronous, one call at a time; it may be called again from within its own ports. The rules:
 * - A request waits behind every conflicting holder and behind every conflicting waiter in front of it. Under
 *   wound-wait the line goes by age, so no reader passes an older writer, nor a younger writer an older reader.
 * - When a request queues, the strategy says for each owner in its way whether to wait for it, to wound it, or to die.
 *   Wounding happens at once, also when an older owner blocks the request anyway.
 * - An upgrade asks for the supremum; what the owner holds there it keeps while it waits, and is not in its own way.
 * - A key is asked for only once the intent on its table is held, and then by the same rules.
 * - A range of keys may be locked for reading, whether the keys exist or not. It meets whoever writes a key in it, by the
 *   same rules: as if it stood, at its age, in the line of each of those keys.
 * - After each call: whoever waits does so for an owner the strategy lets it wait for, or for one that is committing.
 *   So waits never form a cycle.
 *
 * Locks are held until `release`; there is no way to give a single one back.
 */
import type { KeyRange, StorageKey } from '@troupe/core';
import {
  grantRanges,
  isInTheWay,
  isKeyFree,
  isQueueFree,
  meetingPlace,
  meetsRange,
  mustDie,
  takeRangeAtOnce,
  victimsOf,
  waitsForRange,
} from './lock-conflict.ts';
import { checkLocks } from './lock-invariants.ts';
import { findTable, holdsKey, holdsRange, LockLedger } from './lock-ledger.ts';
import { covers, intentOf, type KeyLockMode, LockMode, raised } from './lock-mode.ts';
import { LockNews } from './lock-news.ts';
import { OldestFirst } from './lock-order.ts';
import type { LockStrategy } from './lock-strategy.ts';
import { type AnyRequest, LockOwner, type LockQueue, LockRequest, TableRequest } from './lock-table.ts';
import { type ListedLock, listLocks } from './lock-view.ts';

export { LockOwner };

/**
 * What became of a wounded holder.
 * - 'aborted': it has ended; the manager takes away all its locks and waits.
 * - 'given-back': nothing it could have read was told to anybody; it goes back into line, at its age, with the locks
 *   that an older owner waits for, and keeps the rest.
 * - 'protected': it is committing, so the requester waits.
 */
export type WoundOutcome = 'aborted' | 'given-back' | 'protected';

export interface LockPorts<Owner extends LockOwner = LockOwner> {
  /** A requester finds this holder in its way, and the strategy lets it wound. Asked in the middle of a call. */
  wound(holder: Owner, by: Owner, over: LockQueue): WoundOutcome;
  /**
   * An owner that waited holds everything it asked for now. Called at the end of the outermost call, the oldest owner
   * first; never while a lock call of that owner runs: after its last one, look at `owner.waits`.
   */
  granted(owner: Owner): void;
  /** The strategy ended the requester; it has no locks and no waits any more. Called at the end of the outermost call. */
  died(owner: Owner): void;
}

export class LockManager<Owner extends LockOwner = LockOwner> {
  readonly strategy: LockStrategy;
  readonly #ports: LockPorts;
  readonly #ledger: LockLedger;
  /** Owners that got a table's intent and have keys to ask for. */
  readonly #followUps = new OldestFirst<LockOwner>();
  readonly #news = new LockNews();
  #depth = 0;

  constructor(strategy: LockStrategy, ports: LockPorts<Owner>) {
    this.strategy = strategy;
    this.#ledger = new LockLedger(strategy);
    // Only Owners come in through the methods below, so only Owners go out.
    this.#ports = ports as unknown as LockPorts;
  }

  /** Nobody holds or waits for anything. */
  get idle(): boolean {
    return this.#ledger.requests === 0;
  }

  /** How many locks are being waited for, over all owners. */
  get waiting(): number {
    return this.#ledger.waits;
  }

  /**
   * Whether nobody holds, or waits for, anything that conflicts with `mode` on the key. An operation that ends within
   * this turn then needs no lock. Allocates nothing.
   */
  isFree(table: number, key: StorageKey, mode: KeyLockMode): boolean {
    if (this.#ledger.requests === 0) return true;
    const locks = this.#ledger.tables.get(table);
    if (locks === undefined) return true;
    if (!isQueueFree(locks.queue, intentOf(mode))) return false;
    return isKeyFree(locks, key, mode);
  }

  /** The same for a whole table. */
  isTableFree(table: number, mode: LockMode): boolean {
    if (this.#ledger.requests === 0) return true;
    const locks = this.#ledger.tables.get(table);
    return locks === undefined || isQueueFree(locks.queue, mode);
  }

  /**
   * Locks a key, which need not exist, and the intent on its table. True: held now. False: it waits (`owner.waits`), or
   * it has ended (`owner.ended`).
   */
  lockKey(owner: Owner, table: number, key: StorageKey, mode: KeyLockMode): boolean {
    if (owner.ended) return false;
    const request = this.#ledger.tableRequest(owner, table);
    if (this.#takeAtOnce(request, intentOf(mode))) {
      if (covers(request.held, mode)) return true;
      const keyRequest = this.#ledger.keyRequest(request, key);
      if (this.#takeAtOnce(keyRequest, mode)) return true;
      this.#run(owner, () => this.#queueUp(keyRequest, mode));
    } else {
      this.#run(owner, () => {
        this.#ledger.addPendingKey(request, key, mode);
        this.#queueUp(request, intentOf(mode));
      });
    }
    return holdsKey(owner, table, key, mode);
  }

  /**
   * Locks all keys of a range for reading, those that don't exist as well, and the intent to read on their table. True:
   * held now. False: it waits, or it has ended.
   */
  lockRange(owner: Owner, table: number, range: KeyRange): boolean {
    if (owner.ended) return false;
    const request = this.#ledger.tableRequest(owner, table);
    if (this.#takeAtOnce(request, LockMode.IS)) {
      if (covers(request.held, LockMode.S)) return true;
      const rangeRequest = this.#ledger.rangeRequest(request, range);
      if (takeRangeAtOnce(rangeRequest)) return true;
      this.#run(owner, () => this.#queueUp(rangeRequest, LockMode.S));
    } else {
      this.#run(owner, () => {
        this.#ledger.addPendingRange(request, range);
        this.#queueUp(request, LockMode.IS);
      });
    }
    return holdsRange(owner, table, range);
  }

  /** Locks a table. True: held now. False: it waits, or it has ended. */
  lockTable(owner: Owner, table: number, mode: LockMode): boolean {
    if (owner.ended) return false;
    const request = this.#ledger.tableRequest(owner, table);
    if (this.#takeAtOnce(request, mode)) return true;
    this.#run(owner, () => this.#queueUp(request, mode));
    return covers(findTable(owner, table)?.held ?? 0, mode);
  }

  /** Takes away all locks and waits of the owner and wakes those whose turn it is. */
  release(owner: Owner): void {
    this.#ledger.drop(owner);
    const { disturbed, disturbedRanges } = this.#ledger;
    if (disturbed.length > 0 || disturbedRanges.length > 0) this.#run(owner, nothing);
  }

  /** Every lock that is held or waited for. */
  list(): ListedLock<Owner>[] {
    return listLocks(this.#ledger.tables.values()) as ListedLock<Owner>[];
  }

  /** Throws when the books don't agree, or somebody waits who needn't or mustn't. Slow: for tests and simulations. */
  checkInvariants(): void {
    checkLocks(this.#ledger, this.strategy);
  }

  // ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────

  #takeAtOnce(request: LockRequest, mode: LockMode): boolean {
    if (covers(request.held, mode)) return true;
    const wanted = raised(request.held, mode);
    if (request.wanted !== 0 || !request.queue.isOpenTo(request, wanted)) return false;
    if (request.queue.locks.ranges.length > 0 && meetsRange(request, wanted)) return false;
    request.queue.hold(request, wanted);
    return true;
  }

  #queueUp(request: AnyRequest, mode: LockMode): void {
    const { owner } = request;
    if (covers(request.wanted, mode)) return;
    let position = 0;
    if (request instanceof LockRequest) position = this.#ledger.enqueue(request, mode);
    else this.#ledger.enqueueRange(request);
    if (mustDie(request, position, this.strategy)) {
      this.#end(owner);
      this.#news.tell(owner, 'died');
    } else this.#wound(request);
  }

  #wound(request: AnyRequest): void {
    let answered: LockOwner | undefined;
    for (const victim of victimsOf(request, this.strategy)) {
      // The port may have called back: the requester may have its lock, or be gone, and so may the holder.
      if (victim.owner === answered || !isInTheWay(victim, request)) continue;
      answered = victim.owner;
      const outcome = this.#ports.wound(victim.owner, request.owner, meetingPlace(request, victim));
      if (outcome === 'aborted') this.#end(victim.owner);
      else if (outcome === 'given-back') this.#giveBack(victim.owner);
      else victim.owner.committing = true;
    }
  }

  #end(owner: LockOwner): void {
    owner.ended = true;
    this.#ledger.drop(owner);
  }

  #giveBack(owner: LockOwner): void {
    this.#ledger.giveBack(owner);
    // Nobody waits for its locks any more, but it said that it was back in line: say that it is through.
    if (owner.waits === 0) this.#news.tell(owner, 'granted');
  }

  // ── turns ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Does the work, then lets everybody have their turn; the outermost call tells the owners in the end. */
  #run(owner: LockOwner, work: () => void): void {
    this.#depth += 1;
    owner.asking += 1;
    try {
      work();
      this.#settle();
      if (this.#depth === 1) this.#news.deliver(this.#ports);
    } finally {
      this.#depth -= 1;
      owner.asking -= 1;
    }
  }

  /** Grants whatever can be granted, then lets the oldest owner with new intents ask for its keys, and so on. */
  #settle(): void {
    for (;;) {
      for (
        let queue = this.#ledger.disturbed.pop();
        queue !== undefined;
        queue = this.#ledger.disturbed.pop()
      ) {
        queue.grant(this.#granted, this.#mustWait);
      }
      const locks = this.#ledger.disturbedRanges.pop();
      if (locks !== undefined) {
        grantRanges(locks, this.strategy, this.#granted);
        continue;
      }
      const owner = this.#followUps.takeOldest();
      if (owner === undefined) return;
      this.#askForPending(owner);
    }
  }

  readonly #mustWait = (request: LockRequest): boolean => waitsForRange(request, this.strategy);

  readonly #granted = (request: AnyRequest): void => {
    const { owner } = request;
    this.#ledger.countWait(owner, -1);
    if (request instanceof TableRequest && request.pending.length > 0) {
      if (!owner.queuedFollowUp) this.#followUps.add(owner);
      owner.queuedFollowUp = true;
    } else if (owner.waits === 0) this.#news.tell(owner, 'granted');
  };

  #askForPending(owner: LockOwner): void {
    owner.queuedFollowUp = false;
    for (let table = owner.tables; table !== undefined; table = table.nextTable) {
      // A wound may call back and take the table, or all, away from this owner: the ledger looks before each key.
      for (
        let next = this.#ledger.takePending(table);
        next !== undefined;
        next = this.#ledger.takePending(table)
      ) {
        if (covers(table.held, next.mode)) continue;
        if (next.range === undefined) {
          const request = this.#ledger.keyRequest(table, next.key);
          if (!this.#takeAtOnce(request, next.mode)) this.#queueUp(request, next.mode);
        } else {
          const request = this.#ledger.rangeRequest(table, next.range);
          if (!takeRangeAtOnce(request)) this.#queueUp(request, next.mode);
        }
      }
    }
    if (owner.waits === 0 && owner.tables !== undefined) this.#news.tell(owner, 'granted');
  }
}

function nothing(): void {}
