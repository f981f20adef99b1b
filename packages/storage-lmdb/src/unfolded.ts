/**
 * What the log holds and the checkpoint does not yet: views of the frames, by partition, in the order of the log. Pure.
 * `OverlayOf` brings the newest of each key to the top: what folding writes, and what reading puts over the checkpoint.
 */
import { walkStoredWrites } from '@troupe/core';
import { unfoldedPartOverheadBytes } from './limits.ts';
import type { FramePart } from './log/frame.ts';

interface UnfoldedPart extends FramePart {
  readonly sequence: number;
}

export class Unfolded {
  readonly #parts = new Map<number, UnfoldedPart[]>();
  #bytes = 0;

  /** Memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(sequence: number, part: FramePart): void {
    const parts = this.#parts.get(part.partition);
    const unfolded = { ...part, sequence };
    if (parts === undefined) this.#parts.set(part.partition, [unfolded]);
    else parts.push(unfolded);
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
      while (parts.at(-1)?.sequence === sequence) this.#bytes -= sizeOf(parts.pop() as UnfoldedPart);
      if (parts.length === 0) this.#parts.delete(partition);
    }
  }
}

function sizeOf(part: FramePart): number {
  return part.bytes.byteLength + unfoldedPartOverheadBytes;
}

function countUpTo(parts: readonly UnfoldedPart[], sequence: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((parts[middle] as UnfoldedPart).sequence <= sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface OverlayEntry {
  readonly timestamp: number;
  readonly key: Uint8Array;
  /** Undefined: removed. */
  readonly value: Uint8Array | undefined;
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

  /** Of all tables. Those of later parts that replace earlier ones count as well. */
  get walked(): number {
    return this.#entries;
  }

  /** `isKept`: tables that were dropped may still be in old frames. */
  add(part: FramePart, isKept: (table: number) => boolean): void {
    walkStoredWrites(part.bytes, {
      cleared: (table) => {
        if (!isKept(table)) return;
        const overlay = this.#of(table);
        overlay.isCleared = true;
        overlay.entries.clear();
      },
      entry: (table, key, value) => {
        this.#entries++;
        if (isKept(table))
          this.#of(table).entries.set(keyText(key), { timestamp: part.timestamp, key, value });
      },
    });
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
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
