/**
 * Transactions that their user begins and ends. The deadline and the signal bound the whole life; nothing is retried,
 * because the body is out of our hands. The end is told once and for good: a commit that did not happen throws.
 */
import { TransactionFinishedError } from '@troupe/core';
import type { Attempt } from './attempt.ts';
import type { Closures } from './closures.ts';
import type { AbortCause } from './coordinator.ts';
import { LockingTransaction, type TransactionGround } from './open-transaction.ts';
import type { Bounded } from './run-deadlines.ts';
import { SnapshotTransaction } from './snapshot-transaction.ts';
import type { BeginOptions, ExplicitTransaction } from './transaction.ts';
import { notAwaited } from './transaction-run.ts';
import type { TransactionService } from './transaction-service.ts';

export class ExplicitTransactions {
  readonly #service: TransactionService;
  readonly #closures: Closures;
  readonly #ground: TransactionGround;

  constructor(service: TransactionService, closures: Closures, ground: TransactionGround) {
    this.#service = service;
    this.#closures = closures;
    this.#ground = ground;
  }

  async begin(options: BeginOptions): Promise<ExplicitTransaction> {
    return options.readOnly === true ? this.#beginReadOnly(options) : this.#beginLocking(options);
  }

  async #beginLocking(options: BeginOptions): Promise<ExplicitTransaction> {
    let attempt: Attempt | undefined;
    let stopped: AbortCause | undefined;
    const stop = (cause: AbortCause): void => {
      stopped = cause;
      attempt?.coordinator.abort(cause);
    };
    const bounded: Bounded = { options, expired: () => stop('timeout'), aborted: () => stop('user') };
    this.#closures.begin(bounded);
    const begun = await this.#service.begin(undefined, options.label);
    attempt = begun;
    // It may have waited long for a status word.
    if (stopped !== undefined) begun.coordinator.abort(stopped);
    begun.whenEnded({ attemptEnded: () => this.#closures.end(bounded) });
    const rollback = async (): Promise<void> => {
      begun.coordinator.abort('user');
      await begun.finished();
    };
    const commit = async (): Promise<void> => {
      begun.assertOpen();
      const { operationsUnderWay } = begun;
      if (operationsUnderWay > 0) {
        begun.coordinator.abort('user');
        throw notAwaited('commit() was called', operationsUnderWay);
      }
      begun.commit();
      const outcome = await begun.finished();
      if (!outcome.committed) throw this.#service.abortError(begun, outcome.cause, outcome.partition);
    };
    return Object.assign(new LockingTransaction(this.#ground, begun, 1), {
      commit,
      rollback,
      [Symbol.asyncDispose]: rollback,
    });
  }

  #beginReadOnly(options: BeginOptions): ExplicitTransaction {
    const end = (): void => {
      if (!transaction.ended) this.#closures.end(bounded);
      transaction.end();
    };
    const bounded: Bounded = { options, expired: end, aborted: end };
    this.#closures.begin(bounded);
    const transaction = new SnapshotTransaction(this.#ground, this.#service.drawId(), options.label);
    const rollback = (): Promise<void> => Promise.resolve(end());
    const commit = (): Promise<void> =>
      transaction.ended
        ? Promise.reject(new TransactionFinishedError('the read-only transaction has ended already'))
        : rollback();
    return Object.assign(transaction, { commit, rollback, [Symbol.asyncDispose]: rollback });
  }
}
