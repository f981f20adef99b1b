/**
 * A map for entries that come and go all the time, such as locks. The Map of V8 makes itself a new table whenever its
 * own is used up or mostly empty. That costs some hundred bytes for every lock where it goes back and forth between
 * empty and not; and worse, a table that it has left behind in the old generation of the heap refers to its successor,
 * so that until the next full collection nothing which any of them has ever held can be freed as young. This one keeps
 * its room: few entries in two arrays, many in a hash table with linear probing.
 *
 * Removal from that shifts back what follows, as in Knuth, The Art of Computer Programming 3, 6.4, algorithm R.
 */

/** Up to this many a look through all of them is cheaper than a hash. */
const fewMax = 8;
const slotsFirst = 64;

export class TransientMap<K, V> {
  readonly #hashOf: (key: K) => number;
  /** In the order in which they came while they are few; else by hash, and at least half of the slots are empty. */
  #keys: (K | undefined)[] = [];
  #values: (V | undefined)[] = [];
  #size = 0;
  #isHashed = false;

  /** `hashOf`: any 32 bits, also of numbers that are larger. Keys are compared by `===`. */
  constructor(hashOf: (key: K) => number) {
    this.#hashOf = hashOf;
  }

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    if (this.#isHashed) return this.#values[this.#find(key)];
    const at = this.#keys.indexOf(key);
    return at < 0 ? undefined : this.#values[at];
  }

  /** The key isn't there yet. */
  add(key: K, value: V): void {
    if (!this.#isHashed && this.#size === fewMax) this.#hash(slotsFirst);
    this.#size++;
    if (!this.#isHashed) {
      this.#keys.push(key);
      this.#values.push(value);
      return;
    }
    if (2 * this.#size > this.#keys.length) this.#hash(2 * this.#keys.length);
    this.#put(key, value);
  }

  delete(key: K): void {
    const at = this.#isHashed ? this.#find(key) : this.#keys.indexOf(key);
    if (at < 0 || this.#values[at] === undefined) return;
    this.#size--;
    if (this.#isHashed) this.#shiftBack(at);
    else this.#moveDown(at);
  }

  /** Those that are there now; entries may come and go meanwhile. */
  values(): V[] {
    const values: V[] = [];
    if (this.#size > 0) for (const value of this.#values) if (value !== undefined) values.push(value);
    return values;
  }

  /** One by one: `splice` would make an array of what it takes out. */
  #moveDown(from: number): void {
    const keys = this.#keys;
    const values = this.#values;
    for (let at = from; at + 1 < keys.length; at++) {
      keys[at] = keys[at + 1];
      values[at] = values[at + 1];
    }
    keys.pop();
    values.pop();
  }

  #shiftBack(from: number): void {
    const keys = this.#keys;
    const values = this.#values;
    const last = keys.length - 1;
    let hole = from;
    for (let at = (hole + 1) & last; values[at] !== undefined; at = (at + 1) & last) {
      const fromHome = (at - this.#homeOf(keys[at] as K)) & last;
      // Its home is between the hole and here: it is found where it is.
      if (fromHome < ((at - hole) & last)) continue;
      keys[hole] = keys[at];
      values[hole] = values[at];
      hole = at;
    }
    keys[hole] = undefined;
    values[hole] = undefined;
  }

  /** Where it is, or else would be. */
  #find(key: K): number {
    const last = this.#keys.length - 1;
    let at = this.#homeOf(key);
    while (this.#values[at] !== undefined && this.#keys[at] !== key) at = (at + 1) & last;
    return at;
  }

  /** The upper bits of a product with the golden ratio, so that neighbours are far apart. */
  #homeOf(key: K): number {
    return Math.imul(this.#hashOf(key), 0x9e3779b1) >>> (Math.clz32(this.#keys.length) + 1);
  }

  #put(key: K, value: V): void {
    const at = this.#find(key);
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  #hash(slots: number): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#isHashed = true;
    this.#keys = Array.from<K | undefined>({ length: slots });
    this.#values = Array.from<V | undefined>({ length: slots });
    for (let at = 0; at < values.length; at++) {
      const value = values[at];
      if (value !== undefined) this.#put(keys[at] as K, value);
    }
  }
}
