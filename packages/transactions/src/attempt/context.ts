/**
 * Which transaction the running code belongs to. Follows async calls, so that an operation on `grid.table(…)` inside
 * a body joins the transaction instead of waiting for its locks. Costs nothing until the first body runs, and on a host
 * nothing until code there has been handed a client: before, nobody can ask.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { JoinedCalls, TableExecutor } from '@troupe/core';
import type { TransactionId } from '../protocol/status-word.ts';
import type { ScopeId } from './scopes.ts';
import type { Transaction } from './transaction.ts';

/** A transaction, or a nested one, as the code that runs in it reaches it on this member. */
export interface OpenTransaction extends Transaction {
  /** Which nested transaction it is. */
  readonly scope: ScopeId;
  /** What its operations on tables go through. */
  readonly executor: TableExecutor;
  /** What its calls of actors and jobs go through. */
  readonly calls: JoinedCalls;
}

export class TransactionContext {
  readonly #storage = new AsyncLocalStorage<OpenTransaction | undefined>();
  #used = false;
  #followed: boolean;

  /** `followed`: code on this thread has a client already. */
  constructor(followed: boolean) {
    this.#followed = followed;
  }

  /** Code on this thread has a client from now on, through which it may ask. */
  follow(): void {
    this.#followed = true;
  }

  /** Runs the body of a transaction; `run` where anybody could ask which. */
  runBody<T extends OpenTransaction, R>(transaction: T, body: (transaction: T) => R): R {
    return this.#followed ? this.run(transaction, body, transaction) : body(transaction);
  }

  current(): OpenTransaction | undefined {
    return this.#used ? this.#storage.getStore() : undefined;
  }

  /** The scope of the running code where it belongs to this transaction; else `otherwise`. */
  scopeIn(id: TransactionId, otherwise: ScopeId): ScopeId {
    const current = this.current();
    return current?.id === id ? current.scope : otherwise;
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
