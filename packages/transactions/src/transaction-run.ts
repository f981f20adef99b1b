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
import { InvalidArgumentError, keepSettlers, settlers, TransactionFinishedError } from '@troupe/core';
import pRetry from 'p-retry';
import type { Attempt, AttemptListener, AttemptReport, LockWaiter } from './attempt.ts';
import { BusyActors } from './busy-actors.ts';
import type { AbortCause, Outcome } from './coordinator.ts';
import type { IdempotencyGuard } from './idempotency.ts';
import { LockingTransaction, type TransactionGround } from './open-transaction.ts';
import type { Bounded } from './run-deadlines.ts';
import type { TransactionId } from './status-word.ts';
import type { TransactionBody, TransactionOptions } from './transaction.ts';
import { publishTransactionEvent } from './transaction-events.ts';
import type { TransactionService } from './transaction-service.ts';
import type { TransactionState, UnderWay } from './transaction-views.ts';

/**
 * Lost conflicts that are tried again at once. An attempt that goes back into line at its age waits right behind the one
 * that wounded it; one that pauses first comes back to find younger ones there, and has to wound them in turn. Two here,
 * and the first of p-retry's.
 */
const retriesAtOnce = 2;
/** First and longest pause before further ones; each is spread at random. */
const retryBackoffMs = 1;
const retryBackoffMsMax = 50;
/** Ids of lost attempts by which a run is known. */
const earlierIdsMax = 64;

export type LockingBody<T> = (transaction: LockingTransaction) => T | Promise<T>;

/** What a run needs to know beside what its user says. */
export interface RunSettings extends TransactionOptions {
  /** The name of the procedure that is its body. */
  readonly procedure?: string;
  readonly report?: AttemptReport | undefined;
}

/** How an attempt ended: well, with an error for the user, or lost to another transaction and worth another try. */
type AttemptEnd<T> =
  | { readonly kind: 'committed'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly error: Error };

/** How a body ended. */
type BodyEnd<T> =
  | { readonly threw: false; readonly value: T }
  | { readonly threw: true; readonly error: unknown };

export class TransactionRun<T> implements Bounded, LockWaiter, AttemptListener {
  readonly options: RunSettings;
  readonly #service: TransactionService;
  readonly #ground: TransactionGround;
  readonly #body: TransactionBody<T> | LockingBody<T>;
  readonly #inContext: boolean;
  readonly #ended: (run: Bounded) => void;
  /** That of the first attempt; a retried transaction grows older and cannot starve. */
  #age: number | undefined;
  #attempts = 0;
  readonly #beganAtMs = performance.now();
  /** Ids of attempts that were lost: the first, and the latest of many. */
  #earlierIds: TransactionId[] | undefined;
  #attempt: Attempt | undefined;
  #transaction: LockingTransaction | undefined;
  /** Actors that were in a turn when earlier attempts wanted them. */
  #busy: BusyActors | undefined;
  /** What the body of the attempt under way has come to. */
  #returned: BodyEnd<T> | undefined;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  /** Set while p-retry waits for the attempt under way. */
  #retrying:
    | { readonly resolve: (end: AttemptEnd<T>) => void; readonly reject: (lost: Error) => void }
    | undefined;
  #over = false;
  /** What the caller is told, once it is ended from outside. */
  #stopped: { readonly cause: AbortCause; readonly error: () => unknown } | undefined;

  /** `inContext`: operations on `grid.table(…)` in the body join the transaction. */
  constructor(
    service: TransactionService,
    ground: TransactionGround,
    body: TransactionBody<T> | LockingBody<T>,
    inContext: boolean,
    options: RunSettings,
    ended: (run: Bounded) => void,
  ) {
    this.#service = service;
    this.#ground = ground;
    this.#body = body;
    this.#inContext = inContext;
    this.options = options;
    this.#ended = ended;
  }

  /** Resolves with what the body of the attempt that committed returned. */
  start(): Promise<T> {
    const promise = new Promise<unknown>(keepSettlers) as Promise<T>;
    this.#resolve = settlers.resolve;
    this.#reject = settlers.reject;
    this.#try();
    return promise;
  }

  // ── ended from outside ────────────────────────────────────────────────────────────────────────────────────────

