/**
 * One call of `transaction(…)`: attempt after attempt until one commits, the body throws, the retries are used up, or
 * somebody ends it from outside.
 *
 *     begin ─▶ declared keys locked ─▶ body ─▶ commit ─▶ resolved
 *       ▲                 │              │        │
 *       └── lost a conflict (same age) ──┴────────┘        body threw, participant lost, stopped ─▶ rejected
 *
 * Only lost conflicts are tried again; a user's error arrives as the same object, after everything the body wrote is
 * gone. Written with callbacks rather than async functions: every transaction passes here, and each promise less is a
 * visible part of its cost.
 */
import { InvalidArgumentError, TransactionFinishedError } from '@troupe/core';
import pRetry from 'p-retry';
import type { Attempt } from './attempt.ts';
import type { AbortCause, Outcome } from './coordinator.ts';
import { LockingTransaction, type TransactionGround } from './open-transaction.ts';
import type { Bounded } from './run-deadlines.ts';
import type { TransactionId } from './status-word.ts';
import type { TransactionOptions } from './transaction.ts';
import type { TransactionService } from './transaction-service.ts';

/** First and longest pause before a lost conflict is tried again; each is spread at random. */
const retryBackoffMs = 1;
const retryBackoffMsMax = 50;

export type LockingBody<T> = (transaction: LockingTransaction) => T | Promise<T>;

/** How an attempt ended: well, with an error for the user, or lost to another transaction and worth another try. */
type AttemptEnd<T> =
  | { readonly kind: 'committed'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly error: Error };

export class TransactionRun<T> implements Bounded {
  readonly options: TransactionOptions;
  readonly #service: TransactionService;
  readonly #ground: TransactionGround;
  readonly #body: LockingBody<T>;
  readonly #ended: (run: TransactionRun<T>) => void;
  /** The id of the first attempt; a retried transaction grows older and cannot starve. */
  #age: TransactionId | undefined;
  #attempt: Attempt | undefined;
  #resolve: (value: T) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #over = false;
  /** What the caller is told, once it is ended from outside. */
  #stopped: (() => unknown) | undefined;

  constructor(
    service: TransactionService,
    ground: TransactionGround,
    body: LockingBody<T>,
    options: TransactionOptions,
    ended: (run: TransactionRun<T>) => void,
  ) {
    this.#service = service;
    this.#ground = ground;
    this.#body = body;
    this.options = options;
    this.#ended = ended;
  }

