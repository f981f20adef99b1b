/**
 * What the log holds and the checkpoint does not yet: parts of the frames, by partition, in the order of the log. Pure.
 * `PartitionOverlay` brings the newest of each key to the top: what folding writes, and what reading puts over the checkpoint.
 */
import { StoredCursor } from '@troupe/core';
import { asBuffer } from './bytes.ts';
import { unfoldedPartOverheadBytes } from './limits.ts';
import type { FramePart } from './log/frame.ts';

export class Unfolded {
  readonly #parts = new Map<number, FramePart[]>();
  #bytes = 0;

  /** Memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** In the order of the log. */
  add(part: FramePart): void {
    const parts = this.#parts.get(part.partition);
    if (parts === undefined) this.#parts.set(part.partition, [part]);
    else parts.push(part);
    this.#bytes += sizeOf(part);
  }

  partitions(): number[] {
    return [...this.#parts.keys()].sort((a, b) => a - b);
  }

  /** In the order of the log, up to a sequence. */
  of(partition: number, lastSequence = Number.POSITIVE_INFINITY): FramePart[] {
    const parts = this.#parts.get(partition) ?? [];
    return parts.slice(0, countUpTo(parts, lastSequence));
  }

  /** These are in the checkpoint. */
  forgetUpTo(sequence: number): void {
    for (const [partition, parts] of this.#parts) {
      const removed = parts.splice(0, countUpTo(parts, sequence));
      for (const part of removed) this.#bytes -= sizeOf(part);
      if (parts.length === 0) this.#parts.delete(partition);
    }
  }

  /** The frame was refused: the last one, so its parts are at the ends. */
  takeBack(sequence: number): void {
    for (const [partition, parts] of this.#parts) {
      while (parts.at(-1)?.sequence === sequence) this.#bytes -= sizeOf(parts.pop() as FramePart);
      if (parts.length === 0) this.#parts.delete(partition);
    }
  }
}

function sizeOf(part: FramePart): number {
  return part.length + unfoldedPartOverheadBytes;
}

function countUpTo(parts: readonly FramePart[], sequence: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((parts[middle] as FramePart).sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The newest version of an entry, where it lies in the bytes of a frame. */
export class OverlayEntry {
  readonly timestamp: number;
  readonly bytes: Buffer;
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly isRemoved: boolean;
  readonly valueFrom: number;
  readonly valueTo: number;

  constructor(timestamp: number, bytes: Buffer, cursor: StoredCursor) {
    this.timestamp = timestamp;
    this.bytes = bytes;
    this.keyFrom = cursor.keyFrom;
    this.keyTo = cursor.keyTo;
    this.isRemoved = cursor.isRemoved;
    this.valueFrom = cursor.valueFrom;
    this.valueTo = cursor.valueTo;
  }

  get key(): Uint8Array {
    return this.bytes.subarray(this.keyFrom, this.keyTo);
  }

  /** Undefined: removed. */
  get value(): Uint8Array | undefined {
    return this.isRemoved ? undefined : this.bytes.subarray(this.valueFrom, this.valueTo);
  }
}

export interface TableOverlay {
  /** What the checkpoint holds of this table is gone. */
  isCleared: boolean;
  /** By the bytes of the key, each as one character: so they compare and sort as the bytes do. */
  readonly entries: Map<string, OverlayEntry>;
}

/** The sum of parts of one partition: for each table what they leave. */
export class PartitionOverlay {
  readonly tables = new Map<number, TableOverlay>();
  #entries = 0;
  #lastTable = -1;
  #lastEntries: Map<string, OverlayEntry> | undefined;

  /** Of all tables. Those of later parts that replace earlier ones count as well. */
  get walked(): number {
    return this.#entries;
  }

  /** `isKept`: tables that were dropped may still be in old frames. */
  add({ timestamp, bytes, from, to }: FramePart, isKept: (table: number) => boolean): void {
    const cursor = new StoredCursor(bytes, from, to);
    for (let count = cursor.number(); count > 0; count--) this.#clear(cursor.number(), isKept);
    while (cursor.hasMore) {
      cursor.next();
      this.#entries++;
      const entries = this.#entriesOf(cursor.table, isKept);
      if (entries === undefined) continue;
      const text = bytes.toString('latin1', cursor.keyFrom, cursor.keyTo);
      entries.set(text, new OverlayEntry(timestamp, bytes, cursor));
    }
  }

  #clear(table: number, isKept: (table: number) => boolean): void {
    if (!isKept(table)) return;
    const overlay = this.#of(table);
    overlay.isCleared = true;
    overlay.entries.clear();
  }

  /** Undefined for a table that isn't kept. Most entries are of the table of the one before. */
  #entriesOf(table: number, isKept: (table: number) => boolean): Map<string, OverlayEntry> | undefined {
    if (table === this.#lastTable) return this.#lastEntries;
    this.#lastTable = table;
    this.#lastEntries = isKept(table) ? this.#of(table).entries : undefined;
    return this.#lastEntries;
  }

  #of(table: number): TableOverlay {
    let overlay = this.tables.get(table);
    if (overlay === undefined) {
      overlay = { isCleared: false, entries: new Map() };
      this.tables.set(table, overlay);
    }
    return overlay;
  }
}

export function keyText(key: Uint8Array): string {
  return asBuffer(key).toString('latin1');
}
