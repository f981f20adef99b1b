/**
 * Drops rows of idempotency keys that have expired from the partitions of one host. One coarse timer for all of them,
 * which begins with the first key that comes here; it looks at the oldest rows first and stops at one that is still
 * needed, so a look costs what it drops. A row that somebody has locked is left to him.
 */
import {
  type Clock,
  type ClockTimer,
  idempotencySweepMsMin,
  idempotencySweepsPerRetention,
  idempotencySweptPerTurn,
  newestVersions,
  type Partition,
} from '@troupe/core';
import type { Participant } from '../protocol/participant.ts';
import { type IdempotencyRow, idempotencyTable } from './idempotency.ts';

type Store = Pick<Partition['store'], 'size' | 'iterate' | 'forget'>;
type Locks = Pick<Participant, 'isFree'> & Partial<Pick<Participant, 'writes'>>;
type SweepClock = Pick<Clock, 'epochNow' | 'upkeepAfter' | 'cancel'>;

/** What can't be removed now is found again. */
const nobodyWaits = (): void => undefined;

export class IdempotencySweeper {
  readonly #partitions: { readonly store: Store; readonly locks: Locks }[] = [];
  readonly #clock: SweepClock;
  readonly #periodMs: number;
  #timer: ClockTimer | undefined;

  constructor(retentionMs: number, clock: SweepClock) {
    this.#clock = clock;
    this.#periodMs = Math.max(idempotencySweepMsMin, retentionMs / idempotencySweepsPerRetention);
  }

  add(store: Store, locks: Locks): void {
    this.#partitions.push({ store, locks });
  }

  /** Rows may come from now on. */
  start(): void {
    if (this.#timer === undefined) this.#again(this.#periodMs);
  }

  stop(): void {
    this.#clock.cancel(this.#timer);
  }

  /** Drops what has expired, at most `countMax` rows. True: there may be more. */
  sweep(countMax: number): boolean {
    const nowMs = this.#clock.epochNow();
    let left = countMax;
    for (const { store, locks } of this.#partitions) {
      if (store.size(idempotencyTable) === 0) continue;
      const cursor = store.iterate(idempotencyTable, newestVersions);
      while (cursor.advance() && (cursor.value as IdempotencyRow).expiresAtMs <= nowMs) {
        if (!locks.isFree(idempotencyTable, cursor.key, 'write')) continue;
        if (left === 0) return true;
        // Kept ones are removed for good, the key being locked until they are.
        if (locks.writes === undefined) store.forget(idempotencyTable, cursor.key);
        else locks.writes.keepKey(idempotencyTable, cursor.key, undefined, nobodyWaits);
        left--;
      }
    }
    return false;
  }

  #again(waitMs: number): void {
    this.#timer = this.#clock.upkeepAfter(waitMs, () => {
      const more = this.sweep(idempotencySweptPerTurn);
      this.#again(more ? 0 : this.#periodMs);
    });
  }
}
