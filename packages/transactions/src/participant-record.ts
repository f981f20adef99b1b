/**
 * What a participant keeps of one transaction, or of one plain operation that waits. A record lives from the first
 * message of a transaction to this partition until its fate is known here.
 */
import type { StorageKey, Timestamp } from '@troupe/core';
import { LockOwner } from './lock-manager.ts';
import type { StatusWords, TransactionId } from './status-word.ts';

/** Where a transaction's messages come from and its answers go: one incarnation of its coordinator's member. */
export interface Origin {
  /** The words in which its transactions' fates stand. */
  readonly words: StatusWords;
  send(message: unknown[]): void;
}

/** Locks that were asked for together. */
export interface LockStep {
  readonly kind: 'lock';
  readonly step: number;
  /** [table, key, mode, …] */
  readonly accesses: readonly unknown[];
  /** The table, when it is locked whole. */
  readonly table: number | undefined;
  /** Its transaction holds nothing that anybody could wait for: it may wait for turns of actors to end. */
  readonly patient: boolean;
}

/** What a transaction is doing here once its locks are granted. */
export type Step =
  | LockStep
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
  /** It has locked actors, or asked for some. */
  locksActors = false;
  /** It has its locks and waits for a turn of an actor to end. */
  awaitsTurn = false;
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
export class PlainOperation extends LockOwner {
  readonly resume: () => void;

  constructor(id: TransactionId, resume: () => void) {
    super(id, id);
    this.resume = resume;
  }
}

/**
 * A writer of this key (of any key of the table) may have committed at or before the snapshot: it has voted at or
 * before it, or it has no vote and its word isn't ACTIVE. Such a word may have been committed without votes, or have
 * been lent to another since: then the decision is in the link. It isn't asked for the timestamp, which might be that
 * of the next borrower by now. One whose word is still ACTIVE draws its timestamp later than now, so after the snapshot.
 */
export function blocksSnapshot(
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
