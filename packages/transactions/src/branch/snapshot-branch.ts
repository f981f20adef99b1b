/**
 * A job's part in a transaction that reads a snapshot: it reads the same moment. The versions are kept by the member
 * that holds the snapshot, for as long as its transaction lasts; a job that goes on after that may be told
 * SNAPSHOT_TOO_OLD, never anything else than the snapshot.
 */
import type { Branch, Timestamp } from '@troupe/core';
import type { TransactionGround } from '../attempt/open-transaction.ts';
import type { TransactionPlace } from '../attempt/transaction-ref.ts';
import { SnapshotTransaction } from '../run/snapshot-transaction.ts';

export class SnapshotBranch implements Branch {
  readonly #ground: TransactionGround;
  readonly #transaction: SnapshotTransaction;

  constructor(ground: TransactionGround, { id, label }: TransactionPlace, timestamp: Timestamp) {
    const heldElsewhere = { timestamp, mustBeReadable: () => undefined, release: () => undefined };
    this.#ground = ground;
    this.#transaction = new SnapshotTransaction(
      ground,
      id,
      label === undefined ? {} : { label },
      heldElsewhere,
    );
  }

  async run<T>(_name: string, work: () => T | PromiseLike<T>): Promise<T> {
    try {
      return await this.#ground.context.run(this.#transaction, work);
    } finally {
      this.#transaction.end();
    }
  }

  end(): void {
    this.#transaction.end();
  }
}
