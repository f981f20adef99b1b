/**
 * Status words: where the fate of each transaction stands, in memory that every thread sees.
 *
 *     ACTIVE ──▶ COMMITTING ──▶ COMMITTED(timestamp)
 *        └──────────┴─────────▶ ABORTED
 *
 * (The only partition of a transaction takes it from ACTIVE to COMMITTED at once.)
 *
 * Changed by compare-and-set only, so a wound and a commit can never both win. The words of one member incarnation
 * lie in its own memory; a slot is used again once its transaction's decisions are on their way. A word carries the
 * low bits of the transaction's id, so whoever comes late sees that the slot has moved on: `unknown`, which means
 * decided, and that the decision is already in the reader's link.
 */
import type { Timestamp } from '@troupe/core';

/** Increasing and unique in a grid: a draw from its clock. Smaller is older. */
export type TransactionId = Timestamp;

export type Fate = 'active' | 'committing' | 'committed' | 'aborted' | 'unknown';

const stateBits = 2;
const idBits = 29;
const active = 0;
const committing = 1;
const committed = 2;
const aborted = 3;
const fates: readonly Exclude<Fate, 'unknown'>[] = ['active', 'committing', 'committed', 'aborted'];

/** A timestamp, a word, and two cells of callers (see `procedure-cells.ts`). */
const bytesPerSlot = 8 + 4 + 2 * 4;

/** Bytes of memory that a member needs which may have `slots` transactions under way. */
export function statusMemoryBytes(slots: number): number {
  return slots * bytesPerSlot;
}

/** How many slots a member's memory has. */
export function slotsIn(memory: SharedArrayBuffer): number {
  return Math.floor(memory.byteLength / bytesPerSlot);
}

export class StatusWords {
  readonly #timestamps: Float64Array;
  readonly #words: Int32Array;

  /** A view of one member incarnation's words. */
  constructor(memory: SharedArrayBuffer) {
    const slots = slotsIn(memory);
    this.#timestamps = new Float64Array(memory, 0, slots);
    this.#words = new Int32Array(memory, slots * 8, slots);
  }

  get slots(): number {
    return this.#words.length;
  }

  /** Begins the life of a transaction's word. Only its coordinator's member does this. */
  begin(slot: number, id: TransactionId): void {
    Atomics.store(this.#words, slot, word(id, active));
  }

  fate(slot: number, id: TransactionId): Fate {
    const found = Atomics.load(this.#words, slot);
    const state = found & 3;
    return found === word(id, state) ? fateOf(found) : 'unknown';
  }

  /** ACTIVE → ABORTED. False: it is committing or has ended. */
  tryAbort(slot: number, id: TransactionId): boolean {
    return this.#change(slot, id, active, aborted);
  }

  /** ACTIVE → COMMITTING: no wound can reach it any more. */
  tryCommitting(slot: number, id: TransactionId): boolean {
    return this.#change(slot, id, active, committing);
  }

  /** COMMITTING → COMMITTED at `timestamp`. Only for who made it COMMITTING. */
  commit(slot: number, id: TransactionId, timestamp: Timestamp): void {
    this.#timestamps[slot] = timestamp;
    Atomics.store(this.#words, slot, word(id, committed));
  }

  /** COMMITTING → ABORTED. Only for who made it COMMITTING. */
  abortCommitting(slot: number, id: TransactionId): void {
    Atomics.store(this.#words, slot, word(id, aborted));
  }

  /** ACTIVE → COMMITTED at `timestamp`, for the coordinator. False: it was aborted. */
  tryCommit(slot: number, id: TransactionId, timestamp: Timestamp): boolean {
    if (!this.tryCommitting(slot, id)) return false;
    this.commit(slot, id, timestamp);
    return true;
  }

  /**
   * The same for the only partition. Never COMMITTING in between: whoever finds that after the coordinator's death may
   * then conclude that nobody is left to commit it.
   */
  tryCommitAlone(slot: number, id: TransactionId, timestamp: Timestamp): boolean {
    // The word is won before the timestamp is touched: a participant that tries late may find the slot lent again.
    if (!this.#change(slot, id, active, committed)) return false;
    this.#timestamps[slot] = timestamp;
    return true;
  }

  /** When a committed transaction took effect. */
  commitTimestamp(slot: number): Timestamp {
    return this.#timestamps[slot] as Timestamp;
  }

  /** The word that lies in a slot now, whoever's it is; for `fateOf` and `tryAbortWord`. */
  wordIn(slot: number): number {
    return Atomics.load(this.#words, slot);
  }

  /** ACTIVE → ABORTED of the transaction that this word was read of. False: the word has changed since. */
  tryAbortWord(slot: number, found: number): boolean {
    return Atomics.compareExchange(this.#words, slot, found, found | aborted) === found;
  }

  #change(slot: number, id: TransactionId, from: number, to: number): boolean {
    const expected = word(id, from);
    return Atomics.compareExchange(this.#words, slot, expected, word(id, to)) === expected;
  }
}

/** How the transaction stood that a word was read of. */
export function fateOf(found: number): Exclude<Fate, 'unknown'> {
  return fates[found & 3] as Exclude<Fate, 'unknown'>;
}

function word(id: TransactionId, state: number): number {
  return ((id % 2 ** idBits) << stateBits) | state;
}

/** The slots of one member: lends each to one transaction at a time. */
export class StatusSlots {
  readonly words: StatusWords;
  readonly #free: number[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.words = new StatusWords(memory);
    // Not `from`: with so many it takes milliseconds, at every start of a member.
    const { slots } = this.words;
    for (let slot = slots - 1; slot >= 0; slot--) this.#free.push(slot);
  }

  /** How many transactions are under way. */
  get used(): number {
    return this.words.slots - this.#free.length;
  }

  /** A slot, or undefined when every one is in use. */
  tryTake(): number | undefined {
    return this.#free.pop();
  }

  /** Somebody waits for a slot. */
  get areAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when a slot may be free again. */
  freed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Gives a slot back. Only when every decision of its transaction has been handed to the links. */
  release(slot: number): void {
    this.#free.push(slot);
    this.#waiting.shift()?.();
  }
}