  /** Resolves with what the body of the attempt that committed returned. */
  start(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#try(1, (end) => {
        if (end.kind === 'lost') this.#retry(end.error);
        else this.#finish(end);
      });
    });
  }

  // ── ended from outside ────────────────────────────────────────────────────────────────────────────────────────

  expired(): void {
    this.#stop('timeout', () => this.#service.stoppedError(this.#attempt, 'timeout'));
  }

  aborted(reason: unknown): void {
    this.#stop('user', () => reason);
  }

  /** Its caller has gone. */
  kill(): void {
    this.#stop('killed', () => this.#service.stoppedError(this.#attempt, 'killed'));
  }

  /** When the attempt is beyond abort, its outcome is about to be told and stands. */
  #stop(cause: AbortCause, error: () => unknown): void {
    const attempt = this.#attempt;
    // Said first: the abort may end the attempt, and with it the run, within the call.
    this.#stopped = error;
    if (attempt !== undefined && attempt.outcome === undefined && !attempt.coordinator.abort(cause)) {
      this.#stopped = undefined;
      return;
    }
    this.#finish({ kind: 'failed', error: error() });
  }

  #finish(end: AttemptEnd<T>): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#stopped !== undefined) this.#reject(this.#stopped());
    else if (end.kind === 'committed') this.#resolve(end.value);
    else this.#reject(end.error);
    this.#ended(this);
  }

  // ── one attempt ───────────────────────────────────────────────────────────────────────────────────────────────

  #try(attemptNumber: number, done: (end: AttemptEnd<T>) => void): void {
    const attempt = this.#service.tryBegin(this.#age, this.options.label);
    if (attempt !== undefined) this.#begun(attempt, attemptNumber, done);
    else {
      // Every status word is lent; it goes on when one is free.
      void this.#service.begin(this.#age, this.options.label).then((later) => this.#begun(later, attemptNumber, done));
    }
  }

  #begun(attempt: Attempt, attemptNumber: number, done: (end: AttemptEnd<T>) => void): void {
    this.#attempt = attempt;
    this.#age ??= attempt.id;
    if (this.#over) {
      this.#failed(attempt, new TransactionFinishedError('the transaction was ended from outside'), done);
      return;
    }
    const transaction = new LockingTransaction(this.#ground, attempt, attemptNumber);
    const { keys } = this.options;
    if (keys === undefined) {
      this.#runBody(attempt, transaction, done);
      return;
    }
    try {
      transaction.declare(keys).then(
        () => this.#runBody(attempt, transaction, done),
        (error: unknown) => this.#failed(attempt, error, done),
      );
    } catch (error) {
      this.#failed(attempt, error, done);
    }
  }

  #runBody(attempt: Attempt, transaction: LockingTransaction, done: (end: AttemptEnd<T>) => void): void {
    let returned: T | Promise<T>;
    try {
      returned = this.#body(transaction);
    } catch (error) {
      this.#failed(attempt, error, done);
      return;
    }
    if (isThenable(returned)) {
      returned.then(
        (value) => this.#returned(attempt, value, done),
        (error: unknown) => this.#failed(attempt, error, done),
      );
    } else this.#returned(attempt, returned, done);
  }

  #returned(attempt: Attempt, value: T, done: (end: AttemptEnd<T>) => void): void {
    if (attempt.operationsUnderWay > 0) {
      // It would commit before they are part of it.
      this.#failed(attempt, notAwaited('the body of a transaction returned', attempt.operationsUnderWay), done);
      return;
    }
    attempt.commit();
    attempt.whenEnded((outcome) => done(outcome.committed ? { kind: 'committed', value } : this.#notCommitted(attempt, outcome, undefined)));
  }

  /** The body threw. Its error counts only if everything it had read was true together, which the abort tells. */
  #failed(attempt: Attempt, error: unknown, done: (end: AttemptEnd<T>) => void): void {
    attempt.coordinator.abort('user');
    attempt.whenEnded((outcome) => {
      const counts = outcome.committed || outcome.cause === 'user';
      done(counts ? { kind: 'failed', error } : this.#notCommitted(attempt, outcome, error));
    });
  }

  #notCommitted(attempt: Attempt, outcome: Outcome & { readonly committed: false }, cause: unknown): AttemptEnd<T> {
    const error = this.#service.abortError(attempt, outcome.cause, outcome.partition, cause);
    return { kind: outcome.cause === 'wounded' ? 'lost' : 'failed', error };
  }

  // ── further attempts ──────────────────────────────────────────────────────────────────────────────────────────

  /** p-retry only sees lost conflicts: it would judge what a body threw, and wrap it if it isn't an Error. */
  #retry(lost: Error): void {
    const { retries = Number.POSITIVE_INFINITY } = this.options;
    if (retries === 0) {
      this.#finish({ kind: 'failed', error: lost });
      return;
    }
    pRetry((tries) => this.#tryAgain(tries + 1), {
      // What p-retry takes for the first try is already a retry.
      retries: retries - 1,
      minTimeout: retryBackoffMs,
      maxTimeout: retryBackoffMsMax,
      randomize: true,
      shouldRetry: () => !this.#over,
    }).then(
      (end) => this.#finish(end),
      (error: unknown) => this.#finish({ kind: 'failed', error }),
    );
  }

  #tryAgain(attemptNumber: number): Promise<AttemptEnd<T>> {
    return new Promise((resolve, reject) => {
      this.#try(attemptNumber, (end) => (end.kind === 'lost' ? reject(end.error) : resolve(end)));
    });
  }
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Why a transaction with operations under way can't be committed. `end`: what has happened too early. */
export function notAwaited(end: string, operations: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `${end} while ${operations} of its operations had not ended; await each of them`,
  );
}
