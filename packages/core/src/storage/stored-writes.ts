/**
 * The bytes in which writes are kept: what one commit changes in one partition, and the pages in which a partition is
 * read back. Whoever keeps them finds tables and keys in them without knowing what a value is.
 *
 *     writes  = count of cleared tables, their numbers, then entries until the end
 *     page    = entries until the end, each preceded by its timestamp (float64, little endian)
 *     entry   = table, length of key, key, length of value + 1 (0: removed), value
 *
 * Numbers are unsigned LEB128. A table is cleared before the entries of the same commit are written.
 */
import type { Timestamp } from '../mesh/shared-state.ts';

/** Builds writes or pages; grows, and is reused after `take`. */
export class StoredWriter {
  #bytes = new Uint8Array(writerBytesFirst);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Begins writes. `cleared`: the tables to empty first. */
  begin(cleared: readonly number[]): void {
    this.#length = 0;
    this.#number(cleared.length);
    for (const table of cleared) this.#number(table);
  }

  /** `value` undefined: the key is removed. */
  entry(table: number, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#number(table);
    this.#number(key.byteLength);
    this.#append(key);
    this.#number(value === undefined ? 0 : value.byteLength + 1);
    if (value !== undefined) this.#append(value);
  }

  /** An entry of a page. */
  versioned(timestamp: Timestamp, table: number, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, timestamp, true);
    this.#length += 8;
    this.entry(table, key, value);
  }

  /** What was built; begins anew. A Buffer, because msgpackr carries those several times faster than other binaries. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.#length);
    taken.set(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    if (this.#bytes.byteLength > writerBytesKept) this.#room(writerBytesFirst);
    return taken;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  #number(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.byteLength) return;
    const bytes = this.#bytes;
    this.#room(Math.max(2 * bytes.byteLength, this.#length + count));
    this.#bytes.set(bytes.subarray(0, this.#length));
  }

  #room(bytes: number): void {
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }
}

const writerBytesFirst = 1024;
/** A writer that once had a large value gives its room back. */
const writerBytesKept = 64 * 1024;

/** Is handed views of the bytes that are walked, never Buffers, so `slice` copies; copies what it keeps. */
export interface StoredVisitor {
  cleared?(table: number): void;
  /** `timestamp`: of the entries of a page; 0 in writes. */
  entry(table: number, key: Uint8Array, value: Uint8Array | undefined, timestamp: Timestamp): void;
}

/** What `begin` and `entry` of a StoredWriter have made. Throws RangeError where the bytes are no such thing. */
export function walkStoredWrites(bytes: Uint8Array, visitor: StoredVisitor): void {
  const cursor = new StoredCursor(bytes, 0, bytes.byteLength);
  for (let count = cursor.number(); count > 0; count--) {
    const table = cursor.number();
    visitor.cleared?.(table);
  }
  while (cursor.hasMore) visitEntry(bytes, cursor, visitor, 0);
}

/** What `versioned` of a StoredWriter has made. Throws RangeError where the bytes are no such thing. */
export function walkStoredPage(bytes: Uint8Array, visitor: StoredVisitor): void {
  const cursor = new StoredCursor(bytes, 0, bytes.byteLength);
  while (cursor.hasMore) visitEntry(bytes, cursor, visitor, cursor.timestamp());
}

function visitEntry(
  bytes: Uint8Array,
  cursor: StoredCursor,
  visitor: StoredVisitor,
  timestamp: Timestamp,
): void {
  cursor.next();
  const { table, keyFrom, keyTo, isRemoved, valueFrom, valueTo } = cursor;
  const value = isRemoved ? undefined : viewOf(bytes, valueFrom, valueTo);
  visitor.entry(table, viewOf(bytes, keyFrom, keyTo), value, timestamp);
}

/** No Buffer, as a `subarray` of one would be. */
function viewOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
}

/** Walks through stored bytes and says where the parts of each entry lie, without a view of any. */
export class StoredCursor {
  /** Of the entry that `next` went to. Positions are those of `bytes`. */
  table = 0;
  keyFrom = 0;
  keyTo = 0;
  isRemoved = false;
  valueFrom = 0;
  valueTo = 0;
  readonly #bytes: Uint8Array;
  readonly #to: number;
  #at: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  get hasMore(): boolean {
    return this.#at < this.#to;
  }

  /** Goes to the next entry. */
  next(): void {
    this.table = this.number();
    const keyLength = this.number();
    this.keyFrom = this.#at;
    this.keyTo = this.#pass(keyLength);
    const size = this.number();
    this.isRemoved = size === 0;
    this.valueFrom = this.#at;
    this.valueTo = this.isRemoved ? this.#at : this.#pass(size - 1);
  }

  number(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let factor = 0x80; ; factor *= 0x80) {
      if (factor > 2 ** 49) throw new RangeError('stored writes end in a number');
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  timestamp(): Timestamp {
    const from = this.#at;
    if (from + 8 > this.#to) throw new RangeError('a stored page ends in a timestamp');
    this.#at += 8;
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + from, 8).getFloat64(0, true);
  }

  #byte(): number {
    if (this.#at >= this.#to) throw new RangeError('stored writes end in a number');
    return this.#bytes[this.#at++] as number;
  }

  #pass(length: number): number {
    if (this.#at + length > this.#to) throw new RangeError('stored writes end in an entry');
    this.#at += length;
    return this.#at;
  }
}
