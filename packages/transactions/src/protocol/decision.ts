/**
 * How the fate of a transaction is decided: a port, so that nothing else in the protocol knows which form is in use.
 * This is the *memory* form, which answers within the call. The form of `one-log-decision.ts` asks a log and answers
 * when the log has flushed, which is why answers come by callback.
 */
import type { PartitionId, StorageKey, Timestamp } from '@troupe/core';
import type { StatusWords, TransactionId } from './status-word.ts';

/** A partition a transaction touched, in the incarnation it was fixed to. */
export interface Touched {
  readonly partition: PartitionId;
  readonly incarnation: number;
}

/** What a transaction changes in one partition, as messages carry it. */
export interface PartitionWrites {
  /** [table, key, value, …], undefined removes. */
  readonly writes: unknown[];
  /** Tables to empty first. */
  readonly cleared: readonly number[];
}

/** What a partition keeps of a transaction until its fate is known. */
export class Vote {
  readonly timestamp: Timestamp;
  readonly writes: readonly unknown[];
  readonly cleared: readonly number[];
  /** Of one that this partition decides; undefined: the grid's. */
  readonly durability: Durability | undefined;

  constructor(
    timestamp: Timestamp,
    writes: readonly unknown[],
    cleared: readonly number[],
    durability?: Durability,
  ) {
    this.timestamp = timestamp;
    this.writes = writes;
    this.cleared = cleared;
    this.durability = durability;
  }
}

/**
 * Lost: a partition it touched has died since, with its locks. Aborted: somebody was faster. The last three are the
 * storage's: it had no room; it failed with this commit, which may be kept or not; it had failed before.
 */
export type Verdict = 'committed' | 'aborted' | 'lost' | StorageRefusal;
export type StorageRefusal = 'storage-full' | 'storage-unknown' | 'storage-closed';

/** What a commit waits for before it counts as committed: that it is durable, or that its place in the log is certain. */
export type Durability = 'flushed' | 'buffered';

/** What a coordinator does in the course of a commit without votes. */
export interface UnaskedSteps {
  /** Sends the writes to the partitions; `handedOver` follows when this thread's death can't lose them any more. */
  handOver(timestamp: Timestamp, handedOver: () => void): void;
  /** The end. `timestamp` counts for a commit only. */
  decided(verdict: Verdict, timestamp: Timestamp): void;
}

export interface Decision {
  /** All who must vote have voted. Commits at `timestamp` unless the transaction was aborted or a partition died. */
  commit(
    id: TransactionId,
    slot: number,
    timestamp: Timestamp,
    touched: readonly Touched[],
    writes: ReadonlyMap<PartitionId, PartitionWrites>,
    decided: (verdict: Verdict) => void,
    /** Undefined: the grid's. */
    durability?: Durability,
  ): void;
  /**
   * Commits without votes, for a coordinator that holds every lock its writes need. The timestamp is drawn once no wound
   * can come any more, and before the incarnations are checked: a partition that dies after the check serves its
   * successor's snapshots at later timestamps only. The writes are handed over before the word says COMMITTED, so the
   * coordinator's death can lose none of a committed transaction.
   */
  commitUnasked(
    id: TransactionId,
    slot: number,
    touched: readonly Touched[],
    writes: ReadonlyMap<PartitionId, PartitionWrites>,
    steps: UnaskedSteps,
    durability?: Durability,
  ): void;
  /** Ends it now, if nobody has decided yet. False: its fate is another's to tell. */
  tryAbort(id: TransactionId, slot: number): boolean;
  /**
   * The fate of a transaction whose only deciding participant has died.
   */
  resolve(id: TransactionId, slot: number, resolved: (committedAt: Resolution) => void): void;
}

/** When it was committed; undefined: it never was and never will be; unknown: the storage failed with it. */
export type Resolution = Timestamp | undefined | 'unknown';

