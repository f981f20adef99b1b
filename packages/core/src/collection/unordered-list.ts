/**
 * A list for entries that come and go all the time and whose order doesn't matter: the last one takes the place of one
 * that leaves. A Set would be made anew all the time; see `transient-map.ts` for what that costs.
 */

/** What can be in one such list at a time. */
export interface Listed {
  /** Kept by the list: where it stands there, -1 before and after. */
  listedAt: number;
}

export class UnorderedList<T extends Listed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    item.listedAt = this.#items.push(item) - 1;
  }

  /** False: it was not there. */
  remove(item: T): boolean {
    const at = item.listedAt;
    if (at === -1) return false;
    const last = this.#items.pop() as T;
    if (last !== item) {
      this.#items[at] = last;
      last.listedAt = at;
    }
    item.listedAt = -1;
    return true;
  }

  /** Those that are there now, in no order; they may leave meanwhile. */
  all(): T[] {
    return this.#items.slice();
  }

  some(test: (item: T) => boolean): boolean {
    return this.#items.some(test);
  }
}
