/**
 * Transactions for a list-append history, as Elle's generator makes them: one to four micro-operations,
 * half reads and half appends; a few live keys, each twice as likely as the one before; after a number of
 * appends drawn per key, the key is retired and a fresh one takes its place, so there are always hot, warm
 * and brand-new keys. Appended values count up per key, so each is unique.
 */

import type { AppendMop, ReadListMop } from './history.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The size of the workload; every part has a default. */
export interface ListAppendWorkloadOptions {
  readonly liveKeys?: number;
  readonly mopsPerTransactionMax?: number;
  readonly appendsPerKeyMax?: number;
}

interface LiveKey {
  readonly key: string;
  readonly appendsMax: number;
  appends: number;
}

/** Draws transactions; the same seed draws the same ones. */
export class ListAppendWorkload {
  readonly #random: SeededRandom;
  readonly #options: Required<ListAppendWorkloadOptions>;
  readonly #live: LiveKey[];
  readonly #used: string[] = [];

  constructor(random: SeededRandom, options: ListAppendWorkloadOptions = {}) {
    this.#random = random;
    this.#options = { liveKeys: 10, mopsPerTransactionMax: 4, appendsPerKeyMax: 256, ...options };
    this.#live = Array.from({ length: this.#options.liveKeys }, () => this.#freshKey());
  }

  /** Every key used so far; read them all at the end of a run. */
  get keys(): readonly string[] {
    return this.#used;
  }

  /** The next transaction. */
  next(): (AppendMop | ReadListMop)[] {
    const length = this.#random.integer(1, this.#options.mopsPerTransactionMax);
    return Array.from({ length }, () => this.#nextMop());
  }

  #nextMop(): AppendMop | ReadListMop {
    const slot = this.#drawSlot();
    const live = this.#live[slot] as LiveKey;
    if (this.#random.chance(0.5)) return ['r', live.key, undefined];
    live.appends += 1;
    if (live.appends === live.appendsMax) this.#live[slot] = this.#freshKey();
    return ['append', live.key, live.appends];
  }

  /** Slot i is twice as likely as slot i - 1. */
  #drawSlot(): number {
    const weights = 2 ** this.#live.length - 1;
    const drawn = this.#random.next() * weights;
    return Math.min(this.#live.length - 1, Math.floor(Math.log2(drawn + 1)));
  }

  #freshKey(): LiveKey {
    const key = `k${this.#used.length}`;
    this.#used.push(key);
    return { key, appendsMax: 1 + this.#random.zipf(this.#options.appendsPerKeyMax, 0.5), appends: 0 };
  }
}
