/**
 * Snapshot reads that wait in a partition for writers that may have committed before them. A part of the participant:
 * pure and synchronous.
 */
import type { StorageKey, Timestamp, Waiting } from '@troupe/core';
import type { TransactionRecord } from './transaction-record.ts';

interface SnapshotWait {
  /** Transactions, and writes of the partition itself. */
  readonly blockedBy: Set<object>;
  readonly resume: () => void;
}

export class SnapshotWaits {
  readonly #waits = new Set<SnapshotWait>();

  wait(blockers: readonly object[], resume: () => void): Waiting {
    const waiting: SnapshotWait = { blockedBy: new Set(blockers), resume };
    this.#waits.add(waiting);
    return { cancel: () => this.#waits.delete(waiting) };
  }

  /** The writer has ended here: whoever waited for it alone goes on. */
  wake(blocker: object): void {
    for (const waiting of this.#waits) {
      if (!waiting.blockedBy.delete(blocker) || waiting.blockedBy.size > 0) continue;
      this.#waits.delete(waiting);
      waiting.resume();
    }
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
