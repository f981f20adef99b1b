/** Starts the runs of transaction bodies: locking ones and read-only ones, each under its deadline and signal. */
import { GridClosedError } from '@troupe/core';
import type { TransactionGround } from '../attempt/open-transaction.ts';
import type { TransactionBody, TransactionOptions } from '../attempt/transaction.ts';
import type { LockingBody } from '../attempt/transaction-body.ts';
import type { TransactionId } from '../protocol/status-word.ts';
import type { TransactionService } from '../transaction-service.ts';
import type { UnderWay } from '../view/transaction-views.ts';
import { type Bounded, RunDeadlines } from './run-deadlines.ts';
import { SnapshotRun } from './snapshot-run.ts';
import { SnapshotTransaction } from './snapshot-transaction.ts';
import { type RunSettings, TransactionRun } from './transaction-run.ts';

export class Closures {
  readonly #service: TransactionService;
  readonly #ground: TransactionGround;
  readonly #deadlines: RunDeadlines;
  readonly #ended = (bounded: Bounded): void => this.end(bounded);

  constructor(service: TransactionService, ground: TransactionGround) {
    this.#service = service;
    this.#ground = ground;
    this.#deadlines = new RunDeadlines(service.clock);
  }

  /** A run of `body` as its operations' context; `start` it. Throws the signal's reason, or GRID_CLOSED. */
  prepare<T>(body: LockingBody<T>, options: RunSettings): TransactionRun<T> {
    return this.#prepared(body, true, options);
  }

  /** The same for a body of our own that needs no context. */
  prepareBare<T>(body: LockingBody<T>, options: TransactionOptions): TransactionRun<T> {
    return this.#prepared(body, false, options);
  }

  /** Runs `body` at a snapshot. */
  async runReadOnly<T>(body: TransactionBody<T>, options: TransactionOptions): Promise<T> {
    const transaction = new SnapshotTransaction(this.#ground, this.#service.drawId(), options);
    try {
      return await this.#bounded(transaction, options, () => transaction.transaction(body));
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

  /** What is under way at this member. */
  underWay(): UnderWay[] {
    return Array.from(this.#deadlines.all(), (bounded) => bounded.underWay()).filter(
      (row) => row !== undefined,
    );
  }

  /** Ends the transaction that goes by this id. False: there is none here, or it is too late. */
  kill(id: TransactionId): boolean {
    for (const bounded of this.#deadlines.all()) if (bounded.isKnownAs(id)) return bounded.kill();
    return false;
  }

  close(): void {
    this.#deadlines.close(new GridClosedError('the grid was closed before this transaction had ended'));
  }

  #prepared<T>(body: LockingBody<T>, inContext: boolean, options: RunSettings): TransactionRun<T> {
    const run = new TransactionRun<T>(this.#service, this.#ground, body, inContext, options, this.#ended);
    this.begin(run);
    this.#service.meter.begun();
    return run;
  }

  /** Settles as `work` does, or earlier with the time-out or the signal's reason. */
  #bounded<T>(
    transaction: SnapshotTransaction,
    options: TransactionOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let over = false;
      const end = (): void => {
        if (!over) this.end(bounded);
        over = true;
      };
      const bounded = new SnapshotRun(this.#service, transaction, options, (reason) => {
        reject(reason);
        end();
      });
      this.begin(bounded);
      this.#service.meter.snapshotBegun();
      work().then(resolve, reject).finally(end);
    });
  }
}
