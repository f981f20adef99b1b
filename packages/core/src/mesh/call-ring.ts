/**
 * Calls by their number, where numbers rise by one and most calls are short: a ring of slots, which costs a fraction of
 * a Map. A call that is still there when the ring comes round to its slot moves to a Map beside it; when that happens
 * because the ring is full, the ring grows.
 */

/** Whatever has a number. */
interface Numbered {
  readonly id: number;
}

const slotsFirst = 1024;
const slotsMax = 65_536;

export class CallRing<Call extends Numbered> {
  #slots: (Call | undefined)[] = emptySlots(slotsFirst);
  readonly #long = new Map<number, Call>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a call; its number must be larger than every one before. */
  add(call: Call): void {
    const older = this.#slots[call.id & (this.#slots.length - 1)];
    if (older !== undefined) this.#makeRoom(older);
    this.#slots[call.id & (this.#slots.length - 1)] = call;
    this.#size++;
  }

  /** Removes a call and answers it; undefined when there is none with this number. */
  take(id: number): Call | undefined {
    const at = id & (this.#slots.length - 1);
    const call = this.#slots[at];
    if (call !== undefined && call.id === id) {
      this.#slots[at] = undefined;
      this.#size--;
      return call;
    }
    const long = this.#long.get(id);
    if (long !== undefined && this.#long.delete(id)) this.#size--;
    return long;
  }

  /** All calls as they are now, in no order; they may be taken meanwhile. */
  all(): Call[] {
    const calls = [...this.#long.values()];
    for (const call of this.#slots) if (call !== undefined) calls.push(call);
    return calls;
  }

  #makeRoom(older: Call): void {
    if (this.#size - this.#long.size > this.#slots.length / 2 && this.#slots.length < slotsMax) this.#grow();
    else this.#setAside(older);
  }

  #setAside(call: Call): void {
    this.#slots[call.id & (this.#slots.length - 1)] = undefined;
    this.#long.set(call.id, call);
  }

  /** In a ring twice as long, calls that had slots of their own keep slots of their own. */
  #grow(): void {
    const slots = emptySlots<Call>(this.#slots.length * 2);
    for (const call of this.#slots) if (call !== undefined) slots[call.id & (slots.length - 1)] = call;
    this.#slots = slots;
  }
}

function emptySlots<Call>(length: number): (Call | undefined)[] {
  return Array.from<Call | undefined>({ length });
}
