/**
 * Random numbers that can be asked for again: the same seed gives the same draws.
 *
 * The generator is xoshiro128** (David Blackman and Sebastiano Vigna, 2018), its state filled from
 * the seed by a Weyl sequence through the 32-bit finalizer of MurmurHash3 (Austin Appleby).
 * Not for secrets.
 *
 * Rule kept: `fork(name)` depends on the seed and the name only, never on how many numbers were drawn
 * before, so a new draw in one place of a simulation doesn't shift the others.
 */

const WEYL_STEP = 0x9e3779b9;
const TWO_TO_26 = 2 ** 26;
const TWO_TO_32 = 2 ** 32;
const TWO_TO_53 = 2 ** 53;

/**
 * A stream of repeatable random numbers.
 *
 * To test your own actor or protocol, take one `SeededRandom` per run, hand `fork('my-site')` to every
 * place that needs randomness, and print the seed when the run fails: the seed alone repeats the run.
 */
export class SeededRandom {
  /** The number this stream was made from. */
  readonly seed: number;
  readonly #state: [number, number, number, number];
  readonly #zipfTables = new Map<string, Float64Array>();

  /** @param seed a whole number from 0 to 2^53 - 1 */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(`A seed is a whole number from 0 to 2^53 - 1, not ${seed}.`);
    }
    this.seed = seed;
    this.#state = stateOf(seed);
  }

  /** A number from 0 (included) to 1 (excluded), with 53 random bits. */
  next(): number {
    const high = this.#nextWord() >>> 5;
    const low = this.#nextWord() >>> 6;
    return (high * TWO_TO_26 + low) / TWO_TO_53;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || max < min) {
      throw new RangeError(`integer(${min}, ${max}) needs two whole numbers in ascending order.`);
    }
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** One of the elements, each equally likely. */
  pick<Element>(elements: readonly Element[]): Element {
    if (elements.length === 0) throw new RangeError('pick() needs at least one element.');
    return elements[this.integer(0, elements.length - 1)] as Element;
  }

  /** True with this probability. Always draws, so that `chance(0)` doesn't shift later draws. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A new array with the same elements in random order (Fisher-Yates). */
  shuffle<Element>(elements: readonly Element[]): Element[] {
    const shuffled = [...elements];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.integer(0, last);
      const held = shuffled[last] as Element;
      shuffled[last] = shuffled[other] as Element;
      shuffled[other] = held;
    }
    return shuffled;
  }

  /** A rank from 0 to `count - 1`; rank r is drawn with a weight of 1 / (r + 1)^skew. */
  zipf(count: number, skew: number): number {
    const cumulative = this.#zipfTable(count, skew);
    const drawn = this.next() * (cumulative[count - 1] as number);
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** An independent stream for one named place. Two forks of the same name are equal. */
  fork(name: string): SeededRandom {
    return new SeededRandom(hashToSeed(`${this.seed}/${name}`));
  }

  #nextWord(): number {
    const state = this.#state;
    const [a, b, c, d] = state;
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const mixedC = c ^ a;
    const mixedD = d ^ b;
    state[0] = a ^ mixedD;
    state[1] = b ^ mixedC;
    state[2] = mixedC ^ (b << 9);
    state[3] = rotateLeft(mixedD, 11);
    return result;
  }

  #zipfTable(count: number, skew: number): Float64Array {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new RangeError(`zipf() needs at least one rank, not ${count}.`);
    }
    const name = `${count}/${skew}`;
    const known = this.#zipfTables.get(name);
    if (known !== undefined) return known;
    const cumulative = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += 1 / (rank + 1) ** skew;
      cumulative[rank] = sum;
    }
    this.#zipfTables.set(name, cumulative);
    return cumulative;
  }
}

function stateOf(seed: number): [number, number, number, number] {
  const salt = finalize(Math.floor(seed / TWO_TO_32) ^ 0x5bf03635);
  let weyl = seed | 0;
  const word = (): number => {
    weyl = (weyl + WEYL_STEP) | 0;
    return finalize(weyl ^ salt);
  };
  const state: [number, number, number, number] = [word(), word(), word(), word()];
  // The one state that the generator can't leave.
  if (state.every((part) => part === 0)) state[0] = 1;
  return state;
}

function hashToSeed(text: string): number {
  let first = 0x811c9dc5;
  let second = 0x2f0b4a27;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x85ebca6b);
  }
  const high = finalize(first ^ (second >>> 15)) >>> 11;
  const low = finalize(second ^ (first >>> 13)) >>> 0;
  return high * TWO_TO_32 + low;
}

function finalize(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
