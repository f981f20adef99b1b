/**
 * Which transaction the running code belongs to. Follows async calls, so that an operation on `grid.table(…)` inside
 * a body joins the transaction instead of waiting for its locks. Costs nothing until the first body runs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TableExecutor } from '@troupe/core';
import type { Transaction } from './transaction.ts';

/** A transaction with the executor that its operations go through. */
export interface OpenTransaction extends Transaction {
  readonly executor: TableExecutor;
}

export class TransactionContext {
  readonly #storage = new AsyncLocalStorage<OpenTransaction | undefined>();
  #used = false;

  current(): OpenTransaction | undefined {
    return this.#used ? this.#storage.getStore() : undefined;
  }

  /** Runs `body` as part of a transaction, or of none. */
  run<A extends readonly unknown[], T>(
    transaction: OpenTransaction | undefined,
    body: (...args: A) => T,
    ...args: A
  ): T {
    this.#used = true;
    return this.#storage.run(transaction, body, ...args);
  }
}
