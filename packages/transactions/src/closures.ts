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
  async run<T>(body: TransactionBody<T>, options: TransactionOptions): Promise<T> {
    return await this.runBegun(this.begin(options), body);
  }

  /** The same for a run that `begin` has made; ends it. */
  runBegun<T>(run: TransactionRun, body: TransactionBody<T>): Promise<T> {
    return this.#untilCommitted(run, (transaction) => this.#ground.context.run(transaction, () => body(transaction)));
  }

  /** As `run`, for a body of our own that needs no context. */
  async runBare<T>(body: LockingBody<T>, options: TransactionOptions): Promise<T> {
    return await this.#untilCommitted(this.begin(options), body);
  }

  /** Ends a run from outside, because its caller has gone. */
  kill(run: TransactionRun): void {
    run.stop('killed', (attempt) => this.#service.stoppedError(attempt, 'killed'));
  }

  /** Runs `body` at a snapshot. */
  async runReadOnly<T>(body: TransactionBody<T>, options: TransactionOptions): Promise<T> {
    const run = this.begin(options);
    const transaction = new SnapshotTransaction(this.#ground, this.#service.drawId(), options.label);
    try {
      return await run.bounded(transaction.transaction(body));
    } finally {
      this.end(run);
      transaction.end();
    }
  }

  /** A run under its deadline and signal, until `end`. Throws the signal's reason, or GRID_CLOSED while closing. */
  begin(options: TransactionOptions): TransactionRun {
    options.signal?.throwIfAborted();
    this.#ground.beginWork();
    return this.#deadlines.begin(options);
  }

  end(run: TransactionRun): void {
    this.#deadlines.end(run);
    this.#ground.endWork();
  }

  close(): void {
    this.#deadlines.close();
  }

  async #untilCommitted<T>(run: TransactionRun, body: LockingBody<T>): Promise<T> {
    try {
      const first = await run.bounded(this.#attempt(body, run, 1));
      return first.lost ? await run.bounded(this.#retry(body, run, first.error)) : first.value;
    } finally {
      this.end(run);
    }
  }

  /** Further attempts, after the first was lost. */
  async #retry<T>(body: LockingBody<T>, run: TransactionRun, lost: Error): Promise<T> {
    const { retries = Number.POSITIVE_INFINITY } = run.options;
    if (retries === 0) throw lost;
    const ended = await pRetry((tries) => this.#retryOnce(body, run, tries + 1), {
      // What p-retry takes for the first try is already a retry.
      retries: retries - 1,
      minTimeout: retryBackoffMs,
      maxTimeout: retryBackoffMsMax,
      randomize: true,
      shouldRetry: () => !run.over,
    });
    if (ended instanceof Thrown) throw ended.error;
    return ended.value;
  }

  /** Throws only lost conflicts: p-retry would judge what a body threw, and wrap it if it isn't an Error. */
  async #retryOnce<T>(body: LockingBody<T>, run: TransactionRun, attemptNumber: number): Promise<Thrown | { readonly value: T }> {
    const result = await this.#attempt(body, run, attemptNumber).catch((error: unknown) => new Thrown(error));
    if (!(result instanceof Thrown) && result.lost) throw result.error;
    return result;
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
    const outcome = await attempt.commit();
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
