/**
 * Operations outside a transaction that are one of their own. Reads are one snapshot; writes are a transaction without
 * a body, which locks, votes and commits in one round. `update` has a body: what its function calls joins.
 */
import type {
  AtomicOperations,
  CallOptions,
  InsertMode,
  MemberTables,
  PartitionId,
  PlacedKey,
  StorageKey,
  TableHandle,
  ValueChange,
} from '@troupe/core';
import { SnapshotExecutor, SnapshotTooOldError } from '@troupe/core';
import type { LockingBody } from '../attempt/transaction-body.ts';
import type { Closures } from './closures.ts';

/** Each further try is for another host that was started again meanwhile. */
const readTriesMax = 8;

export class TransactionalOperations implements AtomicOperations {
  readonly #closures: Closures;
  readonly #tables: MemberTables;

  constructor(closures: Closures, tables: MemberTables) {
    this.#closures = closures;
    this.#tables = tables;
  }

  async getMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<unknown[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#readAtOnce(table, keys, options);
      } catch (error) {
        // A partition was created anew since the snapshot was taken; one taken now can be read there.
        if (!(error instanceof SnapshotTooOldError) || tries === readTriesMax) throw error;
      }
    }
  }

  async #readAtOnce(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<unknown[]> {
    const snapshot = this.#tables.snapshots.acquire();
    try {
      return await new SnapshotExecutor(this.#tables.calls, snapshot).getMany(table, keys, options);
    } finally {
      snapshot.release();
    }
  }

  setMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    _bytes: number,
    options: CallOptions | undefined,
  ): Promise<void> {
    return this.#run((tx) => tx.executor.setMany(table, keys, values), options);
  }

  insertMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    mode: InsertMode,
    options: CallOptions | undefined,
  ): Promise<number[]> {
    return this.#run((tx) => tx.executor.insertMany(table, keys, values, bytes, mode), options);
  }

  update(
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    change: ValueChange,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const body: LockingBody<unknown> = (tx) => tx.executor.update(table, key, partition, change);
    return this.#closures.prepare(body, options ?? {}).start();
  }

  deleteMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<number> {
    return this.#run((tx) => tx.executor.deleteMany(table, keys), options);
  }

  clear(table: TableHandle, options: CallOptions | undefined): Promise<void> {
    return this.#run((tx) => tx.executor.clear(table), options);
  }

  #run<T>(body: LockingBody<T>, options: CallOptions | undefined): Promise<T> {
    return this.#closures.prepareBare(body, options ?? {}).start();
  }
}
