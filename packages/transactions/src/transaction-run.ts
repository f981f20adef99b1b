/**
 * One call of `transaction(…)`, over all its attempts: its age, its deadline and its AbortSignal. Runs with the default
 * deadline share one timer, so a transaction costs none of its own.
 */
import { callTimeoutMsDefault, deadlineSweepMs } from '@troupe/core';
import type { Attempt } from './attempt.ts';
import type { AbortCause } from './coordinator.ts';
import type { TransactionId } from './status-word.ts';
import type { TransactionOptions } from './transaction.ts';

export class TransactionRun {
  readonly options: TransactionOptions;
  readonly deadline: number;
  /** The id of the first attempt; a retried transaction grows older and cannot starve. */
  age: TransactionId | undefined;
  /** The attempt under way. */
  attempt: Attempt | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #over = false;

  constructor(options: TransactionOptions, deadline: number) {
    this.options = options;
    this.deadline = deadline;
  }

  /** True when the run was ended from outside: no further attempt. */
  get over(): boolean {
    return this.#over;
  }

  /** Settles as `work` does, or rejects earlier when the run is ended from outside. */
  bounded<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      work.then(resolve, reject);
    });
  }

  /**
   * Ends the run from outside. When the attempt is beyond abort, its outcome is about to be told and stands. `error`
   * is asked for only when needed.
   */
  stop(cause: AbortCause, error: (attempt: Attempt | undefined) => unknown): void {
    if (this.#over) return;
    const { attempt } = this;
    if (attempt !== undefined && attempt.outcome === undefined && !attempt.coordinator.abort(cause)) return;
    this.#over = true;
    this.#reject?.(error(attempt));
  }
}

/** Ends runs when their time has come or their signal says so. */
export class RunDeadlines {
  /** With the default deadline, so in the order in which they end. */
  readonly #runs = new Set<TransactionRun>();
  /** Stops the timer and the listener of runs that have one of their own. */
  readonly #bounds = new Map<TransactionRun, () => void>();
  readonly #expired: (run: TransactionRun) => void;
  #sweep: NodeJS.Timeout | undefined;

  constructor(expired: (run: TransactionRun) => void) {
    this.#expired = expired;
  }

  /** Watches a new run until `end`. */
  begin(options: TransactionOptions): TransactionRun {
    const run = new TransactionRun(options, performance.now() + (options.timeoutMs ?? callTimeoutMsDefault));
    if (options.timeoutMs === undefined) {
      this.#runs.add(run);
      this.#sweep ??= this.#startSweep();
    }
    if (options.timeoutMs !== undefined || options.signal !== undefined) this.#bounds.set(run, this.#bound(run));
    return run;
  }

  end(run: TransactionRun): void {
    this.#runs.delete(run);
    if (this.#bounds.size === 0) return;
    this.#bounds.get(run)?.();
    this.#bounds.delete(run);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    for (const stop of this.#bounds.values()) stop();
    this.#bounds.clear();
    this.#runs.clear();
  }

  #bound(run: TransactionRun): () => void {
    const { timeoutMs = Number.POSITIVE_INFINITY, signal } = run.options;
    const timer = Number.isFinite(timeoutMs) ? setTimeout(() => this.#expired(run), timeoutMs) : undefined;
    const abort = (): void => run.stop('user', () => signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
  }

  #startSweep(): NodeJS.Timeout {
    return setInterval(() => this.#endOverdue(performance.now()), deadlineSweepMs).unref();
  }

  #endOverdue(now: number): void {
    for (const run of this.#runs) {
      if (run.deadline > now) break;
      this.#runs.delete(run);
      this.#expired(run);
    }
    if (this.#runs.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
