/**
 * The attempts that a run has lost, and how the next one begins: at once or after a pause, and with the actors that
 * were busy locked first. Made when the first attempt is lost, as most are not.
 *
 * p-retry counts them; the pauses are on the member's clock. It only sees lost conflicts: it would judge what a body threw, and wrap it if it isn't an Error.
 */
import { backoffMs, type Clock, pause } from '@troupe/core';
import pRetry from 'p-retry';
import type { AttemptEnd } from '../attempt/attempt-end.ts';
import { BusyActors, type PlacedActor } from '../attempt/busy-actors.ts';
import type { TransactionId } from '../protocol/status-word.ts';

/**
 * Lost conflicts that are tried again at once. An attempt that goes back into line at its age waits right behind the one
 * that wounded it; one that pauses first comes back to find younger ones there, and has to wound them in turn. Two here,
 * and the first that p-retry counts.
 */
export const retriesAtOnce = 2;
/** First and longest pause before further ones; each is spread between half and all of that. */
const retryBackoffMs = 2;
const retryBackoffMsMax = 50;
/** Ids of lost attempts by which a run is known. */
const earlierIdsMax = 64;

export class RunRetries<T> {
  readonly #clock: Clock;
  /** The first, and the latest of many. */
  readonly #earlierIds: TransactionId[] = [];
  #busy: BusyActors | undefined;
  /** p-retry, which waits for the attempt under way. */
  #pausing:
    | { readonly resolve: (end: AttemptEnd<T>) => void; readonly reject: (lost: Error) => void }
    | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Another attempt has begun after this one. */
  lost(id: TransactionId): void {
    if (this.#earlierIds.length === earlierIdsMax) this.#earlierIds.splice(1, 1);
    this.#earlierIds.push(id);
  }

  hasLost(id: TransactionId): boolean {
    return this.#earlierIds.includes(id);
  }

  /** An actor was in a turn when an attempt wanted it; undefined: one waited too long for its end. */
  noteBusy(actor: PlacedActor | undefined): void {
    this.#busy ??= new BusyActors();
    this.#busy.note(actor);
  }

  /** What the next attempt has to lock first. */
  get busy(): BusyActors | undefined {
    return this.#busy;
  }

  /**
   * Begins attempts with `begin`, pausing before all but the first, until one isn't lost; `attemptEnded` has to tell.
   * Rejects with what the last one was lost to.
   */
  pausing(retries: number, begin: () => void, isOver: () => boolean): Promise<AttemptEnd<T>> {
    return pRetry(() => this.#begin(begin, isOver), {
      // What p-retry takes for the first try is already a retry.
      retries,
      minTimeout: 0,
      shouldRetry: ({ retriesConsumed }) => this.#pauseUnless(isOver, retriesConsumed + 1),
    });
  }

  /** False: the attempt was not begun by `pausing`. */
  attemptEnded(end: AttemptEnd<T>): boolean {
    if (this.#pausing === undefined) return false;
    if (end.kind === 'lost') this.#pausing.reject(end.error);
    else this.#pausing.resolve(end);
    return true;
  }

  /** False: it is over, there is nothing to pause for. */
  async #pauseUnless(isOver: () => boolean, failures: number): Promise<boolean> {
    if (isOver()) return false;
    const pauseMs = backoffMs(failures, retryBackoffMs, retryBackoffMsMax, this.#clock);
    await pause(this.#clock, pauseMs, { what: 'a transaction that lost a conflict is to be tried again' });
    return true;
  }

  #begin(begin: () => void, isOver: () => boolean): Promise<AttemptEnd<T>> {
    // Ended while it paused; the caller has been told.
    if (isOver()) return Promise.resolve({ kind: 'failed', error: undefined });
    return new Promise((resolve, reject) => {
      this.#pausing = { resolve, reject };
      begin();
    });
  }
}