  expired(): void {
    this.#service.askWhatBlocks(this.#attempt, () =>
      this.#stop('timeout', () => this.#service.stoppedError(this.#attempt, 'timeout')),
    );
  }

  aborted(reason: unknown): void {
    this.#stop('user', () => reason);
  }

  /** Its caller has gone, or somebody wants it ended. */
  kill(): boolean {
    return this.#stop('killed', () => this.#service.stoppedError(this.#attempt, 'killed'));
  }

  isKnownAs(id: TransactionId): boolean {
    return this.#attempt?.id === id || this.#earlierIds?.includes(id) === true;
  }

  underWay(): UnderWay | undefined {
    const attempt = this.#attempt;
    if (attempt === undefined) return undefined;
    const ageMs = performance.now() - this.#beganAtMs;
    const { id, label } = attempt;
    return { id, label, ageMs, attempt: this.#attempts, state: stateOf(attempt), readOnly: false };
  }

  /** When the attempt is beyond abort, its outcome is about to be told and stands: false. */
  #stop(cause: AbortCause, error: () => unknown): boolean {
    if (this.#over) return false;
    const attempt = this.#attempt;
    // Said first: the abort may end the attempt, and with it the run, within the call.
    this.#stopped = { cause, error };
    if (attempt !== undefined && attempt.outcome === undefined && !attempt.coordinator.abort(cause)) {
      this.#stopped = undefined;
      return false;
    }
    this.#finish({ kind: 'failed', error: undefined });
    return true;
  }

  #finish(end: AttemptEnd<T>): void {
    if (this.#over) return;
    this.#over = true;
    if (end.kind === 'committed' && this.#stopped === undefined) {
      this.#service.meter.committed(this.#attempts, this.#beganAtMs);
      this.#resolve?.(end.value);
    } else this.#fail(end.kind === 'committed' ? undefined : end.error);
    this.#ended(this);
  }

  #fail(failure: unknown): void {
    const error = this.#stopped === undefined ? failure : this.#stopped.error();
    const outcome = this.#attempt?.outcome;
    const cause =
      this.#stopped?.cause ?? (outcome === undefined || outcome.committed ? 'user' : outcome.cause);
    this.#service.meter.aborted(cause, this.#attempts, this.#beganAtMs);
    this.#publish('aborted', () => error);
    this.#reject?.(error);
  }

  /** About the attempt so far. */
  #publish(event: 'aborted' | 'retried', error: () => unknown): void {
    publishTransactionEvent(() => ({
      event,
      transaction: this.#attempt?.id,
      label: this.options.label,
      attempt: this.#attempts,
      error: error(),
    }));
  }

  // ── one attempt ───────────────────────────────────────────────────────────────────────────────────────────────

  #try(): void {
    const { label, priority } = this.options;
    const attempt = this.#service.tryBegin(this.#age, label, priority);
    if (attempt !== undefined) this.#begun(attempt);
    // Every status word is lent; it goes on when one is free.
    else void this.#service.begin(this.#age, label, priority).then((later) => this.#begun(later));
  }

  #begun(attempt: Attempt): void {
    if (this.#attempt !== undefined) this.#retriedAfter(this.#attempt);
    this.#attempt = attempt;
    this.#age ??= attempt.coordinator.age;
    this.#attempts++;
    this.#returned = undefined;
    if (this.#over) {
      this.#threw(new TransactionFinishedError('the transaction was ended from outside'));
      return;
    }
    const { idempotencyKey, procedure, report } = this.options;
    if (report !== undefined) {
      if (!report.begins(attempt.coordinator.slot)) {
        this.kill();
        return;
      }
      attempt.report = report;
    }
    if (idempotencyKey !== undefined) attempt.once = this.#service.guard(idempotencyKey, procedure);
    const transaction = new LockingTransaction(this.#ground, attempt, this.#attempts);
    this.#transaction = transaction;
    if (this.#busy === undefined) this.#declare(transaction);
    else
      this.#busy.lockFirst(transaction, attempt, this.#service).then(
        () => this.#declare(transaction),
        (error: Error) => this.#threw(error),
      );
  }

  #declare(transaction: LockingTransaction): void {
    const { keys } = this.options;
    if (keys === undefined) {
      this.#runBody(transaction);
      return;
    }
    try {
      transaction.declareFor(keys, this);
    } catch (error) {
      this.#threw(error);
    }
  }

  #retriedAfter(lost: Attempt): void {
    this.#service.meter.retried();
    this.#publish('retried', () => this.#service.abortError(lost, 'wounded', undefined));
    this.#earlierIds ??= [];
    if (this.#earlierIds.length === earlierIdsMax) this.#earlierIds.splice(1, 1);
    this.#earlierIds.push(lost.id);
  }

  /** The declared keys are locked. */
  locksHeld(): void {
    if (this.#transaction !== undefined) this.#runBody(this.#transaction);
  }

  locksRefused(error: Error): void {
    this.#threw(error);
  }

  #runBody(transaction: LockingTransaction): void {
    let returned: T | Promise<T>;
    try {
      const body = this.#body as LockingBody<T>;
      returned = this.#inContext
        ? this.#ground.context.run(transaction, body, transaction)
        : body(transaction);
    } catch (error) {
      this.#threw(error);
      return;
    }
    if (!isThenable(returned)) this.#returnedValue(returned);
    else {
      returned.then(
        (value) => this.#returnedValue(value),
        (error: unknown) => this.#threw(error),
      );
    }
  }

  #returnedValue(value: T): void {
    const attempt = this.#attempt as Attempt;
    const { operationsUnderWay } = attempt;
    if (operationsUnderWay > 0) {
      // It would commit before they are part of it.
      this.#threw(notAwaited('the body of a transaction returned', operationsUnderWay));
      return;
    }
    const { once } = attempt;
    try {
      this.#returned = { threw: false, value: once === undefined ? value : once.keep(value) };
    } catch (error) {
      this.#threw(error);
      return;
    }
    attempt.commit();
    attempt.whenEnded(this);
  }

  /** The body threw. Its error counts only if everything it had read was true together, which the abort tells. */
  #threw(error: unknown): void {
    const attempt = this.#attempt as Attempt;
    this.#returned = { threw: true, error };
    attempt.coordinator.abort('user');
    attempt.whenEnded(this);
  }

  attemptEnded(outcome: Outcome): void {
    if (!outcome.committed && outcome.cause === 'busy') this.#noteBusy();
    const end = this.#endOf(outcome);
    if (this.#retrying !== undefined) {
      if (end.kind === 'lost') this.#retrying.reject(end.error);
      else this.#retrying.resolve(end);
    } else if (end.kind === 'lost') this.#retry(end.error);
    else this.#finish(end);
  }

  #endOf(outcome: Outcome): AttemptEnd<T> {
    const returned = this.#returned as BodyEnd<T>;
    if (outcome.committed)
      return returned.threw
        ? { kind: 'failed', error: returned.error }
        : { kind: 'committed', value: returned.value };
    const { once } = this.#attempt as Attempt;
    if (once?.isAnswered === true) return storedEnd(once);
    if (returned.threw && outcome.cause === 'user') return { kind: 'failed', error: returned.error };
    const cause = returned.threw ? returned.error : undefined;
    const error = this.#service.abortError(this.#attempt as Attempt, outcome.cause, outcome.partition, cause);
    return { kind: outcome.cause === 'wounded' || outcome.cause === 'busy' ? 'lost' : 'failed', error };
  }

  #noteBusy(): void {
    this.#busy ??= new BusyActors();
    this.#busy.note(this.#attempt?.busy);
  }

  // ── further attempts ──────────────────────────────────────────────────────────────────────────────────────────

  /** p-retry only sees lost conflicts: it would judge what a body threw, and wrap it if it isn't an Error. */
  #retry(lost: Error): void {
    // What is being stopped may find that it was wounded a moment before; it is over all the same.
    if (this.#over || this.#stopped !== undefined) return;
    const { retries = Number.POSITIVE_INFINITY } = this.options;
    if (this.#attempts > retries) {
      this.#finish({ kind: 'failed', error: lost });
      return;
    }
    if (this.#attempts <= retriesAtOnce) {
      this.#try();
      return;
    }
    pRetry(() => this.#tryAgain(), {
      // What p-retry takes for the first try is already a retry.
      retries: retries - this.#attempts,
      minTimeout: retryBackoffMs,
      maxTimeout: retryBackoffMsMax,
      randomize: true,
      shouldRetry: () => !this.#over,
    }).then(
      (end) => this.#finish(end),
      (error: unknown) => this.#finish({ kind: 'failed', error }),
    );
  }

  #tryAgain(): Promise<AttemptEnd<T>> {
    // Ended while it paused; the caller has been told.
    if (this.#over) return Promise.resolve({ kind: 'failed', error: undefined });
    return new Promise((resolve, reject) => {
      this.#retrying = { resolve, reject };
      this.#try();
    });
  }
}

/** How far an attempt is, as its own member sees it: whether it waits, partitions tell. */
export function stateOf(attempt: Attempt): TransactionState {
  if (attempt.outcome !== undefined) return 'retrying';
  return attempt.coordinator.state === 'preparing' ? 'preparing' : 'running';
}

/** The call had been made before. However this attempt ended, the row it found was committed. */
function storedEnd<T>(once: IdempotencyGuard): AttemptEnd<T> {
  try {
    return { kind: 'committed', value: once.storedAnswer() as T };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

export function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Why a transaction with operations under way can't be committed. `end`: what has happened too early. */
export function notAwaited(end: string, operations: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `${end} while ${operations} of its operations had not ended; await each of them`,
  );
}
