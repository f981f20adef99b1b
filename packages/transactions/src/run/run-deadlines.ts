/**
 * Ends work from outside when its time has come or its AbortSignal says so. Work with the default deadline shares one
 * timer, so a transaction costs none of its own.
 */

import type { CallOptions, Clock, ClockTimer } from '@troupe/core';
import { callTimeoutMsDefault, deadlineSweepMs, onAbort, timerMsMax } from '@troupe/core';
import type { TransactionId } from '../protocol/status-word.ts';
import type { UnderWay } from '../view/transaction-views.ts';

/** Something that can be ended from outside. */
export interface Bounded {
  readonly options: CallOptions;
  expired(): void;
  aborted(reason: unknown): void;
  /** Ends it at the wish of somebody else than its caller. False: it is too late. */
  kill(): boolean;
  /** Whether an attempt of it has this id. */
  isKnownAs(id: TransactionId): boolean;
  /** What views tell of it. */
  underWay(): UnderWay | undefined;
}

export class RunDeadlines {
  readonly #clock: Clock;
  /** With the default deadline, so in the order in which they end; with the sweep that ends each. */
  readonly #shared = new Map<Bounded, number>();
  /** Stops the timer and the listener of those that have one of their own. */
  readonly #own = new Map<Bounded, () => void>();
  #sweeps = 0;
  #timer: ClockTimer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches until `end`. */
  begin(bounded: Bounded): void {
    const { timeoutMs, signal } = bounded.options;
    if (timeoutMs === undefined) {
      this.#shared.set(bounded, this.#sweeps + sweepsPerDefault);
      this.#timer ??= this.#clock.every(deadlineSweepMs, () => this.#endOverdue());
    }
    if (timeoutMs !== undefined || signal !== undefined) this.#own.set(bounded, watch(bounded, this.#clock));
  }

  end(bounded: Bounded): void {
    this.#shared.delete(bounded);
    if (this.#own.size === 0) return;
    this.#own.get(bounded)?.();
    this.#own.delete(bounded);
  }

  /** Everything that is under way: what has a deadline is watched here, so nothing else needs to keep a list. */
  all(): Set<Bounded> {
    return new Set([...this.#shared.keys(), ...this.#own.keys()]);
  }

  /** Ends everything that is still under way, with this error. */
  close(reason: unknown): void {
    this.#stopTimer();
    for (const bounded of this.all()) bounded.aborted(reason);
    for (const stop of this.#own.values()) stop();
    this.#own.clear();
    this.#shared.clear();
  }

  #endOverdue(): void {
    this.#sweeps++;
    for (const [bounded, lastSweep] of this.#shared) {
      if (lastSweep > this.#sweeps) break;
      this.#shared.delete(bounded);
      // It may take a moment to end, and is under way until then.
      if (!this.#own.has(bounded)) this.#own.set(bounded, nothing);
      bounded.expired();
    }
    if (this.#shared.size === 0) this.#stopTimer();
  }

  #stopTimer(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}

function nothing(): void {}

/** Sweeps in the default deadline, and one for the part of a period in which the work begins. */
const sweepsPerDefault = Math.ceil(callTimeoutMsDefault / deadlineSweepMs) + 1;

function watch(bounded: Bounded, clock: Clock): () => void {
  const { timeoutMs = Number.POSITIVE_INFINITY, signal } = bounded.options;
  const timer = Number.isFinite(timeoutMs)
    ? clock.after(Math.min(timeoutMs, timerMsMax), () => bounded.expired())
    : undefined;
  const unlisten = signal && onAbort(signal, () => bounded.aborted(signal.reason));
  return () => {
    clock.cancel(timer);
    unlisten?.();
  };
}
