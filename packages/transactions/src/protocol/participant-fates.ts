/**
 * Fates that a participant finds out itself, instead of being told by a coordinator: of a transaction that touched no
 * other partition, which it decides; of those whose writes have come before their word says COMMITTED; and of those
 * whose coordinator is gone. Pure and synchronous.
 *
 * It asks the status word; where commits go to a log, the log has the last word about one that is COMMITTING. The locks
 * stay until the answer is there.
 */
import type { Partition, Timestamp } from '@troupe/core';
import { type Durability, type ParticipantLog, type Verdict, Vote } from './decision.ts';
import { Refusal, ReplyOp } from './messages.ts';
import type { ParticipantRecords } from './participant-records.ts';
import type { TransactionRecord } from './transaction-record.ts';

interface FatePorts {
  /** The next timestamp of the shared clock. */
  draw(): Timestamp;
  /** Calls `action` in a later turn; the more looks in a row were in vain, the later. */
  lookLater(action: () => void, vain: number): void;
  /** Where commits go to a log. */
  readonly log?: ParticipantLog;
}

/** Installs the vote at `timestamp`, or drops it when that is 0, and releases the locks. */
type End = (record: TransactionRecord, timestamp: Timestamp) => void;

export class ParticipantFates {
  readonly #partition: Pick<Partition, 'id' | 'incarnation'>;
  readonly #ports: FatePorts;
  readonly #records: ParticipantRecords;
  readonly #end: End;
  /** Their writes are here, their words say COMMITTING. */
  #announced: TransactionRecord[] = [];
  #isLooking = false;
  #vainLooks = 0;

  constructor(
    partition: Pick<Partition, 'id' | 'incarnation'>,
    ports: FatePorts,
    records: ParticipantRecords,
    end: End,
  ) {
    this.#partition = partition;
    this.#ports = ports;
    this.#records = records;
    this.#end = end;
  }

  /** Decides a transaction that touched this partition only, and tells its coordinator. */
  commitHere(
    record: TransactionRecord,
    writes: readonly unknown[],
    cleared: readonly number[],
    durability: Durability | undefined,
  ): void {
    const timestamp = this.#ports.draw();
    const { words } = record.origin;
    if (this.#ports.log !== undefined)
      this.#commitLogged(record, new Vote(timestamp, writes, cleared, durability), this.#ports.log);
    else if (words.tryCommitAlone(record.slot, record.id, timestamp)) {
      record.vote = new Vote(timestamp, writes, cleared);
      this.#committed(record, timestamp);
    } else {
      // The word was aborted by somebody who is no partition: the caller of a procedure. Its coordinator waits to hear.
      this.#end(record, 0);
      record.origin.send([ReplyOp.refused, record.id, this.#partition.id, Refusal.ended]);
    }
  }

  /**
   * The writes have come, to be installed at `timestamp` once the word says COMMITTED. That is a matter of moments unless
   * the coordinator dies between the two; then nobody has committed it, and `endOrphan` drops it everywhere.
   */
  announced(record: TransactionRecord, timestamp: Timestamp): void {
    if (!isCommitting(record)) {
      // Only a commit follows COMMITTING here: a word that is another's by now was committed, too.
      this.#end(record, timestamp);
      return;
    }
    record.announced = true;
    this.#announced.push(record);
    if (!this.#isLooking) this.#lookLater();
  }

  /** Ends what was announced and has been committed since. */
  catchUp(): void {
    const announced = this.#announced;
    if (announced.length === 0) return;
    this.#announced = [];
    for (const record of announced) {
      const { vote } = record;
      // It may have ended otherwise.
      if (vote === undefined || !this.#records.has(record)) continue;
      if (isCommitting(record)) this.#announced.push(record);
      else this.#end(record, vote.timestamp);
    }
  }

  #lookLater(): void {
    this.#isLooking = true;
    this.#ports.lookLater(() => this.#lookAgain(), this.#vainLooks);
  }

  #lookAgain(): void {
    this.#isLooking = false;
    this.catchUp();
    this.#vainLooks = this.#announced.length === 0 ? 0 : this.#vainLooks + 1;
    if (this.#vainLooks > 0) this.#lookLater();
  }

  /** The member that coordinated it is gone; its word tells, or is told, how it ends. */
  endOrphan(record: TransactionRecord): void {
    const { words } = record.origin;
    const { log } = this.#ports;
    const fate = words.tryAbort(record.slot, record.id) ? 'aborted' : words.fate(record.slot, record.id);
    // Without a vote it was only read here: whatever became of it, there is nothing to install.
    if (record.vote === undefined) this.#end(record, 0);
    else if (fate === 'committed') this.#end(record, words.commitTimestamp(record.slot));
    // The word was lent to another since, and only a commit could follow the announcement.
    else if (fate === 'unknown' && record.announced) this.#end(record, record.vote.timestamp);
    else if (fate === 'committing' && log !== undefined) log.resolve(record, this.#resolved(record));
    // COMMITTING without its coordinator never became COMMITTED: nobody was told, so it counts as aborted.
    else this.#end(record, 0);
  }

  /** The word is won before the log is asked, so no wound can come meanwhile; the locks stay until it has answered. */
  #commitLogged(record: TransactionRecord, vote: Vote, log: ParticipantLog): void {
    const { id, incarnation } = this.#partition;
    if (!record.origin.words.tryCommitting(record.slot, record.id)) {
      this.#end(record, 0);
      record.origin.send([ReplyOp.refused, record.id, id, Refusal.ended]);
      return;
    }
    record.vote = vote;
    log.commitHere(record, vote, { partition: id, incarnation }, (verdict) => {
      if (verdict === 'committed') this.#committed(record, vote.timestamp);
      else {
        this.#end(record, 0);
        record.origin.send([ReplyOp.refused, record.id, id, refusals[verdict]]);
      }
    });
  }

  #committed(record: TransactionRecord, timestamp: Timestamp): void {
    this.#end(record, timestamp);
    record.origin.send([ReplyOp.done, record.id, this.#partition.id, timestamp]);
  }

  #resolved(record: TransactionRecord): (timestamp: Timestamp) => void {
    return (timestamp) => {
      if (this.#records.has(record)) this.#end(record, timestamp);
    };
  }
}

function isCommitting({ origin, slot, id }: TransactionRecord): boolean {
  return origin.words.fate(slot, id) === 'committing';
}

/** Beside the storage's own refusals: only a partition that counts as dead is refused. */
const refusals: Record<Exclude<Verdict, 'committed'>, Refusal> = {
  aborted: Refusal.incarnation,
  lost: Refusal.incarnation,
  'storage-full': Refusal.storageFull,
  'storage-unknown': Refusal.storageUnknown,
  'storage-closed': Refusal.storageClosed,
};
