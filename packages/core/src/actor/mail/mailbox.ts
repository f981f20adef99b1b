/**
 * A first-in, first-out queue with a bound, and a lane before it that has none. Pure.
 *
 * What waits carries its neighbours, so that adding at the end, taking from the front and leaving from the middle
 * (a caller gave up) cost the same few steps at every length, and a mailbox that is empty owns no memory.
 *
 * What is urgent goes before everything that is not, in its own order, and is never refused: it belongs to something
 * that was admitted already, or ends it.
 */
import { assert } from '../../assert.ts';

/** What can wait: in one mailbox at a time. */
export interface MailboxItem<T> {
  previous: T | undefined;
  next: T | undefined;
  /** Kept by the mailbox: it waits in the lane that goes first. */
  urgent: boolean;
}

export class Mailbox<T extends MailboxItem<T>> {
  readonly #lengthMax: number;
  #first: T | undefined;
  #last: T | undefined;
  #lastUrgent: T | undefined;
  #length = 0;
  #urgentLength = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  get length(): number {
    return this.#length + this.#urgentLength;
  }

  get first(): T | undefined {
    return this.#first;
  }

  /** Adds at the end of the lane that goes first. */
  pushUrgent(item: T): void {
    item.urgent = true;
    this.#insertAfterUrgent(item);
    this.#lastUrgent = item;
    this.#urgentLength++;
  }

  /** Adds at the end. False: the mailbox is full and nothing was added. */
  push(item: T): boolean {
    if (this.#length >= this.#lengthMax) return false;
    this.pushBeyond(item);
    return true;
  }

  /** Adds at the end, also when it is full. */
  pushBeyond(item: T): void {
    item.previous = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#length++;
  }

  /** Puts back, before all others of its lane, an item that has just left; it needs no room. */
  putBack(item: T): void {
    this.#insertAfterUrgent(item);
    this.#length++;
  }

  /** Takes from the front. */
  shift(): T | undefined {
    const item = this.#first;
    if (item !== undefined) this.remove(item);
    return item;
  }

  /** Takes out an item that waits in this mailbox. */
  remove(item: T): void {
    const { previous, next } = item;
    assert(
      this.length > 0 && (previous !== undefined || this.#first === item),
      'an item left a mailbox it was not in',
    );
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    item.previous = undefined;
    item.next = undefined;
    if (item.urgent) this.#removedUrgent(item, previous);
    else this.#length--;
  }

  #insertAfterUrgent(item: T): void {
    const after = this.#lastUrgent;
    item.previous = after;
    item.next = after === undefined ? this.#first : after.next;
    if (after === undefined) this.#first = item;
    else after.next = item;
    if (item.next === undefined) this.#last = item;
    else item.next.previous = item;
  }

  #removedUrgent(item: T, previous: T | undefined): void {
    if (this.#lastUrgent === item) this.#lastUrgent = previous;
    item.urgent = false;
    this.#urgentLength--;
  }
}