/** How a participant has fates decided where commits go to a log. In the memory form it has none: the word decides. */
export interface ParticipantLog {
  /**
   * Commits a transaction that touched this partition only and whose word the participant has made COMMITTING. Puts
   * the outcome into the word, then tells it: once it is durable, or certain never to be.
   */
  commitHere(
    transaction: LoggedTransaction,
    vote: Vote,
    partition: Touched,
    decided: (verdict: Verdict) => void,
  ): void;
  /**
   * Commits a write of the partition itself, that nobody can be asked about, with others of this turn. Its key is locked
   * until `decided` is called.
   */
  keep(
    partition: Touched,
    table: number,
    key: StorageKey,
    value: unknown,
    decided: (verdict: Verdict) => void,
  ): CommitGroup;
  /** So much waits for the log that further writes of the partition itself are better refused. */
  readonly isCongested: boolean;
  /**
   * What became of a COMMITTING transaction whose coordinator is dead: its timestamp, or 0 when it was not committed
   * and never will be in this process (the storage may have failed with it). Doesn't answer about one that this member has itself given to `commitHere`: that answer comes.
   */
  resolve(transaction: LoggedTransaction, resolved: (timestamp: Timestamp) => void): void;
}

/** Writes that are committed together. */
export interface CommitGroup {
  /** Of all of them. Undefined until they are submitted: it will be later than whatever has been drawn by then. */
  readonly timestamp: Timestamp | undefined;
}

/** A transaction as its participant knows it. */
export interface LoggedTransaction {
  readonly id: TransactionId;
  readonly slot: number;
  readonly origin: { readonly words: StatusWords };
}

/**
 * Decision by compare-and-set on the status word. The word proves that every lock is still held (a wound would have
 * changed it); the incarnations prove that the partitions which held them are still the same.
 */
export class MemoryDecision implements Decision {
  readonly #words: StatusWords;
  readonly #incarnationOf: (partition: PartitionId) => number;
  readonly #draw: () => Timestamp;

  constructor(words: StatusWords, incarnationOf: (partition: PartitionId) => number, draw: () => Timestamp) {
    this.#words = words;
    this.#incarnationOf = incarnationOf;
    this.#draw = draw;
  }

  commit(
    id: TransactionId,
    slot: number,
    timestamp: Timestamp,
    touched: readonly Touched[],
    _writes: ReadonlyMap<PartitionId, PartitionWrites>,
    decided: (verdict: Verdict) => void,
  ): void {
    if (this.#anyLost(touched)) {
      this.#words.tryAbort(slot, id);
      decided('lost');
    } else decided(this.#words.tryCommit(slot, id, timestamp) ? 'committed' : 'aborted');
  }

  commitUnasked(
    id: TransactionId,
    slot: number,
    touched: readonly Touched[],
    _writes: ReadonlyMap<PartitionId, PartitionWrites>,
    steps: UnaskedSteps,
  ): void {
    if (!this.#words.tryCommitting(slot, id)) {
      steps.decided('aborted', 0);
      return;
    }
    const timestamp = this.#draw();
    if (this.#anyLost(touched)) {
      this.#words.abortCommitting(slot, id);
      steps.decided('lost', 0);
      return;
    }
    steps.handOver(timestamp, () => {
      this.#words.commit(slot, id, timestamp);
      steps.decided('committed', timestamp);
    });
  }

  #anyLost(touched: readonly Touched[]): boolean {
    for (const { partition, incarnation } of touched)
      if (this.#incarnationOf(partition) !== incarnation) return true;
    return false;
  }

  tryAbort(id: TransactionId, slot: number): boolean {
    return this.#words.tryAbort(slot, id);
  }

  resolve(id: TransactionId, slot: number, resolved: (committedAt: Resolution) => void): void {
    // A partition that died between the word and the timestamp left an older one, of whoever had the slot before. What
    // it committed died with it, so any moment of its life is as true.
    const isCommitted = this.#words.fate(slot, id) === 'committed';
    resolved(isCommitted ? Math.max(id, this.#words.commitTimestamp(slot)) : undefined);
  }
}
