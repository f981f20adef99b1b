/**
 * The open iterations of one member's partitions: a number the reader continues with, and the walk it stands for. A
 * cursor ends with its last page, or when the reader closes it or is lost. A scan that fits one page opens none. Bounded
 * for each partition.
 */

import { approximateBytes } from '../codec/value-bytes.ts';
import { OverloadedError } from '../errors/errors.ts';
import { cursorsMax, pageBytesMax, pageEntriesMax, pageWalkMax } from '../limits.ts';
import type { Peer } from '../mesh/peer.ts';
import type { Partition } from '../partition/partition.ts';
import type { VersionCursor } from '../partition/version-cursor.ts';
import { ScanPart } from './messages.ts';
import type { KeyFilter } from './scan-range.ts';

/** One iteration of one reader over one partition. */
export interface Scan {
  readonly partition: Partition;
  readonly peer: Peer;
  readonly part: ScanPart;
  readonly walk: VersionCursor;
  /** Which keys the reader wants; undefined: all. */
  readonly filter: KeyFilter | undefined;
}

export interface ScanLimits {
  readonly cursorsMax: number;
  readonly pageEntriesMax: number;
  readonly pageBytesMax: number;
  /** Entries looked at for one page, where a filter leaves some out. */
  readonly pageWalkMax: number;
}

export const scanLimits: ScanLimits = { cursorsMax, pageEntriesMax, pageBytesMax, pageWalkMax };

/** Items of one page, and whether there may be more. */
export interface ScanPage {
  readonly items: unknown[];
  readonly isLast: boolean;
}

export class ScanCursors {
  readonly #limits: ScanLimits;
  readonly #scans = new Map<number, Scan>();
  readonly #counts = new Map<Partition, number>();
  #lastCursor = 0;

  constructor(limits: ScanLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#scans.size;
  }

  /** Keeps a scan for its next page. Throws OverloadedError when the partition has too many. */
  open(scan: Scan): number {
    const count = this.#counts.get(scan.partition) ?? 0;
    if (count >= this.#limits.cursorsMax) throw tooManyCursors(scan.partition, count);
    this.#counts.set(scan.partition, count + 1);
    const cursor = ++this.#lastCursor;
    this.#scans.set(cursor, scan);
    return cursor;
  }

  /** The scan of a reader, if the cursor is one of his. */
  tryGet(cursor: number, peer: Peer): Scan | undefined {
    const scan = this.#scans.get(cursor);
    return scan?.peer === peer ? scan : undefined;
  }

  close(cursor: number): void {
    const scan = this.#scans.get(cursor);
    if (scan === undefined) return;
    this.#scans.delete(cursor);
    const rest = (this.#counts.get(scan.partition) ?? 0) - 1;
    if (rest > 0) this.#counts.set(scan.partition, rest);
    else this.#counts.delete(scan.partition);
  }

  closeAllOf(peer: Peer): void {
    for (const [cursor, scan] of this.#scans) if (scan.peer === peer) this.close(cursor);
  }

  /** Walks on for one page. */
  pageOf({ part, walk, filter }: Scan): ScanPage {
    const { pageEntriesMax: entriesMax, pageBytesMax: bytesMax, pageWalkMax: walkMax } = this.#limits;
    const items: unknown[] = [];
    let bytes = 0;
    let entries = 0;
    for (let walked = 0; walked < walkMax && entries < entriesMax && bytes < bytesMax; walked++) {
      if (!walk.advance()) return { items, isLast: true };
      if (filter !== undefined && !filter(walk.key)) continue;
      entries++;
      if (part !== ScanPart.values) items.push(walk.key);
      if (part !== ScanPart.keys) items.push(walk.value);
      bytes += approximateBytes(walk.key, bytesMax);
      if (part !== ScanPart.keys) bytes += approximateBytes(walk.value, bytesMax);
    }
    return { items, isLast: false };
  }
}

function tooManyCursors(partition: Partition, count: number): OverloadedError {
  return new OverloadedError(
    'QUEUE_FULL',
    `${count} iterations are open in partition ${partition.id}; finish or leave some before beginning more`,
    { details: { partition: partition.id, openIterations: count } },
  );
}
