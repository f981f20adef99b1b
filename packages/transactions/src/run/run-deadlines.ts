/**
 * Ends work from outside when its time has come or its AbortSignal says so. Work with the default deadline shares one
 * timer, so a transaction costs none of its own.
 */

import type { CallOptions, Clock, ClockTimer, Listed } from '@troupe/core';
import { callTimeoutMsDefault, deadlineSweepMs, onAbort, timerMsMax, UnorderedList } from '@troupe/core';
import type { TransactionId } from '../protocol/status-word.ts';
import type { UnderWay } from '../view/transaction-views.ts';

/** Something that can be ended from outside. */
export interface Bounded extends Listed {
  readonly options: CallOptions;
  expired(): void;
  aborted(reason: unknown): void;
  /** Ends it at the wish of somebody else than its caller. False: it is too late. */
  kill(): boolean;
  /** Whether an attempt of it has this id. */
  isKnownAs(id: TransactionId): boolean;
  /** What views tell of it. */
  underWay(): UnderWay | undefined;
  /** Kept by what watches it: the sweep that ends it. */
  lastSweep: number;
}

export class RunDeadlines {
  readonly #clock: Clock;
  readonly #watched = new UnorderedList<Bounded>();
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
    const isShared = timeoutMs === undefined;
    bounded.lastSweep = isShared ? this.#sweeps + sweepsPerDefault : Number.POSITIVE_INFINITY;
    this.#watched.add(bounded);
    if (isShared) this.#timer ??= this.#clock.every(deadlineSweepMs, () => this.#endOverdue());
    if (!isShared || signal !== undefined) this.#own.set(bounded, watch(bounded, this.#clock));
  }

  end(bounded: Bounded): void {
    if (!this.#watched.remove(bounded)) return;
    if (this.#own.size === 0) return;
    this.#own.get(bounded)?.();
    this.#own.delete(bounded);
  }

  /** Everything that is under way: what has a deadline is watched here, so nothing else needs to keep a list. */
  all(): Bounded[] {
    return this.#watched.all();
  }

  /** Ends everything that is still under way, with this error. */
  close(reason: unknown): void {
    this.#stopTimer();
    for (const bounded of this.all()) bounded.aborted(reason);
    for (const stop of this.#own.values()) stop();
    this.#own.clear();
    for (const bounded of this.all()) this.#watched.remove(bounded);
  }

  #endOverdue(): void {
    this.#sweeps++;
    let isAnyShared = false;
    for (const bounded of this.all()) {
      if (bounded.lastSweep > this.#sweeps) isAnyShared ||= Number.isFinite(bounded.lastSweep);
      else {
        // It may take a moment to end, and is under way until then.
        bounded.lastSweep = Number.POSITIVE_INFINITY;
        bounded.expired();
      }
    }
    if (!isAnyShared) this.#stopTimer();
  }

  #stopTimer(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
  }
}

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
