/**
 * Transactions that their user begins and ends. The deadline and the signal bound the whole life; nothing is retried,
 * because the body is out of our hands. The end is told once and for good: a commit that did not happen throws.
 */
import { TransactionFinishedError } from '@troupe/core';
import { LockingTransaction, type TransactionGround } from '../attempt/open-transaction.ts';
import type { BeginOptions, ExplicitTransaction } from '../attempt/transaction.ts';
import { notAwaited } from '../attempt/transaction-body.ts';
import type { TransactionService } from '../transaction-service.ts';
import type { Closures } from './closures.ts';
import { ExplicitRun } from './explicit-run.ts';
import { SnapshotRun } from './snapshot-run.ts';
import { SnapshotTransaction } from './snapshot-transaction.ts';

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
    const run = new ExplicitRun(this.#service, options, () => this.#closures.end(run));
    this.#closures.begin(run);
    const begun = await this.#service.begin(undefined, options.label, options.priority);
    begun.durability = options.durability;
    run.begun(begun);
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
    const transaction = new SnapshotTransaction(this.#ground, this.#service.drawId(), options);
    const bounded = new SnapshotRun(this.#service, transaction, options, end);
    try {
      this.#closures.begin(bounded);
      this.#service.meter.snapshotBegun();
    } catch (error) {
      transaction.end();
      throw error;
    }
    const rollback = (): Promise<void> => Promise.resolve(end());
    const commit = (): Promise<void> =>
      transaction.ended
        ? Promise.reject(new TransactionFinishedError('the read-only transaction has ended already'))
        : rollback();
    return Object.assign(transaction, { commit, rollback, [Symbol.asyncDispose]: rollback });
  }
}
