/**
 * What a member's thread is doing, for others to read when it doesn't answer: a beat that shows that its event loop
 * turns, the piece of work it is in, and the pieces that wait for something and may go on at any time. Also the
 * verdict on a thread that is killed for being blocked, which its callers read once it is gone.
 *
 * Work is named by two numbers: an id that is unique in the grid, and the number of its definition. Only the thread
 * itself writes, the verdict excepted. Readers look at a thread that stands still, or is gone.
 */
const beatIndex = 0;
const verdictIndex = 1;
const idIndex = 1;
const definitionIndex = 2;
const blockedMsIndex = 3;
const firstSlot = 4;
/** Work that waits; what finds no room isn't shown. */
const slotCount = 254;

/** Bytes of memory that the board of one member needs. */
export const workBoardBytes = 8 * (firstSlot + 2 * slotCount);

/** A piece of work. */
export interface BoardEntry {
  readonly id: number;
  readonly definition: number;
}

/**
 * `certain`: the thread was in this work. `alone`: it was in none that stands here, and this was the only one that
 * waited. `suspected`: one of several that waited.
 */
export type Verdict = 'certain' | 'alone' | 'suspected';

export class WorkBoard {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #free: number[] = [];

  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#words = new Int32Array(memory, offset, 2);
    this.#numbers = new Float64Array(memory, offset, firstSlot + 2 * slotCount);
    for (let slot = slotCount - 1; slot >= 0; slot--) this.#free.push(firstSlot + 2 * slot);
  }

  /** The event loop turns. */
  beat(): void {
    Atomics.add(this.#words, beatIndex, 1);
  }

  /** How often it has turned; 0: nobody counts. */
  get beats(): number {
    return Atomics.load(this.#words, beatIndex);
  }

  /** The thread is in this work from now on. Answers what it was in: pass it to `leave`. */
  enter(id: number, definition: number): number {
    const outer = this.#numbers[idIndex] as number;
    this.#numbers[idIndex] = id;
    this.#numbers[definitionIndex] = definition;
    return outer;
  }

  leave(outer: number): void {
    this.#numbers[idIndex] = outer;
  }

  /** The work waits and may go on at any time. Answers its slot for `remove`; 0: there is no room. */
  add(id: number, definition: number): number {
    const slot = this.#free.pop();
    if (slot === undefined) return 0;
    this.#numbers[slot] = id;
    this.#numbers[slot + 1] = definition;
    return slot;
  }

  remove(slot: number): void {
    if (slot === 0) return;
    this.#numbers[slot] = 0;
    this.#free.push(slot);
  }

  /** The work the thread is in. */
  get current(): BoardEntry | undefined {
    const id = this.#numbers[idIndex] as number;
    return id === 0 ? undefined : { id, definition: this.#numbers[definitionIndex] as number };
  }

  /** The work that waits. */
  get waiting(): BoardEntry[] {
    const entries: BoardEntry[] = [];
    for (let slot = firstSlot; slot < firstSlot + 2 * slotCount; slot += 2) {
      const id = this.#numbers[slot] as number;
      if (id !== 0) entries.push({ id, definition: this.#numbers[slot + 1] as number });
    }
    return entries;
  }

  /** The thread is about to be killed, for it has been blocked this long. */
  condemn(blockedMs: number): void {
    this.#numbers[blockedMsIndex] = blockedMs;
    Atomics.store(this.#words, verdictIndex, 1);
  }

  /** How long the thread had been blocked when it was killed for it; undefined when it wasn't. */
  get blockedMs(): number | undefined {
    return Atomics.load(this.#words, verdictIndex) === 0 ? undefined : this.#numbers[blockedMsIndex];
  }

  /** Whether this work may have blocked the thread. */
  verdictOn(id: number): Verdict | undefined {
    if (this.blockedMs === undefined) return undefined;
    const { current, waiting } = this;
    if (current !== undefined) return current.id === id ? 'certain' : undefined;
    if (!waiting.some((entry) => entry.id === id)) return undefined;
    return waiting.length === 1 ? 'alone' : 'suspected';
  }
}
