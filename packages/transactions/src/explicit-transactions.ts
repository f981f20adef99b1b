/**
 * Transactions that their user begins and ends. The deadline and the signal bound the whole life; nothing is retried,
 * because the body is out of our hands. The end is told once and for good: a commit that did not happen throws.
 */
import { TransactionFinishedError } from '@troupe/core';
import type { Closures } from './closures.ts';
import { LockingTransaction, SnapshotTransaction, type TransactionGround } from './open-transaction.ts';
import type { BeginOptions, ExplicitTransaction } from './transaction.ts';
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
    return options.readOnly === true ? this.#beginReadOnly(options) : await this.#beginLocking(options);
  }

  async #beginLocking(options: BeginOptions): Promise<ExplicitTransaction> {
    const run = this.#closures.begin(options);
    const attempt = await this.#service.begin(undefined, options.label);
    run.attempt = attempt;
    void attempt.finished().then(() => this.#closures.end(run));
    const rollback = async (): Promise<void> => {
      attempt.coordinator.abort('user');
      await attempt.finished();
    };
    const commit = async (): Promise<void> => {
      attempt.assertOpen();
      const outcome = await attempt.commit();
      if (!outcome.committed) throw this.#service.abortError(attempt, outcome.cause, outcome.partition);
    };
    return Object.assign(new LockingTransaction(this.#ground, attempt, 1), {
      commit,
      rollback,
      [Symbol.asyncDispose]: rollback,
    });
  }

  #beginReadOnly(options: BeginOptions): ExplicitTransaction {
    const run = this.#closures.begin(options);
    const transaction = new SnapshotTransaction(this.#ground, this.#service.drawId(), options.label);
    const rollback = (): Promise<void> => {
      if (!transaction.ended) this.#closures.end(run);
      transaction.end();
      return Promise.resolve();
    };
    const commit = (): Promise<void> =>
      transaction.ended
        ? Promise.reject(new TransactionFinishedError('the read-only transaction has ended already'))
        : rollback();
    return Object.assign(transaction, { commit, rollback, [Symbol.asyncDispose]: rollback });
  }
}
