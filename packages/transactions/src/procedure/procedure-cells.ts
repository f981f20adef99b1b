/**
 * Cells: how the caller of a procedure learns what became of it when no answer comes, because the thread that ran it
 * has died, or is too busy to answer in time. Pure.
 *
 * A call carries the *ticket* of a cell in the memory of its caller's member. The owner notes there which slot the word
 * of the attempt under way lies in, before the attempt sends anything; and at the end of the attempt what came of it,
 * before the slot is lent again. So between cell and word the fate always stands somewhere that outlives the owner:
 *
 *     idle ──▶ running(slot) ──▶ committed                 by the owner
 *      ▲            │    └────▶ idle (lost, to be tried again)
 *      └────────────┘
 *     idle ──▶ ended          running(slot) ──▶ cancelled(slot) ──▶ committed | ended       `settle`, by the caller
 *
 * (And from running or cancelled to unknown: the storage has failed with its commit.)
 *
 * A caller who asks how it stands *ends* it: no attempt begins any more, and one under way is aborted through its word,
 * as a wound would, if nothing is decided yet. Else "not yet" could never become "not done". This leaves one moment of
 * doubt, while the owner's thread has the word at COMMITTING. A living owner is out of it within the same step; of a
 * dead one it means that it never committed, as the participants conclude, too (`Participant.originLost`).
 *
 * Changed by compare-and-set only. A ticket carries a number that changes with each use of its cell, so an owner who
 * comes late changes nothing. Cells are used in turn, which makes that number last.
 */
import { assert } from '@troupe/core';
import type { AttemptFate } from '../attempt/attempt-ground.ts';
import { fateOf, type StatusWords, slotsIn } from '../protocol/status-word.ts';

/** A cell and its use, in 30 bits. */
export type Ticket = number;
/** Of a call that found every cell in use. */
export const noTicket: Ticket = -1;

/**
 * How a call stands once its caller has ended it. `undecided`: its owner is deciding at this moment; `unknown`: the
 * storage has failed with its commit, and nobody can say.
 */
export type Settled = 'committed' | 'not-done' | 'undecided' | 'unknown';

const indexBits = 15;
const useMask = 0x7fff;
const stateBits = 3;
const slotBits = 14;

const idle = 0;
const running = 1;
const committed = 2;
const cancelled = 3;
const ended = 4;
const unknown = 5;
type State =
  | typeof idle
  | typeof running
  | typeof committed
  | typeof cancelled
  | typeof ended
  | typeof unknown;

/** The cells of one member's memory. Two for each of its slots. */
export function cellsOf(memory: SharedArrayBuffer): Int32Array {
  const slots = slotsIn(memory);
  assert(slots <= 2 ** slotBits, 'a cell has no room for so many slots');
  return new Int32Array(memory, slots * 12, slots * 2);
}

function indexOf(ticket: Ticket): number {
  return ticket & (2 ** indexBits - 1);
}

/** What the cell of a ticket holds. A slot means something only while an attempt has it. */
function content(ticket: Ticket, state: State, slot = 0): number {
  return ((ticket >>> indexBits) << (stateBits + slotBits)) | (slot << stateBits) | state;
}

function stateIn(cell: number): State {
  return (cell & (2 ** stateBits - 1)) as State;
}

function slotIn(cell: number): number {
  return (cell >>> stateBits) & (2 ** slotBits - 1);
}

function useIn(cell: number): number {
  return cell >>> (stateBits + slotBits);
}

/** A member's own cells, for the calls it makes. */
export class ProcedureCells {
  readonly #cells: Int32Array;
  /** How often each cell was used. */
  readonly #uses: Uint16Array;
  /** A ring of those that are free, the one longest free first. */
  readonly #free: Int32Array;
  #firstFree = 0;
  #freeCount: number;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = cellsOf(memory);
    this.#uses = new Uint16Array(this.#cells.length);
    this.#free = new Int32Array(this.#cells.length);
    // Not `from`: with so many it takes milliseconds, at every start of a member.
    for (let index = 0; index < this.#free.length; index++) this.#free[index] = index;
    this.#freeCount = this.#cells.length;
  }

