/** An explicit transaction under way, as deadlines, views and kills see it. It has one attempt. */
import type { Attempt } from '../attempt/attempt.ts';
import type { AttemptListener } from '../attempt/attempt-ground.ts';
import type { BeginOptions } from '../attempt/transaction.ts';
import type { AbortCause, Outcome } from '../protocol/outcome.ts';
import type { TransactionId } from '../protocol/status-word.ts';
import type { TransactionService } from '../transaction-service.ts';
import { publishTransactionEvent } from '../view/transaction-events.ts';
import type { UnderWay } from '../view/transaction-views.ts';
import type { Bounded } from './run-deadlines.ts';
import { underWayWith } from './under-way.ts';

export class ExplicitRun implements Bounded, AttemptListener {
  readonly options: BeginOptions;
  listedAt = -1;
  lastSweep = 0;
  readonly #service: TransactionService;
  readonly #ended: () => void;
  readonly #beganAtMs: number;
  #attempt: Attempt | undefined;
  #stopped: AbortCause | undefined;

  constructor(service: TransactionService, options: BeginOptions, ended: () => void) {
    this.#service = service;
    this.#beganAtMs = service.clock.now();
    this.options = options;
    this.#ended = ended;
  }

  /** Its attempt has begun; it may have waited long for a status word. */
  begun(attempt: Attempt): void {
    this.#attempt = attempt;
    this.#service.meter.begun();
    if (this.#stopped !== undefined) attempt.coordinator.abort(this.#stopped);
    attempt.whenEnded(this);
  }

  attemptEnded(outcome: Outcome): void {
    const attempt = this.#attempt as Attempt;
    if (outcome.committed) this.#service.meter.committed(1, this.#beganAtMs);
    else {
      const { cause, partition } = outcome;
      this.#service.meter.aborted(cause, 1, this.#beganAtMs);
      publishTransactionEvent(() => ({
        event: 'aborted',
        transaction: attempt.id,
        label: attempt.label,
        attempt: 1,
        error: this.#service.abortError(attempt, cause, partition),
      }));
    }
    this.#ended();
  }

  expired(): void {
    this.#service.askWhatBlocks(this.#attempt, () => this.#stop('timeout'));
  }

  aborted(): void {
    this.#stop('user');
  }

  kill(): boolean {
    return this.#stop('killed');
  }

  isKnownAs(id: TransactionId): boolean {
    return this.#attempt?.id === id;
  }

  underWay(): UnderWay | undefined {
    const attempt = this.#attempt;
    return attempt === undefined
      ? undefined
      : underWayWith(attempt, 1, this.#service.clock.now() - this.#beganAtMs);
  }

  #stop(cause: AbortCause): boolean {
    this.#stopped = cause;
    return this.#attempt?.coordinator.abort(cause) === true;
  }
}
