/** What a storage holds, and whether all of it can be read. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StorageError } from '@troupe/core';
import { checkPartition, countMissing, isOverlaid } from '../checkpoint/read-partition.ts';
import { storageVersion } from '../storage-folder.ts';
import { PartitionOverlay } from '../unfolded.ts';
import { readLogOf, type StoredContents, withContents } from './stored-contents.ts';

export interface StorageReport {
  readonly path: string;
  readonly version: number;
  readonly partitionCount: number;
  /** In the order of their numbers. `bytes`: of keys and values. */
  readonly tables: readonly { readonly name: string; readonly entries: number; readonly bytes: number }[];
  /** Entries of each partition. */
  readonly partitions: readonly number[];
  /** Of the process that used it last. */
  readonly startEpoch: number | undefined;
  /** Up to here the checkpoint goes. */
  readonly foldedSequence: number;
  /** Of the last frame of the log. */
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  readonly segments: number;
  /** What can't be read: a sentence each. Empty: the storage is sound. */
  readonly damages: readonly string[];
}

/**
 * Reads every record and changes nothing. The storage must not be in use. Throws StorageError where there is nothing to
 * report on: not a storage, in use, a newer format, a checkpoint that can't be opened.
 */
export function inspectStorage(path: string): Promise<StorageReport> {
  return withContents(path, 'read', (contents) => new Inspection(contents).run());
}

class Inspection {
  readonly #contents: StoredContents;
  readonly #damages: string[] = [];
  readonly #tables = new Map<number, { entries: number; bytes: number }>();

  constructor(contents: StoredContents) {
    this.#contents = contents;
    for (const number of contents.tableNames.keys()) this.#tables.set(number, { entries: 0, bytes: 0 });
  }

  async run(): Promise<StorageReport> {
    const { path, state, tableNames } = this.#contents;
    const log = await readLogOf(this.#contents).catch((error: unknown) => {
      if (!(error instanceof StorageError) || error.code !== 'STORAGE_DAMAGED') throw error;
      this.#damages.push(error.message);
      return undefined;
    });
    const missing = countMissing(this.#contents.store, state.partitionCount);
    if (missing !== 0) this.#damages.push(`checkpoint.mdb: ${missing} of its entries can't be reached`);
    const partitions: number[] = [];
    for (let partition = 0; partition < state.partitionCount; partition++) {
      partitions.push(await this.#inspect(partition));
    }
    const tables = [...tableNames].sort(([a], [b]) => a - b);
    return {
      path,
      version: storageVersion,
      partitionCount: state.partitionCount,
      tables: tables.map(([number, name]) => ({ name, ...this.#countsOf(number) })),
      partitions,
      startEpoch: state.startEpoch,
      foldedSequence: state.foldedSequence,
      lastSequence: log?.lastSequence ?? state.flushedSequence,
      lastTimestamp: Math.max(state.lastTimestamp, log?.lastTimestamp ?? 0),
      segments: log?.segments.length ?? 0,
      damages: this.#damages,
    };
  }

  async #inspect(partition: number): Promise<number> {
    const { store, unfolded, tableNames } = this.#contents;
    const overlay = new PartitionOverlay();
    for (const part of unfolded.of(partition)) overlay.add(part, (table) => tableNames.has(table));
    let entries = 0;
    const count = (table: number, key: Uint8Array, value: Uint8Array): void => {
      const counts = this.#countsOf(table);
      counts.entries++;
      counts.bytes += key.byteLength + value.byteLength;
      entries++;
    };
    const pages = checkPartition(store, partition, (read) => {
      if (read.kind === 'damaged') {
        const { table, key } = read.place;
        const name = tableNames.get(table) ?? `number ${table}`;
        this.#damages.push(
          `partition ${partition}, table ${name}: the entry of key ${key} has a wrong checksum`,
        );
      } else if (tableNames.has(read.entry.table) && !isOverlaid(overlay, read.entry.table, read.entry.key)) {
        count(read.entry.table, read.entry.key, read.entry.value);
      }
    });
    try {
      for (const _ of pages) await nextTurn();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#damages.push(`partition ${partition}: LMDB can't read it: ${message}`);
    }
    for (const [table, changes] of overlay.tables) {
      for (const { key, value } of changes.entries.values())
        if (value !== undefined) count(table, key, value);
    }
    return entries;
  }

  #countsOf(table: number): { entries: number; bytes: number } {
    return this.#tables.get(table) ?? { entries: 0, bytes: 0 };
  }
}
