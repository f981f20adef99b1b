/**
 * Operations outside a transaction. An operation on one key is one request to the owner of the key, which runs it in
 * one turn once the key is free. Iterations read a snapshot that lives as long as they do. Operations on many keys
 * are atomic through the port handed in, or key by key without one.
 */
import { giveAway } from '../codec/attachment.ts';
import { SnapshotTooOldError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';
import { attachmentBytesMin, snapshotTriesMax } from '../limits.ts';
import type { Message } from '../link/outbox.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId, Timestamp } from '../mesh/shared-state.ts';
import { KeywiseOperations } from './keywise-operations.ts';
import { type OneKeyOp, type ScanPart, TableOp } from './messages.ts';
import { keyBytes, type OwnerCalls } from './owner-calls.ts';
import { scanPartitions } from './partition-scan.ts';
import { partitionsOf, type ScanRange, toWireRange } from './scan-range.ts';
import type { Snapshots } from './snapshots.ts';
import type {
  AtomicOperations,
  InsertMode,
  PlacedKey,
  TableExecutor,
  TableHandle,
  ValueChange,
} from './table-executor.ts';

export class PlainExecutor implements TableExecutor {
  readonly isPlain = true;
  readonly #calls: OwnerCalls;
  readonly #snapshots: Snapshots;
  readonly #atomic: AtomicOperations;

  constructor(calls: OwnerCalls, snapshots: Snapshots, atomic?: AtomicOperations) {
    this.#calls = calls;
    this.#snapshots = snapshots;
    this.#atomic = atomic ?? new KeywiseOperations(this, calls.placement);
  }

  one(
    op: OneKeyOp,
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    args: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    if (bytes >= attachmentBytesMin && !this.#calls.isOwn(partition)) giveAway(args, bytes);
    const message: Message = [op, 0, partition, 0, table.id, key];
    for (let i = 0; i < args.length; i++) message.push(args[i]);
    return this.#calls.request(message, bytes + keyBytes(key), options);
  }

  getMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<unknown[]> {
    return this.#atomic.getMany(table, keys, options);
  }

  setMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<void> {
    return this.#atomic.setMany(table, keys, values, bytes, options);
  }

  insertMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    mode: InsertMode,
    options: CallOptions | undefined,
  ): Promise<number[]> {
    return this.#atomic.insertMany(table, keys, values, bytes, mode, options);
  }

  update(
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    change: ValueChange,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    return this.#atomic.update(table, key, partition, change, options);
  }

  deleteMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<number> {
    return this.#atomic.deleteMany(table, keys, options);
  }

  clear(table: TableHandle, options: CallOptions | undefined): Promise<void> {
    return this.#atomic.clear(table, options);
  }

  async size(table: TableHandle, options: CallOptions | undefined, range?: ScanRange): Promise<number> {
    for (let tries = 1; ; tries++) {
      const snapshot = this.#snapshots.acquire();
      try {
        return await sumOfSizes(this.#calls, table.id, snapshot.timestamp, options, range);
      } catch (error) {
        if (!mayBeginAgain(error, tries)) throw error;
      } finally {
        snapshot.release();
      }
    }
  }

  async *scan(
    table: TableHandle,
    part: ScanPart,
    options: CallOptions | undefined,
    range?: ScanRange,
  ): AsyncGenerator<readonly unknown[], void, undefined> {
    let isShown = false;
    for (let tries = 1; ; tries++) {
      const snapshot = this.#snapshots.acquire();
      try {
        const { timestamp } = snapshot;
        const source = { calls: this.#calls, table: table.id, part, snapshot: timestamp, options, range };
        for await (const page of scanPartitions(source)) {
          isShown = true;
          yield page;
        }
        return;
      } catch (error) {
        if (isShown || !mayBeginAgain(error, tries)) throw error;
      } finally {
        snapshot.release();
      }
    }
  }
}

/**
 * A partition that was being created anew when the snapshot was drawn doesn't have it. Nobody has seen anything of the
 * snapshot, so a later one is as good.
 */
function mayBeginAgain(error: unknown, tries: number): boolean {
  return error instanceof SnapshotTooOldError && tries < snapshotTriesMax;
}

/** The entries of a table, or of a range of it, in all partitions at one snapshot. */
export async function sumOfSizes(
  calls: OwnerCalls,
  table: number,
  snapshot: Timestamp,
  options: CallOptions | undefined,
  range?: ScanRange,
): Promise<number> {
  const sizes = partitionsOf(range, calls.placement.partitionCount).map((partition) => {
    const message: Message = [TableOp.size, 0, partition, 0, table, snapshot];
    if (range !== undefined) message.push(toWireRange(range));
    return calls.request(message, 0, options);
  });
  let sum = 0;
  for (const size of await Promise.all(sizes)) sum += size as number;
  return sum;
}
