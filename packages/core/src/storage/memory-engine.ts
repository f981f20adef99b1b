/**
 * An engine that keeps everything in the memory of the storage thread: each partition's newest records, encoded. It
 * survives the death of every host, as that thread runs no user code, and nothing else: what `backups: 1` means where
 * there is no disk (docs/decisions/0035).
 */
import { memoryPageBytesMax } from '../limits.ts';
import type { PartitionId, Timestamp } from '../mesh/shared-state.ts';
import type { Storage, StorageEngine, StorageShape, StoredCommit } from './storage-engine.ts';
import { type StoredVisitor, StoredWriter, walkStoredWrites } from './stored-writes.ts';

/** The engine as the option `storage` takes it. */
export function memoryStorage(): Storage {
  const file = import.meta.url.endsWith('.ts') ? './memory-engine.ts' : './memory-engine.js';
  return {
    kind: 'storage',
    name: 'memory',
    module: new URL(file, import.meta.url).href,
    options: undefined,
  };
}

export function openStorage(_options: unknown, shape: StorageShape): Promise<StorageEngine> {
  return Promise.resolve(new MemoryEngine(shape));
}

interface StoredEntry {
  readonly timestamp: Timestamp;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** By number of the table, then by the bytes of the key as text. */
type PartitionEntries = Map<number, Map<string, StoredEntry>>;

export class MemoryEngine implements StorageEngine {
  readonly startEpoch = undefined;
  readonly tableNumbers: readonly number[];
  readonly #partitions = new Map<PartitionId, PartitionEntries>();
  #lastTimestamp: Timestamp = 0;

  constructor({ tables }: StorageShape) {
    this.tableNumbers = tables.map((_, position) => position);
  }

  get lastTimestamp(): Timestamp {
    return this.#lastTimestamp;
  }

  raiseStartEpoch(): Promise<void> {
    return Promise.resolve();
  }

  append(commits: readonly StoredCommit[]): Promise<void> {
    for (const { timestamp, parts } of commits) {
      this.#lastTimestamp = Math.max(this.#lastTimestamp, timestamp);
      for (let i = 0; i < parts.length; i += 4) {
        const writes = parts[i + 2] as Uint8Array | undefined;
        if (writes !== undefined) this.#keep(parts[i] as PartitionId, timestamp, writes);
      }
    }
    return Promise.resolve();
  }

  *readPartition(partition: PartitionId): Generator<Uint8Array> {
    const page = new StoredWriter();
    for (const [table, entries] of this.#partitions.get(partition) ?? []) {
      for (const { timestamp, key, value } of entries.values()) {
        page.versioned(timestamp, table, key, value);
        if (page.length >= memoryPageBytesMax) yield page.take();
      }
    }
    if (page.length > 0) yield page.take();
  }

  backup(): Promise<void> {
    return Promise.reject(new Error('there is nothing on disk'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #keep(partition: PartitionId, timestamp: Timestamp, writes: Uint8Array): void {
    const entries = this.#partitions.get(partition) ?? new Map<number, Map<string, StoredEntry>>();
    this.#partitions.set(partition, entries);
    const visitor: StoredVisitor = {
      cleared: (table) => entries.delete(table),
      entry(table, key, value) {
        const rows = entries.get(table) ?? new Map<string, StoredEntry>();
        entries.set(table, rows);
        const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
        // The bytes are views of a whole frame: copied, so that none is kept alive by one entry.
        if (value === undefined) rows.delete(name);
        else rows.set(name, { timestamp, key: key.slice(), value: value.slice() });
      },
    };
    walkStoredWrites(writes, visitor);
  }
}
