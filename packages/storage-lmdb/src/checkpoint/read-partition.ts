/**
 * A partition as pages: its entries in the checkpoint, and over them what the log holds that is not folded yet.
 *
 * The overlay is taken when reading begins. Nothing more is appended for this partition until it has been read, but
 * folding goes on between pages. That changes nothing: a fold writes and removes only keys that the overlay names or
 * whose table it clears, and for those the overlay decides here, whatever the checkpoint says by then. All other entries
 * stay as they are, so a page can go on behind the last key of the one before.
 */
import { StoredWriter } from '@troupe/core';
import { pageBytesTarget, pageWalkMax } from '../limits.ts';
import { keyText, type PartitionOverlay } from '../unfolded.ts';
import { type DamagedEntry, endOf, readEntry, startOf } from './data-entry.ts';
import type { OrderedStore } from './ordered-store.ts';

export interface PartitionReadPorts {
  readonly store: OrderedStore;
  /** What to throw. */
  readonly damaged: (place: DamagedEntry) => Error;
  readonly isKept: (table: number) => boolean;
  readonly pageBytes?: number;
}

export function* readPages(
  partition: number,
  overlay: PartitionOverlay,
  ports: PartitionReadPorts,
): Generator<Uint8Array, void, undefined> {
  const pageBytes = ports.pageBytes ?? pageBytesTarget;
  const writer = new StoredWriter();
  const end = endOf(partition);
  for (let after: Uint8Array | undefined, isMore = true; isMore; ) {
    isMore = false;
    let walked = 0;
    for (const { key, value } of ports.store.range({
      start: after ?? startOf(partition),
      isExclusive: after !== undefined,
      end,
    })) {
      const read = readEntry(key, value);
      if (read.kind === 'damaged') throw ports.damaged(read.place);
      const { entry } = read;
      if (ports.isKept(entry.table) && !isOverlaid(overlay, entry.table, entry.key)) {
        writer.versioned(entry.timestamp, entry.table, entry.key, entry.value);
      }
      after = key;
      isMore = writer.length >= pageBytes || ++walked >= pageWalkMax;
      if (isMore) break;
    }
    if (writer.length > 0 || isMore) yield writer.take();
  }
  yield* overlayPages(overlay, writer, pageBytes);
}

export function isOverlaid(overlay: PartitionOverlay, table: number, key: Uint8Array): boolean {
  const changes = overlay.tables.get(table);
  return changes !== undefined && (changes.isCleared || changes.entries.has(keyText(key)));
}

function* overlayPages(
  overlay: PartitionOverlay,
  writer: StoredWriter,
  pageBytes: number,
): Generator<Uint8Array, void, undefined> {
  for (const [table, { entries }] of overlay.tables) {
    for (const { timestamp, key, value } of entries.values()) {
      if (value === undefined) continue;
      writer.versioned(timestamp, table, key, value);
      if (writer.length >= pageBytes) yield writer.take();
    }
  }
  if (writer.length > 0) yield writer.take();
}

/**
 * Entries have checksums, the pages of LMDB that lead to them don't: a damaged one may hide entries. Then fewer are found
 * than LMDB has counted. Returns how many are missing, which is negative where some are found twice.
 */
export function countMissing(store: OrderedStore, partitionCount: number): number {
  let found = 0;
  for (let partition = 0; partition < partitionCount; partition++) {
    found += store.countIn({ start: startOf(partition), isExclusive: false, end: endOf(partition) });
  }
  return store.count() - found;
}

/** Hands each entry of the checkpoint of a partition to `visit`, damaged ones too; gives way after each page. */
export function* checkPartition(
  store: OrderedStore,
  partition: number,
  visit: (entry: ReturnType<typeof readEntry>, key: Uint8Array) => void,
): Generator<undefined, void, undefined> {
  const end = endOf(partition);
  for (let after: Uint8Array | undefined, isMore = true; isMore; ) {
    let bytes = 0;
    isMore = false;
    const start = after ?? startOf(partition);
    for (const { key, value } of store.range({ start, isExclusive: after !== undefined, end })) {
      visit(readEntry(key, value), key);
      after = key;
      bytes += key.byteLength + value.byteLength;
      isMore = bytes >= pageBytesTarget;
      if (isMore) break;
    }
    yield;
  }
}
