/**
 * The participant: what a partition does in transactions. Pure and synchronous; one message at a time.
 *
 *                 lock, prepare                    votes                      decide
 *     (unknown) ────────────────▶ waiting ⇄ held ────────▶ voted ────────────────────▶ (unknown)
 *                                    │        │              │
 *                                    └────────┴──────────────┴── wounded, decide 0, coordinator lost ──▶ (unknown)
 *
 * It takes locks, answers with values, keeps the writes a transaction sent with its vote, and installs or drops
 * them when the fate is known. It never asks anybody: whether a transaction may still be wounded, and what became of
 * one whose coordinator's thread died, stands in its status word. Aborts are not remembered: a partition that
 * doesn't know an id holds nothing for it.
 *
 * A holder that has not been told anything yet gives its locks back and queues again instead of being wounded, so a
 * transaction that only waits for its first locks never restarts.
 *
 * Plain operations and snapshot reads ask here too (`PartitionConcurrency`): a plain operation waits in the same
 * lines at its own age, and a snapshot waits only for a voted writer that may have committed at or before it.
 */
import type {
  KeyAccess,
  Partition,
  PartitionConcurrency,
  StorageKey,
  Timestamp,
  Waiting,
} from '@troupe/core';
import { assert, lockWaitersMax, OverloadedError } from '@troupe/core';
import { LockManager, LockOwner } from './lock-manager.ts';
import { type KeyLockMode, LockMode } from './lock-mode.ts';
import { type LockStrategy, woundWait } from './lock-strategy.ts';
import { Refusal, ReplyOp } from './messages.ts';
import type { StatusWords, TransactionId } from './status-word.ts';

/** Where a transaction's messages come from and its answers go: one incarnation of its coordinator's member. */
export interface Origin {
  /** The words in which its transactions' fates stand. */
  readonly words: StatusWords;
  send(message: unknown[]): void;
}

export interface ParticipantPorts {
  /** The next timestamp of the shared clock. */
  draw(): Timestamp;
}

/** What a transaction is doing here once its locks are granted. */
type Step =
  | { readonly kind: 'lock'; readonly step: number; readonly accesses: readonly unknown[] }
  | {
      readonly kind: 'prepare';
      readonly writes: readonly unknown[];
      readonly cleared: readonly number[];
      readonly decides: boolean;
    };

/** One transaction at this partition. */
export class TransactionRecord extends LockOwner {
  readonly origin: Origin;
  readonly slot: number;
  /** Steps whose locks are not all granted yet, in the order they came. */
  steps: Step[] = [];
  /** It has been told something; from now on it can only be aborted, not queued again. */
  answered = false;
  /** Set with the vote. */
  vote:
    | {
        readonly timestamp: Timestamp;
        readonly writes: readonly unknown[];
        readonly cleared: readonly number[];
      }
    | undefined;

  constructor(id: TransactionId, age: TransactionId, origin: Origin, slot: number) {
    super(id, age);
    this.origin = origin;
    this.slot = slot;
  }
}

/** A plain operation that waits for its key. */
class PlainOperation extends LockOwner {
  readonly resume: () => void;

  constructor(id: TransactionId, resume: () => void) {
    super(id, id);
    this.resume = resume;
  }
}

interface SnapshotWait {
  readonly blockedBy: Set<TransactionRecord>;
  readonly resume: () => void;
}

export class Participant implements PartitionConcurrency {
  readonly locks: LockManager;
  readonly #partition: Pick<Partition, 'id' | 'incarnation' | 'store'>;
  readonly #ports: ParticipantPorts;
  readonly #records = new Map<TransactionId, TransactionRecord>();
  readonly #snapshotWaits = new Set<SnapshotWait>();

  constructor(
    partition: Pick<Partition, 'id' | 'incarnation' | 'store'>,
    ports: ParticipantPorts,
    strategy: LockStrategy = woundWait,
  ) {
    this.#partition = partition;
    this.#ports = ports;
    this.locks = new LockManager(strategy, {
      wound: (holder) => this.#wound(holder),
      granted: (owner) => this.#granted(owner),
      died: (owner) => this.#died(owner),
    });
  }

  /** Transactions that hold or wait for something here. */
  records(): IterableIterator<TransactionRecord> {
    return this.#records.values();
  }

  // ── messages from coordinators ────────────────────────────────────────────────────────────────────────────────

  lock(message: readonly unknown[], origin: Origin): void {
    const record = this.#recordOf(message, origin);
    if (record === undefined) return;
    const accesses = message[8] as readonly unknown[];
    record.steps.push({ kind: 'lock', step: message[7] as number, accesses });
    for (let i = 0; i < accesses.length; i += 3) {
      this.locks.lockKey(
        record,
        accesses[i] as number,
        accesses[i + 1] as StorageKey,
        accesses[i + 2] as KeyLockMode,
      );
    }
    this.#proceed(record);
  }

