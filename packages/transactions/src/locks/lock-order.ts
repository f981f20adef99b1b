/**
 * Who is older. Every lock owner has a place in one total order, (age, id), which never changes while it lives;
 * all that the lock manager decides between two owners it decides by that order alone.
 *
 * There is no priority beside it, on purpose: a priority that lets a younger waiter pass an older one makes the
 * older wait for the younger, which may itself wait for the older: a deadlock that no wound resolves. Whoever
 * wants some work to go first gives it a smaller age when it begins; that is what a transaction's priority is.
 * So ages needn't be unique, and may be negative or larger than the id.
 */
import { priorityStepDraws } from '@troupe/core';

/** A place in the total order. A retried transaction keeps its age and gets a new id. */
export interface Aged {
  /** Unique and rising. */
  readonly id: number;
  /** Smaller is older. The id of the first attempt, moved by the priority. */
  readonly age: number;
}

/** The age of a transaction whose first attempt is `id`: with a higher priority it counts as begun earlier. */
export function ageOf(id: number, priority: number): number {
  return id - priority * priorityStepDraws;
}

/** Negative when `a` is older than `b`. */
export function compareAge(a: Aged, b: Aged): number {
  return a.age - b.age || a.id - b.id;
}

export function isOlder(a: Aged, b: Aged): boolean {
  return a.age < b.age || (a.age === b.age && a.id < b.id);
}

/** A bag from which the oldest comes out first. Kept sorted, the oldest last, so that taking it is cheap. */
export class OldestFirst<T extends Aged> {
  readonly #youngestFirst: T[] = [];

  add(item: T): void {
    const items = this.#youngestFirst;
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const there = items[middle];
      if (there !== undefined && isOlder(item, there)) low = middle + 1;
      else high = middle;
    }
    items.splice(low, 0, item);
  }

  takeOldest(): T | undefined {
    return this.#youngestFirst.pop();
  }
}
