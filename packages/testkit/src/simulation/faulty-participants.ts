/** Participants with one fault each; see `planted-faults.ts`. */
import type { StorageKey, Timestamp } from '@troupe/core';
import {
  LockMode,
  type Origin,
  Participant,
  type TransactionId,
  type TransactionRecord,
} from '@troupe/transactions';

type Message = readonly unknown[];

function recordOf(participant: Participant, message: Message): TransactionRecord | undefined {
  for (const record of participant.records()) if (record.id === (message[1] as TransactionId)) return record;
  return undefined;
}

/** Installs at the timestamp of its own vote instead of at that of the commit. */
export class ParticipantInstallingAtOwnVote extends Participant {
  override decide(message: Message): void {
    const vote = message[4] === 0 ? undefined : recordOf(this, message)?.vote;
    super.decide(vote === undefined ? message : message.with(4, vote.timestamp));
  }
}

/** Answers snapshots without a look at who may have committed before them. */
export class ParticipantIgnoringVotes extends Participant {
  override isSettled(): boolean {
    return true;
  }
}

/** Takes a word that was lent to the next transaction for one that isn't decided. */
export class ParticipantTrustingLentWords extends Participant {
  override isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    const others = [...this.records()].filter(
      ({ vote, origin, slot, id }) => vote !== undefined || origin.words.fate(slot, id) !== 'unknown',
    );
    return others.length === 0 || super.isSettled(table, key, snapshot);
  }
}

/** Lets writers of keys in beside a reader of the whole table. */
export class ParticipantIgnoringTableReads extends Participant {
  override lockTable(message: Message, origin: Origin): void {
    super.lockTable(message[9] === LockMode.S ? message.with(9, LockMode.IS) : message, origin);
  }
}

/** Holds on to requests that still wait for a lock when their transaction is dropped. */
export class ParticipantKeepingWaiters extends Participant {
  override decide(message: Message): void {
    if (message[4] === 0 && recordOf(this, message)?.answered === false) return;
    super.decide(message);
  }
}

/** Gives locks back to older owners though it has told what it read under them. */
export class ParticipantForgettingAnswers extends Participant {
  override lock(message: Message, origin: Origin): void {
    super.lock(message, origin);
    const record = recordOf(this, message);
    if (record !== undefined) record.answered = false;
  }
}
