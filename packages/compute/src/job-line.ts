/**
 * What waits, in order: a linked list for each priority in use, the largest first. Pure. Nearly always there is one
 * priority, so the first look finds it; others are found by halving.
 */
import { assert } from '@troupe/core';

/** What can wait: in one line at a time. Its priority changes only while it is in none. */
export interface QueueEntry<T> {
  priority: number;
  previous: T | undefined;
  next: T | undefined;
}

interface Level<T> {
  priority: number;
  first: T | undefined;
  last: T | undefined;
}

export class JobLine<T extends QueueEntry<T>> {
  /** By descending priority. None is empty, unless it is the only one. */
  readonly #levels: Level<T>[] = [{ priority: 0, first: undefined, last: undefined }];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): T | undefined {
    return this.#levels[0]?.first;
  }

  /** Adds an entry behind those of its priority. */
  add(entry: T): void {
    const level = this.#levelFor(entry.priority);
    entry.previous = level.last;
    if (level.last === undefined) level.first = entry;
    else level.last.next = entry;
    level.last = entry;
    this.#length++;
  }

  remove(entry: T): void {
    const { previous, next } = entry;
    const position = this.#positionOf(entry.priority);
    const level = this.#levels[position];
    assert(
      level?.priority === entry.priority && (previous !== undefined || level.first === entry),
      'a job left a queue it was not in',
    );
    if (previous === undefined) level.first = next;
    else previous.next = next;
    if (next === undefined) level.last = previous;
    else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
    this.#length--;
    if (level.first === undefined && this.#levels.length > 1) this.#levels.splice(position, 1);
  }

  #levelFor(priority: number): Level<T> {
    const position = this.#positionOf(priority);
    const level = this.#levels[position];
    if (level?.priority === priority) return level;
    const added: Level<T> = { priority, first: undefined, last: undefined };
    // The only one may be empty: then it gives its place up.
    if (this.#length === 0) this.#levels[0] = added;
    else this.#levels.splice(position, 0, added);
    return added;
  }

  /** Where the level of a priority is, or would be. */
  #positionOf(priority: number): number {
    let from = 0;
    let to = this.#levels.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#levels[middle] as Level<T>).priority > priority) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
