/** Starts the runs of transaction bodies: locking ones and read-only ones, each under its deadline and signal. */
import { type CallOptions, GridClosedError } from '@troupe/core';
import type { TransactionGround } from './open-transaction.ts';
import { type Bounded, RunDeadlines } from './run-deadlines.ts';
import { SnapshotTransaction } from './snapshot-transaction.ts';
import type { TransactionBody, TransactionOptions } from './transaction.ts';
import { type LockingBody, TransactionRun } from './transaction-run.ts';
import type { TransactionService } from './transaction-service.ts';

export class Closures {
  readonly #service: TransactionService;
  readonly #ground: TransactionGround;
  readonly #deadlines = new RunDeadlines();
  readonly #ended = (bounded: Bounded): void => this.end(bounded);

  constructor(service: TransactionService, ground: TransactionGround) {
    this.#service = service;
    this.#ground = ground;
  }

  /** A run of `body` as its operations' context; `start` it. Throws the signal's reason, or GRID_CLOSED. */
  prepare<T>(body: TransactionBody<T>, options: TransactionOptions): TransactionRun<T> {
    return this.#prepared(body, true, options);
  }

  /** The same for a body of our own that needs no context. */
  prepareBare<T>(body: LockingBody<T>, options: TransactionOptions): TransactionRun<T> {
    return this.#prepared(body, false, options);
  }

  /** Runs `body` at a snapshot. */
  async runReadOnly<T>(body: TransactionBody<T>, options: TransactionOptions): Promise<T> {
    const transaction = new SnapshotTransaction(this.#ground, this.#service.drawId(), options.label);
    try {
      return await this.#bounded(options, () => transaction.transaction(body));
    } finally {
      transaction.end();
    }
  }

  /** Watches something that may be ended from outside, until `end`. Throws the signal's reason, or GRID_CLOSED. */
  begin(bounded: Bounded): void {
    bounded.options.signal?.throwIfAborted();
    this.#ground.beginWork();
    this.#deadlines.begin(bounded);
  }

  end(bounded: Bounded): void {
    this.#deadlines.end(bounded);
    this.#ground.endWork();
  }

  close(): void {
    this.#deadlines.close(new GridClosedError('the grid was closed before this transaction had ended'));
  }

  #prepared<T>(
    body: TransactionBody<T> | LockingBody<T>,
    inContext: boolean,
    options: TransactionOptions,
  ): TransactionRun<T> {
    const run = new TransactionRun<T>(this.#service, this.#ground, body, inContext, options, this.#ended);
    this.begin(run);
    return run;
  }

  /** Settles as `work` does, or earlier with the time-out or the signal's reason. */
  #bounded<T>(options: CallOptions, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const bounded: Bounded = {
        options,
        expired: () => reject(this.#service.stoppedError(undefined, 'timeout')),
        aborted: reject,
      };
      this.begin(bounded);
      work()
        .then(resolve, reject)
        .finally(() => this.end(bounded));
    });
  }
}
