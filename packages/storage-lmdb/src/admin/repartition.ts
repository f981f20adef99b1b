/** A copy of a storage for another number of partitions. Which one a key belongs to only its tables know. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ErrorRegistry,
  importModule,
  loadDefinitions,
  mustBe,
  mustBeInteger,
  partitionsMax,
  storedPlacement,
  walkStoredPage,
} from '@troupe/core';
import { writeBackup } from '../backup.ts';
import { type DataEntry, dataKey, dataValue, readEntry } from '../checkpoint/data-entry.ts';
import { LmdbStore } from '../checkpoint/lmdb-store.ts';
import { readPages } from '../checkpoint/read-partition.ts';
import { checkStructure } from '../open-checkpoint.ts';
import { damaged } from '../storage-errors.ts';
import { checkpointName } from '../storage-folder.ts';
import { PartitionOverlay } from '../unfolded.ts';
import { readLogOf, type StoredContents, withContents } from './stored-contents.ts';

export interface Repartitioning {
  /** A storage that is not in use. It stays as it is. */
  readonly from: string;
  /** A folder that isn't there yet. */
  readonly to: string;
  /** Of the grid that is to use the copy: 1 to 65,536. */
  readonly partitionCount: number;
  /** URLs of the modules that the grid is started with: their tables tell where a key belongs. */
  readonly modules: readonly (URL | string)[];
}

/**
 * Makes a copy with everything that is stored, tables, states of actors and answers under idempotency keys, each where a
 * grid with `partitionCount` partitions looks for it. Returns the number of entries. Throws InvalidArgumentError,
 * MODULE_LOAD_FAILED, DEFINITION_CONFLICT, and StorageError.
 */
export async function repartitionStorage({
  from,
  to,
  partitionCount,
  modules,
}: Repartitioning): Promise<number> {
  mustBeInteger(partitionCount, 'partitionCount', 1, partitionsMax);
  mustBe(Array.isArray(modules) && modules.length > 0, 'modules', 'an array of URLs', modules);
  const sources = { modules: modules.map(String), definitions: [], tables: [] };
  const definitions = await loadDefinitions(sources, new ErrorRegistry(), (href) =>
    importModule(href, 'the main thread'),
  );
  return moveEntries({ from, to, partitionCount, partitionOf: storedPlacement(definitions, partitionCount) });
}

interface Move extends Omit<Repartitioning, 'modules'> {
  /**
   * `table`: as the grid calls it for its storage; `key`: its bytes there. Where two entries of one table and key meet in
   * a partition the newer one stays. Those are answers under idempotency keys, which several partitions hold; the one
   * of the key's home is the newest, for every call writes it there.
   */
  readonly partitionOf: (table: string, key: Uint8Array) => number;
}

export function moveEntries({ from, to, partitionCount, partitionOf }: Move): Promise<number> {
  return withContents(from, 'read', async (contents) => {
    const log = await readLogOf(contents);
    checkStructure(from, contents.store, contents.state.partitionCount);
    const { state } = contents;
    let entries = 0;
    const copy = async (file: string): Promise<void> => {
      const target = new LmdbStore(file, 'create');
      try {
        for (let partition = 0; partition < state.partitionCount; partition++) {
          entries += await movePartition(contents, partition, target, (table, key) => {
            const moved = partitionOf(table, key);
            const isOne = Number.isInteger(moved) && moved >= 0 && moved < partitionCount;
            mustBe(isOne, 'the result of partitionOf', `a partition below ${partitionCount}`, moved);
            return moved;
          });
        }
        await target.flushed();
      } finally {
        await target.close();
      }
    };
    await writeBackup(to, copy, {
      ...state,
      partitionCount,
      foldedSequence: log.lastSequence,
      lastTimestamp: Math.max(state.lastTimestamp, log.lastTimestamp),
    });
    return entries;
  });
}

async function movePartition(
  { path, store, unfolded, tableNames }: StoredContents,
  partition: number,
  target: LmdbStore,
  partitionOf: (table: string, key: Uint8Array) => number,
): Promise<number> {
  const overlay = new PartitionOverlay();
  const isKept = (table: number): boolean => tableNames.has(table);
  for (const part of unfolded.of(partition)) overlay.add(part, isKept);
  const named = ({ table, ...rest }: { partition: number; table: number; key: string }) => ({
    ...rest,
    table: tableNames.get(table) ?? `number ${table}`,
  });
  const pages = readPages(partition, overlay, {
    store,
    isKept,
    damaged: (place) =>
      damaged(path, "an entry's checksum is wrong", { file: checkpointName, ...named(place) }),
  });
  let count = 0;
  for (const page of pages) {
    walkStoredPage(page, {
      entry: (table, key, value, timestamp) => {
        if (value === undefined) return;
        const moved = partitionOf(tableNames.get(table) as string, key);
        putNewest(target, { partition: moved, table, key, timestamp, value });
        count++;
      },
    });
    await target.written();
    await nextTurn();
  }
  return count;
}

/** Entries that meet come of different partitions, so of different pages: the first is written when the second comes. */
function putNewest(target: LmdbStore, entry: DataEntry): void {
  const key = dataKey(entry.partition, entry.table, entry.key);
  for (const there of target.range({
    start: key,
    isExclusive: false,
    end: Buffer.concat([key, Buffer.alloc(1)]),
  })) {
    const read = readEntry(there.key, there.value);
    if (read.kind === 'sound' && read.entry.timestamp > entry.timestamp) return;
  }
  target.put(key, dataValue(key, entry));
}
