/**
 * Open requests by their number, where numbers rise and most requests are short: a ring of slots, which costs a fraction
 * of a map. A request that is still there when the ring comes round to its slot moves to a map beside it; when that
 * happens because the ring is not much longer than the requests are many, the ring grows.
 */
import { TransientMap } from '../collection/transient-map.ts';

interface Numbered {
  readonly requestId: number;
}

const slotsFirst = 1024;
/** Requests are answered in another order than they were made, so their numbers span more than they are many. */
const slotsPerRequest = 4;
const slotsMax = 65_536;

export class RequestRing<T extends Numbered> {
  #slots: (T | undefined)[] = emptySlots(slotsFirst);
  readonly #long = new TransientMap<number, T>((id) => id);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a request whose number is not there. */
  add(request: T): void {
    const older = this.#slots[request.requestId & (this.#slots.length - 1)];
    if (older !== undefined) this.#makeRoom(older);
    this.#slots[request.requestId & (this.#slots.length - 1)] = request;
    this.#size++;
  }

  /** The request with this number. */
  get(id: number): T | undefined {
    const request = this.#slots[id & (this.#slots.length - 1)];
    return request !== undefined && request.requestId === id ? request : this.#long.get(id);
  }

  /** Removes a request and answers it; undefined when there is none with this number. */
  take(id: number): T | undefined {
    const at = id & (this.#slots.length - 1);
    const request = this.#slots[at];
    if (request !== undefined && request.requestId === id) {
      this.#slots[at] = undefined;
      this.#size--;
      return request;
    }
    const long = this.#long.get(id);
    if (long === undefined) return undefined;
    this.#long.delete(id);
    this.#size--;
    return long;
  }

  /** All requests as they are now, in no order; they may be taken meanwhile. */
  all(): T[] {
    const requests = this.#long.values();
    for (const request of this.#slots) if (request !== undefined) requests.push(request);
    return requests;
  }

  #makeRoom(older: T): void {
    if (this.#size * slotsPerRequest > this.#slots.length && this.#slots.length < slotsMax) this.#grow();
    else this.#setAside(older);
  }

  #setAside(request: T): void {
    this.#slots[request.requestId & (this.#slots.length - 1)] = undefined;
    this.#long.add(request.requestId, request);
  }

  /** In a ring twice as long, requests that had slots of their own keep slots of their own. */
  #grow(): void {
    const slots = emptySlots<T>(this.#slots.length * 2);
    for (const request of this.#slots)
      if (request !== undefined) slots[request.requestId & (slots.length - 1)] = request;
    this.#slots = slots;
  }
}

function emptySlots<T>(length: number): (T | undefined)[] {
  return Array.from<T | undefined>({ length });
}
