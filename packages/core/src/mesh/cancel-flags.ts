/**
 * Calls that their caller has canceled, in memory that every thread sees. A message says the same, but code that keeps
 * its thread reads no messages, and a message of the protocol lane may overtake the very call it is about.
 *
 * A ring of words in the caller's memory, written by the caller only: the low bits of a request's number choose the
 * word, the word holds the rest. So a call costs nothing until it is canceled, and no word has to be given back. A
 * word is lost when another canceled call needs its place, `cancelFlagSlots` requests later at the earliest; then
 * only the message is left.
 */

/** More remember more canceled calls while they are under way; four bytes each, for each member. */
const cancelFlagSlots = 65_536;

/** Bytes of memory that the flags of one member need. */
export const cancelFlagsBytes = cancelFlagSlots * 4;

export class CancelFlags {
  readonly #words: Int32Array;

  /** A view of one member incarnation's flags. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, cancelFlagSlots);
  }

  /** Only the member that made the request does this. */
  raise(requestId: number): void {
    Atomics.store(this.#words, requestId % cancelFlagSlots, roundOf(requestId));
  }

  isRaised(requestId: number): boolean {
    return Atomics.load(this.#words, requestId % cancelFlagSlots) === roundOf(requestId);
  }
}

/** How often the numbers have gone round the ring, from 1: 0 is a word that was never written. */
function roundOf(requestId: number): number {
  return ((requestId / cancelFlagSlots) | 0) + 1;
}
