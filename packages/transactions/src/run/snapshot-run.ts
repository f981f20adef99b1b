/** A read-only transaction under way, as deadlines, views and kills see it. It has nothing that others could wait for. */

import type { BeginOptions, TransactionOptions } from '../attempt/transaction.ts';
import type { TransactionId } from '../protocol/status-word.ts';
import type { TransactionService } from '../transaction-service.ts';
import type { UnderWay } from '../view/transaction-views.ts';
import type { Bounded } from './run-deadlines.ts';
import type { SnapshotTransaction } from './snapshot-transaction.ts';

export class SnapshotRun implements Bounded {
  readonly options: TransactionOptions | BeginOptions;
  listedAt = -1;
  lastSweep = 0;
  readonly #service: TransactionService;
  readonly #transaction: SnapshotTransaction;
  readonly #stop: (reason: unknown) => void;
  readonly #beganAtMs: number;

  /** `stop` is called when it is ended from outside, with what its caller is to be told. */
  constructor(
    service: TransactionService,
    transaction: SnapshotTransaction,
    options: TransactionOptions | BeginOptions,
    stop: (reason: unknown) => void,
  ) {
    this.#service = service;
    this.#beganAtMs = service.clock.now();
    this.#transaction = transaction;
    this.options = options;
    this.#stop = stop;
  }

  expired(): void {
    this.#stop(this.#service.stoppedError(undefined, 'timeout'));
  }

  aborted(reason: unknown): void {
    this.#stop(reason);
  }

  kill(): boolean {
    if (this.#transaction.ended) return false;
    this.#stop(this.#service.stoppedError(undefined, 'killed'));
    return true;
  }

  isKnownAs(id: TransactionId): boolean {
    return id === this.#transaction.id;
  }

  underWay(): UnderWay {
    const { id, label } = this.#transaction;
    const ageMs = this.#service.clock.now() - this.#beganAtMs;
    return { id, label, ageMs, attempt: 1, state: 'running', readOnly: true };
  }
}
