/**
 * A Map for entries that come and go and are mostly few. The Map of V8 makes itself a new table whenever it falls below
 * a quarter of its room, so one that goes back and forth between empty and not allocates at each removal: some hundred
 * bytes for every lock. This one keeps few entries in two arrays that stay. In the order in which entries came.
 */

/** Up to this many a look through all of them is cheaper than a hash. */
const fewMax = 8;

export class FewMap<K, V> {
  readonly #keys: K[] = [];
  readonly #values: V[] = [];
  /** Holds all of them once there are many, until there are none. */
  #many: Map<K, V> | undefined;

  get size(): number {
    return this.#many === undefined ? this.#keys.length : this.#many.size;
  }

  get(key: K): V | undefined {
    if (this.#many !== undefined) return this.#many.get(key);
    const at = this.#keys.indexOf(key);
    return at < 0 ? undefined : this.#values[at];
  }

  /** The key isn't there yet. */
  add(key: K, value: V): void {
    if (this.#many === undefined && this.#keys.length === fewMax) this.#become();
    if (this.#many === undefined) {
      this.#keys.push(key);
      this.#values.push(value);
    } else this.#many.set(key, value);
  }

  delete(key: K): void {
    const many = this.#many;
    if (many !== undefined) {
      many.delete(key);
      if (many.size === 0) this.#many = undefined;
      return;
    }
    const keys = this.#keys;
    const values = this.#values;
    let at = keys.indexOf(key);
    if (at < 0) return;
    // Moved down one by one: `splice` would make an array of what it takes out.
    for (; at + 1 < keys.length; at++) {
      keys[at] = keys[at + 1] as K;
      values[at] = values[at + 1] as V;
    }
    keys.pop();
    values.pop();
  }

  /** Those that are there now; entries may come and go meanwhile. */
  values(): IterableIterator<V> {
    return this.#many === undefined ? this.#values.slice().values() : [...this.#many.values()].values();
  }

  #become(): void {
    const many = new Map<K, V>();
    for (let at = 0; at < fewMax; at++) many.set(this.#keys[at] as K, this.#values[at] as V);
    this.#keys.length = 0;
    this.#values.length = 0;
    this.#many = many;
  }
}
