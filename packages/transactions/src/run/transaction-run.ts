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
import { copyValue, keepContext, keepSettlers, settlers, TransactionFinishedError } from '@troupe/core';
import type { Attempt } from '../attempt/attempt.ts';
import { type AttemptEnd, endOf } from '../attempt/attempt-end.ts';
import type { AttemptListener, AttemptReport } from '../attempt/attempt-ground.ts';
import type { LockWaiter } from '../attempt/attempt-steps.ts';
import { LockingTransaction, type TransactionGround } from '../attempt/open-transaction.ts';
import type { TransactionBody, TransactionOptions } from '../attempt/transaction.ts';
import {
  type BodyEnd,
  BodyValue,
  isThenable,
  type LockingBody,
  notAwaited,
} from '../attempt/transaction-body.ts';
import { type AbortCause, causeOfFailure, type Outcome } from '../protocol/outcome.ts';
import type { TransactionId } from '../protocol/status-word.ts';
import type { TransactionService } from '../transaction-service.ts';
import { publishTransactionEvent } from '../view/transaction-events.ts';
import type { UnderWay } from '../view/transaction-views.ts';
import type { Bounded } from './run-deadlines.ts';
import { RunRetries, retriesAtOnce } from './run-retries.ts';
import { underWayWith } from './under-way.ts';

/** What its user says, where it is said. */
type UserSettings = {
  readonly [Name in keyof TransactionOptions]?: TransactionOptions[Name] | undefined;
};

/** What a run needs to know beside that. */
export interface RunSettings extends UserSettings {
  /** The name of the procedure that is its body. */
  readonly procedure?: string;
  readonly report?: AttemptReport | undefined;
  /**
   * Names the answer in errors, where it is to be copied: within the transaction, so that one that can't be sent undoes
   * what the body wrote.
   */
  readonly answerName?: string;
}

export class TransactionRun<T> implements Bounded, LockWaiter, AttemptListener {
  readonly options: RunSettings;
  listedAt = -1;
  lastSweep = 0;
  readonly #service: TransactionService;
  readonly #ground: TransactionGround;
  readonly #body: TransactionBody<T> | LockingBody<T>;
  readonly #inContext: boolean;
  readonly #ended: (run: Bounded) => void;
  /** Brings the body into the context it was handed over in: its locks may come in another event. */
  readonly #inCallersContext = keepContext();
  /** That of the first attempt; a retried transaction grows older and cannot starve. */
  #age: number | undefined;
  #attempts = 0;
  readonly #beganAtMs: number;
  #attempt: Attempt | undefined;
  #transaction: LockingTransaction | undefined;
  /** Once an attempt was lost. */
  #retries: RunRetries<T> | undefined;
  /** What the body of the attempt under way has come to. */
  #returned: BodyEnd<T> | undefined;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
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
    this.#beganAtMs = service.clock.now();
    this.#ground = ground;
    this.#body = body;
    this.#inContext = inContext;
    this.options = options;
    this.#ended = ended;
  }

  /** Resolves with what the body of the attempt that committed returned. */
  start(): Promise<T> {
    const promise = new Promise<unknown>(keepSettlers) as Promise<T>;
    this.startFor(settlers.resolve, settlers.reject);
    return promise;
  }

  /** The same without a promise. */
  startFor(resolve: (value: T) => void, reject: (error: unknown) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#try();
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
    return this.#attempt?.id === id || this.#retries?.hasLost(id) === true;
  }

  underWay(): UnderWay | undefined {
    const attempt = this.#attempt;
    return attempt === undefined
      ? undefined
      : underWayWith(attempt, this.#attempts, this.#service.clock.now() - this.#beganAtMs);
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
    const cause = this.#stopped?.cause ?? causeOfFailure(this.#attempt?.outcome);
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
    const { idempotencyKey, procedure, report, durability } = this.options;
    if (report?.begins(attempt.coordinator.slot) === false) {
      this.kill();
      return;
    }
    attempt.report = report;
    attempt.durability = durability;
    if (idempotencyKey !== undefined) attempt.once = this.#service.guard(idempotencyKey, procedure);
    const transaction = new LockingTransaction(this.#ground, attempt, this.#attempts);
    this.#transaction = transaction;
    const busy = this.#retries?.busy;
    if (busy === undefined) this.#declare(transaction);
    else
      busy.lockFirst(transaction, attempt, this.#service).then(
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
    this.#retriesOf().lost(lost.id);
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
      const kept = this.#inCallersContext;
      returned = kept === undefined ? this.#call(transaction) : kept(() => this.#call(transaction));
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

  #call(transaction: LockingTransaction): T | Promise<T> {
    const body = this.#body as LockingBody<T>;
    return this.#inContext ? this.#ground.context.runBody(transaction, body) : body(transaction);
  }

  #returnedValue(value: T): void {
    const attempt = this.#attempt as Attempt;
    const { once, operationsUnderWay } = attempt;
    if (operationsUnderWay > 0) {
      // It would commit before they are part of it.
      this.#threw(notAwaited('the body of a transaction returned', operationsUnderWay));
      return;
    }
    try {
      const { answerName } = this.options;
      const answer = answerName === undefined || value === undefined ? value : copyValue(value, answerName);
      this.#returned = new BodyValue(once === undefined ? answer : once.keep(answer));
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
    const attempt = this.#attempt as Attempt;
    if (!outcome.committed && outcome.cause === 'busy') this.#retriesOf().noteBusy(attempt.busy);
    const end = endOf(outcome, this.#returned as BodyEnd<T>, attempt, this.#service);
    if (this.#retries?.attemptEnded(end) === true) return;
    if (end.kind === 'lost') this.#retry(end.error);
    else this.#finish(end);
  }

  // ── further attempts ──────────────────────────────────────────────────────────────────────────────────────────

  #retry(lost: Error): void {
    // What is being stopped may find that it was wounded a moment before; it is over all the same.
    if (this.#over || this.#stopped !== undefined) return;
    const { retries = Number.POSITIVE_INFINITY } = this.options;
    if (this.#attempts > retries) this.#finish({ kind: 'failed', error: lost });
    else if (this.#attempts <= retriesAtOnce) this.#try();
    else this.#retryPausing(retries - this.#attempts);
  }

  #retryPausing(retries: number): void {
    const begin = (): void => this.#try();
    const ended = this.#retriesOf().pausing(retries, begin, () => this.#over);
    ended.then(
      (end) => this.#finish(end),
      (error: unknown) => this.#finish({ kind: 'failed', error }),
    );
  }

  #retriesOf(): RunRetries<T> {
    this.#retries ??= new RunRetries(this.#service.clock);
    return this.#retries;
  }
}
