/**
 * Which keys are asked for most, in constant memory: the Space-Saving algorithm of Metwally, Agrawal and El Abbadi,
 * "Efficient computation of frequent and top-k elements in data streams" (ICDT 2005). Pure.
 *
 * As many keys as there are places are counted. A key without a place takes that of the one with the smallest count, and
 * goes on from that count: so a count is never too small, it is too large by at most `error`, and a key that made up more
 * than one in `capacity` of all has a place for certain. The smallest is on top of a heap.
 */
import type { StorageKey } from '../key/key.ts';

/** How often a key was asked for: at most `count`, at least `count - error` times. */
export interface KeyCount {
  readonly key: StorageKey;
  readonly count: number;
  readonly error: number;
}

interface Place {
  key: StorageKey;
  count: number;
  error: number;
  /** Where it is in the heap. */
  at: number;
}

export class HotKeys {
  readonly #capacity: number;
  readonly #places = new Map<StorageKey, Place>();
  /** No parent has a larger count than its children. */
  readonly #heap: Place[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  count(key: StorageKey): void {
    const known = this.#places.get(key);
    if (known !== undefined) {
      known.count++;
      this.#sink(known);
    } else if (this.#heap.length < this.#capacity) this.#add(key);
    else this.#replaceSmallest(key);
  }

  /** The keys with the largest counts, largest first. */
  top(length: number): KeyCount[] {
    const sorted = [...this.#heap].sort((a, b) => b.count - a.count || a.error - b.error);
    return sorted.slice(0, length).map(({ key, count, error }) => ({ key, count, error }));
  }

  #add(key: StorageKey): void {
    const place: Place = { key, count: 1, error: 0, at: this.#heap.length };
    this.#places.set(key, place);
    this.#heap.push(place);
    this.#rise(place);
  }

  #replaceSmallest(key: StorageKey): void {
    const place = this.#heap[0];
    if (place === undefined) return;
    this.#places.delete(place.key);
    place.key = key;
    place.error = place.count;
    place.count++;
    this.#places.set(key, place);
    this.#sink(place);
  }

  #rise(place: Place): void {
    for (;;) {
      const parent = this.#heap[(place.at - 1) >> 1];
      if (parent === undefined || parent.count <= place.count) return;
      this.#swap(place, parent);
    }
  }

  #sink(place: Place): void {
    for (;;) {
      const left = this.#heap[2 * place.at + 1];
      const right = this.#heap[2 * place.at + 2];
      const child = right !== undefined && left !== undefined && right.count < left.count ? right : left;
      if (child === undefined || child.count >= place.count) return;
      this.#swap(place, child);
    }
  }

  #swap(a: Place, b: Place): void {
    const at = a.at;
    a.at = b.at;
    b.at = at;
    this.#heap[a.at] = a;
    this.#heap[b.at] = b;
  }
}
