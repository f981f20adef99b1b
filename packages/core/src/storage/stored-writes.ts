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
  const reader = new StoredReader(bytes);
  for (let count = reader.number(); count > 0; count--) {
    const table = reader.number();
    visitor.cleared?.(table);
  }
  while (reader.hasMore) walkEntry(reader, visitor, 0);
}

/** What `versioned` of a StoredWriter has made. Throws RangeError where the bytes are no such thing. */
export function walkStoredPage(bytes: Uint8Array, visitor: StoredVisitor): void {
  const reader = new StoredReader(bytes);
  while (reader.hasMore) walkEntry(reader, visitor, reader.timestamp());
}

function walkEntry(reader: StoredReader, visitor: StoredVisitor, timestamp: Timestamp): void {
  const table = reader.number();
  const key = reader.take(reader.number());
  const size = reader.number();
  visitor.entry(table, key, size === 0 ? undefined : reader.take(size - 1), timestamp);
}

class StoredReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.byteLength;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || factor > 2 ** 49) throw new RangeError('stored writes end in a number');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  timestamp(): Timestamp {
    const at = this.#bytes.byteOffset + this.#at;
    this.#at += 8;
    if (this.#at > this.#bytes.byteLength) throw new RangeError('a stored page ends in a timestamp');
    return new DataView(this.#bytes.buffer, at, 8).getFloat64(0, true);
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.byteLength) throw new RangeError('stored writes end in an entry');
    // No Buffer, as a `subarray` of one would be.
    const taken = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, length);
    this.#at = end;
    return taken;
  }
}
