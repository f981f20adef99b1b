/**
 * Operations at a snapshot: they read the past, take no locks and change nothing. A write is refused with READ_ONLY and
 * leaves the snapshot usable. Whoever acquired the snapshot releases it.
 */
import { ReadOnlyError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';
import { pageEntriesMax } from '../limits.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import { type OneKeyOp, type ScanPart, TableOp } from './messages.ts';
import { isWrite } from './operation.ts';
import { keyBytes, type OwnerCalls } from './owner-calls.ts';
import { scanPartitions } from './partition-scan.ts';
import { sumOfSizes } from './plain-executor.ts';
import type { ScanRange } from './scan-range.ts';
import type { Snapshot } from './snapshots.ts';
import type { PlacedKey, TableExecutor, TableHandle } from './table-executor.ts';

/** The keys of one partition and where their values belong in the answer. */
interface KeysOfPartition {
  readonly keys: StorageKey[];
  readonly positions: number[];
}

export class SnapshotExecutor implements TableExecutor {
  readonly #calls: OwnerCalls;
  readonly #snapshot: Snapshot;

  constructor(calls: OwnerCalls, snapshot: Snapshot) {
    this.#calls = calls;
    this.#snapshot = snapshot;
  }

  async one(
    op: OneKeyOp,
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    _args: readonly unknown[],
    _bytes: number,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    if (isWrite(op)) throw readOnly(table);
    const [value] = await this.#read(table, partition, [key], options);
    return op === TableOp.has ? value !== undefined : value;
  }

  async getMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<unknown[]> {
    const values: unknown[] = Array.from({ length: keys.length });
    const reads = [...byPartition(keys)].map(async ([partition, { keys: own, positions }]) => {
      for (let next = 0; next < own.length; ) {
        const page = await this.#read(table, partition, own.slice(next, next + pageEntriesMax), options);
        for (const value of page) values[positions[next++] as number] = value;
      }
    });
    await Promise.all(reads);
    return values;
  }

  setMany(table: TableHandle): Promise<void> {
    return Promise.reject(readOnly(table));
  }

  insertMany(table: TableHandle): Promise<number[]> {
    return Promise.reject(readOnly(table));
  }

  update(table: TableHandle): Promise<unknown> {
    return Promise.reject(readOnly(table));
  }

  deleteMany(table: TableHandle): Promise<number> {
    return Promise.reject(readOnly(table));
  }

  clear(table: TableHandle): Promise<void> {
    return Promise.reject(readOnly(table));
  }

  async size(table: TableHandle, options: CallOptions | undefined, range?: ScanRange): Promise<number> {
    this.#snapshot.mustBeReadable();
    return sumOfSizes(this.#calls, table.id, this.#snapshot.timestamp, options, range);
  }

  async *scan(
    table: TableHandle,
    part: ScanPart,
    options: CallOptions | undefined,
    range?: ScanRange,
  ): AsyncGenerator<readonly unknown[], void, undefined> {
    this.#snapshot.mustBeReadable();
    const { timestamp } = this.#snapshot;
    yield* scanPartitions({ calls: this.#calls, table: table.id, part, snapshot: timestamp, options, range });
  }

  /** The values of the first of these keys, at least of one. */
  async #read(
    table: TableHandle,
    partition: PartitionId,
    keys: readonly StorageKey[],
    options: CallOptions | undefined,
  ): Promise<unknown[]> {
    this.#snapshot.mustBeReadable();
    const message = [TableOp.read, 0, partition, 0, table.id, this.#snapshot.timestamp, keys];
    const bytes = keys.reduce<number>((sum, key) => sum + keyBytes(key), 0);
    return (await this.#calls.request(message, bytes, options)) as unknown[];
  }
}

function byPartition(keys: readonly PlacedKey[]): Map<PartitionId, KeysOfPartition> {
  const groups = new Map<PartitionId, KeysOfPartition>();
  for (const [position, { key, partition }] of keys.entries()) {
    const group = groups.get(partition);
    if (group === undefined) groups.set(partition, { keys: [key], positions: [position] });
    else {
      group.keys.push(key);
      group.positions.push(position);
    }
  }
  return groups;
}

function readOnly(table: TableHandle): ReadOnlyError {
  return new ReadOnlyError(`table '${table.definition.name}' can't be changed in a read-only transaction`, {
    details: { table: table.definition.name },
  });
}
