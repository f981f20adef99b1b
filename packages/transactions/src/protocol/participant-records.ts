/**
 * The transactions that hold or wait for something in a partition, and who may become one of them: each request names
 * the incarnation it is for, and a transaction that the partition doesn't know any more was wounded, unless this is its
 * first request. A part of the participant: pure and synchronous.
 */
import { lockWaitersMax, type Partition, TransientMap } from '@troupe/core';
import type { LockManager } from '../locks/lock-manager.ts';
import { labelPosition, Refusal, ReplyOp } from './messages.ts';
import type { TransactionId } from './status-word.ts';
import { type Origin, TransactionRecord } from './transaction-record.ts';

export class ParticipantRecords {
  readonly #partition: Pick<Partition, 'id' | 'incarnation'>;
  readonly #locks: LockManager;
  readonly #records = new TransientMap<TransactionId, TransactionRecord>((id) => id);

  constructor(partition: Pick<Partition, 'id' | 'incarnation'>, locks: LockManager) {
    this.#partition = partition;
    this.#locks = locks;
  }

  get size(): number {
    return this.#records.size;
  }

  all(): TransactionRecord[] {
    return this.#records.values();
  }

  tryGet(id: TransactionId): TransactionRecord | undefined {
    return this.#records.get(id);
  }

  /** It has not ended here. */
  has(record: TransactionRecord): boolean {
    return this.#records.get(record.id) === record;
  }

  delete(record: TransactionRecord): void {
    this.#records.delete(record.id);
  }

  /** As many transactions or plain operations as a partition lets in. */
  get isFull(): boolean {
    return this.#records.size >= lockWaitersMax || this.#locks.waiting >= lockWaitersMax;
  }

  /** The transaction that a request is about, new with its first request; undefined when it was refused. */
  admit(message: readonly unknown[], origin: Origin): TransactionRecord | undefined {
    const id = message[1] as TransactionId;
    const known = this.#records.get(id);
    if (known !== undefined) return known;
    const refusal = this.#refusalOf(message);
    if (refusal !== undefined) {
      origin.send([ReplyOp.refused, id, this.#partition.id, refusal]);
      return undefined;
    }
    const record = new TransactionRecord(
      id,
      message[5] as number,
      origin,
      message[4] as number,
      message[labelPosition] as string | undefined,
    );
    this.#records.add(id, record);
    return record;
  }

  /** The transaction that a decision is about; undefined when there is nothing to decide. */
  tryDecided(message: readonly unknown[]): TransactionRecord | undefined {
    return message[3] === this.#partition.incarnation
      ? this.#records.get(message[1] as TransactionId)
      : undefined;
  }

  #refusalOf(message: readonly unknown[]): Refusal | undefined {
    if (message[3] !== this.#partition.incarnation) return Refusal.incarnation;
    if (message[6] !== 1) return Refusal.wounded;
    return this.isFull ? Refusal.lineFull : undefined;
  }
}
