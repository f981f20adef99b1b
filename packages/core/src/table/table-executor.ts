/**
 * Where the operations of a table go. The `Table` users hold checks arguments and finds the partition; an executor
 * does the rest: the plain one asks the owner, the snapshot one reads the past, and the transactions package brings
 * the one that locks and buffers. Which one a call uses is decided per call, because operations inside a
 * transaction's body join it.
 */
import type { AnyTable } from '../definition/table-definition.ts';
import type { StorageKey } from '../key/key.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { OneKeyOp, ScanPart } from './messages.ts';
import type { ScanRange } from './scan-range.ts';

/** A table, by definition and number. */
export interface TableHandle {
  readonly definition: AnyTable;
  readonly id: number;
}

/** A key of a table, placed. */
export class PlacedKey {
  readonly key: StorageKey;
  readonly partition: PartitionId;

  constructor(key: StorageKey, partition: PartitionId) {
    this.key = key;
    this.partition = partition;
  }
}

/** What `insertMany` does when a key is there: nothing at all, or what is left. */
export type InsertMode = 'all' | 'absent';

/** From a copy of the current value, undefined when absent, to a new one that is the executor's to keep. */
export type ValueChange = (current: unknown) => Promise<unknown>;

export interface TableExecutor {
  /** Its operations are part of no transaction. */
  readonly isPlain?: true;
  /**
   * One operation on one key. Values among `args` are copies already and the executor's to keep; what it answers is
   * the caller's to change. `bytes`: about how large the arguments are.
   */
  one(
    op: OneKeyOp,
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    args: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<unknown>;

  /** Values in the order of the keys, undefined where absent; all of one moment. */
  getMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<unknown[]>;
  /** All or nothing. `values[i]` belongs to `keys[i]`; of equal keys the last wins. */
  setMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<void>;
  /**
   * Stores values of keys that are absent; no key comes twice. Answers the positions in `keys` of those that were
   * present. `mode` 'all': nothing is written if there was one; 'absent': the others are written.
   */
  insertMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    mode: InsertMode,
    options: CallOptions | undefined,
  ): Promise<number[]>;
  /**
   * Puts what `change` answers in the place of the current value, undefined removes it, and nothing comes in between.
   * Answers a copy of the new value. `change` may be called again for another current value.
   */
  update(
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    change: ValueChange,
    options: CallOptions | undefined,
  ): Promise<unknown>;
  /** All or nothing; how many were there. */
  deleteMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<number>;
  /** All or nothing, over all partitions. */
  clear(table: TableHandle, options: CallOptions | undefined): Promise<void>;
  /** How many entries the table has, or the range of it. */
  size(table: TableHandle, options: CallOptions | undefined, range?: ScanRange): Promise<number>;
  /** Pages of [key, value, key, value…], keys or values, in storage form, as they arrive. */
  scan(
    table: TableHandle,
    part: ScanPart,
    options: CallOptions | undefined,
    range?: ScanRange,
  ): AsyncIterable<readonly unknown[]>;
}

/** The operations that take more than one message: all or nothing where transactions implement them. */
export type AtomicOperations = Pick<
  TableExecutor,
  'getMany' | 'setMany' | 'insertMany' | 'update' | 'deleteMany' | 'clear'
>;