  lockTable(message: readonly unknown[], origin: Origin): void {
    const record = this.#recordOf(message, origin);
    if (record === undefined) return;
    record.steps.push({ kind: 'lock', step: message[7] as number, accesses: [] });
    this.locks.lockTable(record, message[8] as number, message[9] as LockMode);
    this.#proceed(record);
  }

  prepare(message: readonly unknown[], origin: Origin): void {
    this.#prepare(message, origin, false);
  }

  commitOne(message: readonly unknown[], origin: Origin): void {
    this.#prepare(message, origin, true);
  }

  /** Decided without a vote: the writes come with the decision. */
  commit(message: readonly unknown[]): void {
    const record = this.#records.get(message[1] as TransactionId);
    if (record === undefined || message[3] !== this.#partition.incarnation) return;
    const timestamp = message[4] as Timestamp;
    record.vote = {
      timestamp,
      writes: message[5] as readonly unknown[],
      cleared: message[6] as readonly number[],
    };
    this.#end(record, timestamp);
  }

  decide(message: readonly unknown[]): void {
    const record = this.#records.get(message[1] as TransactionId);
    if (record === undefined || message[3] !== this.#partition.incarnation) return;
    this.#end(record, message[4] as Timestamp);
  }

  /** The member that coordinated these transactions is gone; their words tell, or are told, how they end. */
  originLost(origin: Origin): void {
    for (const record of Array.from(this.#records.values())) {
      if (record.origin !== origin) continue;
      const { words } = origin;
      // COMMITTING without its coordinator never became COMMITTED: nobody was told, so it counts as aborted.
      const committed =
        !words.tryAbort(record.slot, record.id) && words.fate(record.slot, record.id) === 'committed';
      // Without a vote it was only read here: whatever became of it, there is nothing to install.
      this.#end(record, committed && record.vote !== undefined ? words.commitTimestamp(record.slot) : 0);
    }
  }

  // ── plain operations and snapshots ────────────────────────────────────────────────────────────────────────────

  isFree(table: number, key: StorageKey, access: KeyAccess): boolean {
    return this.locks.idle || this.locks.isFree(table, key, modeOf(access));
  }

  wait(table: number, key: StorageKey, access: KeyAccess, resume: () => void): Waiting {
    if (this.#lineFull()) throw lineFull(this.#partition.id);
    const operation = new PlainOperation(this.#ports.draw(), resume);
    // Drawn now, its id makes it the youngest of all, so it waits and wounds nobody.
    this.locks.lockKey(operation, table, key, modeOf(access));
    return { cancel: () => this.locks.release(operation) };
  }

  isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    if (this.#records.size === 0) return true;
    for (const record of this.#records.values())
      if (blocksSnapshot(record, table, key, snapshot)) return false;
    return true;
  }

  waitSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp, resume: () => void): Waiting {
    const blockedBy = new Set<TransactionRecord>();
    for (const record of this.#records.values())
      if (blocksSnapshot(record, table, key, snapshot)) blockedBy.add(record);
    const waiting: SnapshotWait = { blockedBy, resume };
    this.#snapshotWaits.add(waiting);
    return { cancel: () => this.#snapshotWaits.delete(waiting) };
  }

  // ── states ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The record a request is about; undefined when it was refused. */
  #recordOf(message: readonly unknown[], origin: Origin): TransactionRecord | undefined {
    const id = message[1] as TransactionId;
    const known = this.#records.get(id);
    if (known !== undefined) return known;
    const refusal = this.#refusalOf(message);
    if (refusal !== undefined) {
      origin.send([ReplyOp.refused, id, this.#partition.id, refusal]);
      return undefined;
    }
    const record = new TransactionRecord(id, message[5] as TransactionId, origin, message[4] as number);
    this.#records.set(id, record);
    return record;
  }

  #refusalOf(message: readonly unknown[]): Refusal | undefined {
    if (message[3] !== this.#partition.incarnation) return Refusal.incarnation;
    if (message[6] !== 1) return Refusal.wounded;
    return this.#lineFull() ? Refusal.lineFull : undefined;
  }

  #lineFull(): boolean {
    return this.#records.size >= lockWaitersMax || this.locks.waiting >= lockWaitersMax;
  }

  #prepare(message: readonly unknown[], origin: Origin, decides: boolean): void {
    const record = this.#recordOf(message, origin);
    if (record === undefined) return;
    const writes = message[7] as readonly unknown[];
    record.steps.push({ kind: 'prepare', writes, cleared: message[8] as readonly number[], decides });
    for (let i = 0; i < writes.length; i += 3) {
      this.locks.lockKey(record, writes[i] as number, writes[i + 1] as StorageKey, LockMode.X);
    }
    this.#proceed(record);
  }

  #granted(owner: LockOwner): void {
    if (owner instanceof PlainOperation) {
      owner.resume();
      this.locks.release(owner);
    } else this.#proceed(owner as TransactionRecord);
  }

  /** Does what the transaction asked for, once it holds every lock it asked for. */
  #proceed(record: TransactionRecord): void {
    if (record.waits || !this.#records.has(record.id)) return;
    if (record.steps.length === 0) return;
    const { steps } = record;
    record.steps = [];
    record.answered = true;
    for (const step of steps) {
      if (step.kind === 'lock') this.#answer(record, step.step, step.accesses);
      else if (step.decides) this.#commitHere(record, step.writes, step.cleared);
      else this.#voteYes(record, step.writes, step.cleared);
    }
  }

  #answer(record: TransactionRecord, step: number, accesses: readonly unknown[]): void {
    const values: unknown[] = [];
    const { store } = this.#partition;
    for (let i = 0; i < accesses.length; i += 3) {
      values.push(store.read(accesses[i] as number, accesses[i + 1] as StorageKey));
    }
    record.origin.send([ReplyOp.answer, record.id, this.#partition.id, step, values]);
  }

  #voteYes(record: TransactionRecord, writes: readonly unknown[], cleared: readonly number[]): void {
    const timestamp = this.#ports.draw();
    record.vote = { timestamp, writes, cleared };
    record.origin.send([ReplyOp.vote, record.id, this.#partition.id, timestamp]);
  }

  #commitHere(record: TransactionRecord, writes: readonly unknown[], cleared: readonly number[]): void {
    const timestamp = this.#ports.draw();
    if (record.origin.words.tryCommitAlone(record.slot, record.id, timestamp)) {
      record.vote = { timestamp, writes, cleared };
      this.#end(record, timestamp);
      record.origin.send([ReplyOp.done, record.id, this.#partition.id, timestamp]);
    } else this.#end(record, 0);
  }

  /** Installs at `timestamp`, or drops when it is 0, and releases. */
  #end(record: TransactionRecord, timestamp: Timestamp): void {
    this.#records.delete(record.id);
    if (timestamp !== 0) this.#install(record, timestamp);
    this.locks.release(record);
    this.#wakeSnapshots(record);
  }

  #install(record: TransactionRecord, timestamp: Timestamp): void {
    const { vote } = record;
    assert(vote !== undefined, 'a transaction was committed at a partition that had not voted');
    assert(timestamp >= vote.timestamp, 'a transaction was committed before its own vote');
    const { store } = this.#partition;
    for (const table of vote.cleared) store.clear(table, timestamp);
    for (let i = 0; i < vote.writes.length; i += 3) {
      store.write(vote.writes[i] as number, vote.writes[i + 1] as StorageKey, vote.writes[i + 2], timestamp);
    }
  }

  #wakeSnapshots(record: TransactionRecord): void {
    for (const waiting of this.#snapshotWaits) {
      if (!waiting.blockedBy.delete(record) || waiting.blockedBy.size > 0) continue;
      this.#snapshotWaits.delete(waiting);
      waiting.resume();
    }
  }

  #wound(holder: LockOwner): 'aborted' | 'given-back' | 'protected' {
    if (!(holder instanceof TransactionRecord)) return 'given-back';
    if (!holder.answered) return 'given-back';
    const { words } = holder.origin;
    const wounded = words.tryAbort(holder.slot, holder.id);
    if (!wounded && words.fate(holder.slot, holder.id) !== 'aborted') return 'protected';
    this.#forget(holder, Refusal.wounded);
    return 'aborted';
  }

  /** The strategy lets the requester die instead of waiting. */
  #died(owner: LockOwner): void {
    if (!(owner instanceof TransactionRecord)) return;
    owner.origin.words.tryAbort(owner.slot, owner.id);
    this.#forget(owner, Refusal.wounded);
  }

  /** Drops a record whose locks the lock manager takes away itself. */
  #forget(record: TransactionRecord, reason: Refusal): void {
    this.#records.delete(record.id);
    record.origin.send([ReplyOp.refused, record.id, this.#partition.id, reason]);
    this.#wakeSnapshots(record);
  }
}

/**
 * A writer of this key (of any key of the table) may have committed at or before the snapshot: it has voted at or
 * before it, or it has no vote and its word isn't ACTIVE. Such a word may have been committed without votes, or have
 * been lent to another since: then the decision is in the link. It isn't asked for the timestamp, which might be that
 * of the next borrower by now. One whose word is still ACTIVE draws its timestamp later than now, so after the snapshot.
 */
function blocksSnapshot(
  record: TransactionRecord,
  table: number,
  key: StorageKey | undefined,
  snapshot: Timestamp,
): boolean {
  const { vote } = record;
  if (vote === undefined) {
    const fate = record.origin.words.fate(record.slot, record.id);
    return fate !== 'active' && fate !== 'aborted';
  }
  if (vote.timestamp > snapshot) return false;
  if (vote.cleared.includes(table)) return true;
  for (let i = 0; i < vote.writes.length; i += 3) {
    if (vote.writes[i] === table && (key === undefined || vote.writes[i + 1] === key)) return true;
  }
  return false;
}

function modeOf(access: KeyAccess): KeyLockMode {
  return access === 'read' ? LockMode.S : LockMode.X;
}

function lineFull(partition: number): OverloadedError {
  return new OverloadedError(
    'QUEUE_FULL',
    `too many operations wait for locks in partition ${partition}; try again later`,
    {
      details: { partition },
    },
  );
}
