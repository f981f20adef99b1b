/**
 * A running digest of what happened in a simulated run. Two runs of one seed must end with equal
 * digests; when they don't, something reads the real clock, real randomness or shared state.
 *
 * Two 32-bit lanes of multiply-and-xor in the manner of FNV-1a (Fowler, Noll, Vo). It tells runs
 * apart; it doesn't protect against anybody.
 */

/** Folds labels and bytes into one short hash, in order. */
export class TraceDigest {
  #first = 0x811c9dc5;
  #second = 0x6a09e667;
  readonly #number = new DataView(new ArrayBuffer(8));

  /** Folds a text; its length counts, so `'ab', 'c'` differs from `'a', 'bc'`. */
  foldText(text: string): void {
    this.#foldWord(text.length);
    for (let index = 0; index < text.length; index++) this.#foldWord(text.charCodeAt(index));
  }

  /** Folds a number with all of its bits. */
  foldNumber(value: number): void {
    this.#number.setFloat64(0, value);
    this.#foldWord(this.#number.getInt32(0));
    this.#foldWord(this.#number.getInt32(4));
  }

  /** Folds bytes; their count counts. */
  foldBytes(bytes: Uint8Array): void {
    this.#foldWord(bytes.length);
    for (const byte of bytes) this.#foldWord(byte);
  }

  /** The digest so far, 16 hexadecimal digits. */
  get hash(): string {
    return hex(this.#first) + hex(this.#second);
  }

  #foldWord(word: number): void {
    const first = Math.imul(this.#first ^ word, 0x01000193);
    this.#first = first ^ (first >>> 15);
    const second = Math.imul(this.#second ^ word, 0x85ebca6b);
    this.#second = second ^ (second >>> 13);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
