/**
 * Runs transaction bodies: attempt after attempt until one commits, the body throws, the deadline comes or the
 * retries are used up. Only lost conflicts are retried; a user's error arrives as the same object, after everything
 * the body wrote is gone.
 */
import { InvalidArgumentError, TransactionFinishedError } from '@troupe/core';
import pRetry from 'p-retry';
import type { Attempt } from './attempt.ts';
import type { Outcome } from './coordinator.ts';
import { LockingTransaction, SnapshotTransaction, type TransactionGround } from './open-transaction.ts';
import type { TransactionBody, TransactionOptions } from './transaction.ts';
import { RunDeadlines, type TransactionRun } from './transaction-run.ts';
import type { TransactionService } from './transaction-service.ts';

/** First and longest pause before a lost conflict is tried again; each is spread at random. */
const retryBackoffMs = 1;
const retryBackoffMsMax = 50;

/** How one attempt went: over, or lost to another transaction and worth another try. */
type AttemptResult<T> = { readonly lost: false; readonly value: T } | { readonly lost: true; readonly error: Error };

type LockingBody<T> = (transaction: LockingTransaction) => T | Promise<T>;

export class Closures {
  readonly #service: TransactionService;
  readonly #ground: TransactionGround;
  readonly #deadlines: RunDeadlines;

  constructor(service: TransactionService, ground: TransactionGround) {
    this.#service = service;
    this.#ground = ground;
    this.#deadlines = new RunDeadlines((run) => {
      run.stop('timeout', (attempt) => this.#service.stoppedError(attempt, 'timeout'));
    });
  }

  /** Runs `body` until it has committed. Rejects with the body's error, or says why it was aborted. */
  run<T>(body: TransactionBody<T>, options: TransactionOptions): Promise<T> {
    return this.runBare((transaction) => this.#ground.context.run(transaction, () => body(transaction)), options);
  }

  /** As `run`, for a body of our own that needs no context. */
  async runBare<T>(body: LockingBody<T>, options: TransactionOptions): Promise<T> {
    options.signal?.throwIfAborted();
    const { run, end } = this.watch(options);
    try {
      return await run.bounded(this.#attempts(body, run));
    } finally {
      end();
    }
  }

  /** Runs `body` at a snapshot. */
  async runReadOnly<T>(body: TransactionBody<T>, options: TransactionOptions): Promise<T> {
    options.signal?.throwIfAborted();
    const transaction = new SnapshotTransaction(this.#ground, this.#service.drawId(), options.label);
    const { run, end } = this.watch(options);
    try {
      return await run.bounded(transaction.transaction(body));
    } finally {
      end();
      transaction.end();
    }
  }

  /** A run with its deadline and signal; `end` stops watching it. Throws GRID_CLOSED while the grid closes. */
  watch(options: TransactionOptions): { run: TransactionRun; end(): void } {
    const release = this.#ground.beginWork();
    const { run, end } = this.#deadlines.begin(options, (stopped, reason) => stopped.stop('user', () => reason));
    return {
      run,
      end: () => {
        end();
        release();
      },
    };
  }

  close(): void {
    this.#deadlines.close();
  }

  async #attempts<T>(body: LockingBody<T>, run: TransactionRun): Promise<T> {
    const first = await this.#attempt(body, run, 1);
    if (!first.lost) return first.value;
    const { retries = Number.POSITIVE_INFINITY } = run.options;
    if (retries === 0) throw first.error;
    // One attempt has been made; what p-retry makes first is already a retry.
    return await pRetry(
      async (tries) => {
        const next = await this.#attempt(body, run, tries + 1).catch((error: unknown) => new Thrown(error));
        if (next instanceof Thrown) return next;
        if (next.lost) throw next.error;
        return next;
      },
      {
        retries: retries - 1,
        minTimeout: retryBackoffMs,
        maxTimeout: retryBackoffMsMax,
        randomize: true,
        shouldRetry: () => !run.over,
      },
    ).then((result) => {
      // p-retry would wrap what a body threw if it isn't an Error, and judge it if it is: it comes past it as a value.
      if (result instanceof Thrown) throw result.error;
      return result.value;
    });
  }

  /** One attempt. Throws what is not worth another try. */
  async #attempt<T>(body: LockingBody<T>, run: TransactionRun, attemptNumber: number): Promise<AttemptResult<T>> {
    if (run.over) throw new TransactionFinishedError('the transaction was ended from outside');
    const attempt = this.#service.tryBegin(run.age, run.options.label) ?? (await this.#service.begin(run.age, run.options.label));
    run.age ??= attempt.id;
    run.attempt = attempt;
    const transaction = new LockingTransaction(this.#ground, attempt, attemptNumber);
    let value: T;
    try {
      if (run.options.keys !== undefined) await transaction.declare(run.options.keys);
      value = await body(transaction);
      assertAwaited(attempt);
    } catch (error) {
      return await this.#failed(attempt, error);
    }
    const outcome = await attempt.commit(this.#ground.keys.partitionCount);
    return outcome.committed ? { lost: false, value } : this.#lostOrThrow(attempt, outcome, undefined);
  }

  /** The body threw. Its error counts only if everything it had read was true together. */
  async #failed<T>(attempt: Attempt, error: unknown): Promise<AttemptResult<T>> {
    attempt.coordinator.abort('user');
    const outcome = await attempt.finished();
    if (outcome.committed || outcome.cause === 'user') throw error;
    return this.#lostOrThrow(attempt, outcome, error);
  }

  #lostOrThrow<T>(attempt: Attempt, outcome: Outcome & { committed: false }, cause: unknown): AttemptResult<T> {
    const error = this.#service.abortError(attempt, outcome.cause, outcome.partition, cause);
    if (outcome.cause === 'wounded') return { lost: true, error };
    throw error;
  }
}

/** What a body threw, on its way past p-retry. */
class Thrown {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** A body that returns while its operations still run would commit before they are part of it. */
function assertAwaited(attempt: Attempt): void {
  const { operationsUnderWay } = attempt;
  if (operationsUnderWay === 0) return;
  throw new InvalidArgumentError(
    `the body of a transaction returned while ${operationsUnderWay} of its operations had not ended; await each of them`,
  );
}