  /** Calls that have a cell. */
  get used(): number {
    return this.#cells.length - this.#freeCount;
  }

  /** A cell for a call, or `noTicket` when every one is in use. */
  take(): Ticket {
    if (this.#freeCount === 0) return noTicket;
    const index = this.#free[this.#firstFree] as number;
    this.#firstFree = (this.#firstFree + 1) % this.#free.length;
    this.#freeCount--;
    const use = ((this.#uses[index] as number) + 1) & useMask;
    this.#uses[index] = use;
    const ticket = (use << indexBits) | index;
    Atomics.store(this.#cells, index, content(ticket, idle));
    return ticket;
  }

  /** The call is over; whatever its owner still notes finds another's use. */
  release(ticket: Ticket): void {
    if (ticket === noTicket) return;
    this.#free[(this.#firstFree + this.#freeCount) % this.#free.length] = indexOf(ticket);
    this.#freeCount++;
    // Noted at once: an owner must find that it has ended, not that nobody uses the cell yet.
    Atomics.store(this.#cells, indexOf(ticket), content(ticket, ended));
  }

  /** Ends the call, if nothing is decided yet, and tells how it stands. `words` are those of the owner's member. */
  settle(ticket: Ticket, words: StatusWords): Settled {
    const index = indexOf(ticket);
    for (;;) {
      const cell = Atomics.load(this.#cells, index);
      // The call is over, and its cell another's.
      if (useIn(cell) !== ticket >>> indexBits) return 'not-done';
      const slot = slotIn(cell);
      switch (stateIn(cell)) {
        case committed:
          return 'committed';
        case ended:
          return 'not-done';
        case unknown:
          return 'unknown';
        case idle:
          this.#change(index, cell, content(ticket, ended));
          break;
        case running:
          this.#change(index, cell, content(ticket, cancelled, slot));
          break;
        default: {
          const settled = this.#settleAttempt(index, cell, slot, words);
          if (settled !== undefined) return settled;
        }
      }
    }
  }

  /** How the attempt ends that the cell names; undefined when it has ended meanwhile, which the cell tells then. */
  #settleAttempt(index: number, cell: number, slot: number, words: StatusWords): Settled | undefined {
    const word = words.wordIn(slot);
    // The cell says that the slot was still lent to the attempt when its word was read.
    if (Atomics.load(this.#cells, index) !== cell) return undefined;
    switch (fateOf(word)) {
      case 'active':
        return words.tryAbortWord(slot, word) ? 'not-done' : undefined;
      case 'committed':
        return 'committed';
      case 'aborted':
        return 'not-done';
      default:
        return 'undecided';
    }
  }

  #change(index: number, from: number, to: number): void {
    Atomics.compareExchange(this.#cells, index, from, to);
  }
}

/** What a cell says after an attempt: one that was aborted may be followed by another, unless its caller has ended it. */
const statesAfter: Record<AttemptFate, { readonly running: State; readonly cancelled: State }> = {
  committed: { running: committed, cancelled: committed },
  aborted: { running: idle, cancelled: ended },
  unknown: { running: unknown, cancelled: unknown },
};

/** A call's cell as the member sees it that runs the procedure. */
export class CallCell {
  readonly #cells: Int32Array;
  readonly #ticket: Ticket;

  constructor(cells: Int32Array, ticket: Ticket) {
    this.#cells = cells;
    this.#ticket = ticket;
  }

  /** An attempt begins, with its word in `slot`; nothing was sent yet. False: the caller has ended the call. */
  begins(slot: number): boolean {
    return this.#change(content(this.#ticket, idle), content(this.#ticket, running, slot));
  }

  /** The attempt has ended; its slot may be lent again after this. */
  ends(slot: number, end: AttemptFate): void {
    const { running: to, cancelled: toCancelled } = statesAfter[end];
    if (this.#change(content(this.#ticket, running, slot), content(this.#ticket, to))) return;
    this.#change(content(this.#ticket, cancelled, slot), content(this.#ticket, toCancelled));
  }

  #change(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#cells, indexOf(this.#ticket), from, to) === from;
  }
}
