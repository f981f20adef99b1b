/** Status words as a participant with one fault sees them; see `planted-faults.ts`. */
import type { Timestamp } from '@troupe/core';
import { type Fate, StatusWords, type TransactionId } from '@troupe/transactions';

/** Whoever can't be aborted any more counts as aborted. */
export class WordsThatAreNeverSafe extends StatusWords {
  override fate(slot: number, id: TransactionId): Fate {
    const fate = super.fate(slot, id);
    return fate === 'active' ? fate : 'aborted';
  }
}

/** The only partition of a transaction commits it whatever its word says. */
export class WordsWonByEveryone extends StatusWords {
  override tryCommitAlone(slot: number, id: TransactionId, timestamp: Timestamp): boolean {
    super.tryCommitAlone(slot, id, timestamp);
    return true;
  }
}

/** The only partition of a transaction submits it to the log whatever its word says. */
export class WordsCommittingAlways extends StatusWords {
  override tryCommitting(slot: number, id: TransactionId): boolean {
    super.tryCommitting(slot, id);
    return true;
  }
}
