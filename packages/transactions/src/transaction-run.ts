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
  /** The id of the first attempt; a retried transaction grows older and cannot starve. */
  age: TransactionId | undefined;
  /** The attempt under way. */
  attempt: Attempt | undefined;
  readonly deadline: number;
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

  /** Resolves or rejects with `work`, or rejects earlier when the run is ended from outside. */
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

/** Ends runs when their time has come. */
export class RunDeadlines {
  readonly #runs = new Set<TransactionRun>();
  readonly #expired: (run: TransactionRun) => void;
  #sweep: NodeJS.Timeout | undefined;

  constructor(expired: (run: TransactionRun) => void) {
    this.#expired = expired;
  }

  /** Watches a new run; call the answer when the run has ended. */
  begin(options: TransactionOptions, aborted: (run: TransactionRun, reason: unknown) => void): { run: TransactionRun; end(): void } {
    const { timeoutMs, signal } = options;
    const run = new TransactionRun(options, performance.now() + (timeoutMs ?? callTimeoutMsDefault));
    const abort = signal === undefined ? undefined : (): void => aborted(run, signal.reason);
    if (abort !== undefined) signal?.addEventListener('abort', abort, { once: true });
    const timer =
      timeoutMs === undefined || !Number.isFinite(timeoutMs) ? undefined : setTimeout(() => this.#expired(run), timeoutMs);
    if (timeoutMs === undefined) this.#watch(run);
    return {
      run,
      end: () => {
        clearTimeout(timer);
        this.#runs.delete(run);
        if (abort !== undefined) signal?.removeEventListener('abort', abort);
      },
    };
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
    this.#runs.clear();
  }

  #watch(run: TransactionRun): void {
    this.#runs.add(run);
    if (this.#sweep !== undefined) return;
    this.#sweep = setInterval(() => this.#endOverdue(performance.now()), deadlineSweepMs);
    this.#sweep.unref();
  }

  /** Runs with the default deadline end in the order they began. */
  #endOverdue(now: number): void {
    for (const run of this.#runs) {
      if (run.deadline > now) break;
      this.#runs.delete(run);
      this.#expired(run);
    }
    if (this.#runs.size === 0) this.close();
  }
}
