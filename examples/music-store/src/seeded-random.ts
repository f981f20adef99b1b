// Random numbers that a seed decides: the same seed and purpose give the same numbers on every machine.
//
// The bits are the key stream of AES in counter mode, so there is no generator of our own to trust. Each purpose
// (names, purchases, payments…) draws from its own stream: drawing more for one never shifts another.
import { createCipheriv, createHash } from 'node:crypto';

const blockBytes = 4096;
const zeros = Buffer.alloc(blockBytes);

export class SeededRandom {
  readonly #cipher: ReturnType<typeof createCipheriv>;
  #block = Buffer.alloc(0);
  #offset = 0;

  constructor(seed: number, purpose: string) {
    const key = createHash('sha256').update(`${seed}/${purpose}`).digest();
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  /** A fraction in [0, 1). */
  fraction(): number {
    if (this.#offset === this.#block.length) {
      this.#block = this.#cipher.update(zeros);
      this.#offset = 0;
    }
    const value = this.#block.readUInt32LE(this.#offset) / 2 ** 32;
    this.#offset += 4;
    return value;
  }

  /** An integer in [from, to], both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }
}

/** Picks among ranked things, the first most often: the nth with a weight of 1 / n ** skew (Zipf's law). */
export class RankedPick {
  readonly #upTo: Float64Array;

  constructor(count: number, skew: number) {
    this.#upTo = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank += 1) {
      sum += 1 / (rank + 1) ** skew;
      this.#upTo[rank] = sum;
    }
  }

  /** The index of the picked one. */
  pick(random: SeededRandom): number {
    const target = random.fraction() * (this.#upTo.at(-1) ?? 0);
    let low = 0;
    let high = this.#upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#upTo[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
