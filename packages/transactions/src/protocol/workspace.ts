/**
 * A transaction's private workspace: what it has read, and what it will write. Pure.
 *
 * Reads are remembered with the strength of the lock behind them, so a key is asked for once; writes stay here until
 * the end and travel once. A key that was written needs no lock to be read: the transaction sees its own value. Every
 * change is logged, so that a nested transaction can be undone to where it began without a message. Locks taken
 * inside stay.
 */
import { arrayOf, type PartitionId, type StorageKey } from '@troupe/core';
import type { PartitionWrites } from './decision.ts';

/** What the transaction knows of one key. */
export class Cell {
  readonly table: number;
  readonly key: StorageKey;
  readonly partition: PartitionId;
  /** The lock it holds. With either, the committed value is known. */
  lock: 'none' | 'read' | 'write' = 'none';
  /** The committed value; undefined when absent. Only meaningful with a lock. */
  committed: unknown = undefined;
  /** The latest request for locks that names it, so that none names it twice. */
  askedBy: object | undefined = undefined;
  written = false;
  /** Its own value when `written`; undefined when removed. */
  own: unknown = undefined;

  constructor(table: number, key: StorageKey, partition: PartitionId) {
    this.table = table;
    this.key = key;
    this.partition = partition;
  }
}

/** What a write replaced. The changes are a chain from the latest back, so that a savepoint is a link of it. */
class Change {
  readonly cell: Cell;
  readonly written: boolean;
  readonly own: unknown;
  readonly before: Change | undefined;

  constructor(cell: Cell, before: Change | undefined) {
    this.cell = cell;
    this.written = cell.written;
    this.own = cell.own;
    this.before = before;
  }
}

class WrittenPart implements PartitionWrites {
  readonly writes: unknown[];
  readonly cleared: readonly number[];

  constructor(writes: unknown[], cleared: readonly number[]) {
    this.writes = writes;
    this.cleared = cleared;
  }
}

const nothingCleared: readonly number[] = [];
const noCells: Cell[] = [];

/** Where a workspace stood. */
export interface Savepoint {
  readonly change: Change | undefined;
  readonly cleared: number;
}

/** Up to this many cells a look through all of them is cheaper than an index. */
const unindexedMax = 8;

export class Workspace {
  #cells: Cell[] = noCells;
  /** By table and key, once there are many. */
  #index: Map<number, Map<StorageKey, Cell>> | undefined;
  #latest: Change | undefined;
  /** Tables that were emptied, in order. */
  readonly #cleared: number[] = [];

  /** The cell of a key, new when it wasn't touched before. */
  cell(table: number, key: StorageKey, partition: PartitionId): Cell {
    const known = this.tryCell(table, key);
    if (known !== undefined) return known;
    const cell = new Cell(table, key, partition);
    // A first one of its size: an empty array would make room for seventeen.
    if (this.#cells === noCells) this.#cells = arrayOf(cell);
    else this.#cells.push(cell);
    if (this.#cells.length > unindexedMax) this.#addToIndex(cell);
    if (this.isCleared(table)) this.write(cell, undefined);
    return cell;
  }

  tryCell(table: number, key: StorageKey): Cell | undefined {
    if (this.#index !== undefined) return this.#index.get(table)?.get(key);
    for (const cell of this.#cells) if (cell.key === key && cell.table === table) return cell;
    return undefined;
  }

  /** The cells of a table. */
  cells(table: number): Cell[] {
    return this.#cells.filter((cell) => cell.table === table);
  }

  /** What the transaction sees: its own value, else the committed one. */
  static current(cell: Cell): unknown {
    return cell.written ? cell.own : cell.committed;
  }

  write(cell: Cell, value: unknown): void {
    this.#latest = new Change(cell, this.#latest);
    cell.written = true;
    cell.own = value;
  }

  /** The table is locked whole and emptied: every key of it, touched or not, is removed. */
  clear(table: number): void {
    this.#cleared.push(table);
    for (const cell of this.cells(table)) this.write(cell, undefined);
  }

  isCleared(table: number): boolean {
    return this.#cleared.length > 0 && this.#cleared.includes(table);
  }

  /** True when the lock of every write is held. Keys of a cleared table count: the whole table is locked. */
  get isLocked(): boolean {
    for (const cell of this.#cells) if (cell.written && cell.lock !== 'write') return false;
    return true;
  }

  /** Cells that were written without a lock. */
  unlocked(): Cell[] {
    return this.#cells.filter((cell) => cell.written && cell.lock !== 'write');
  }

  /** Where the workspace stands now. */
  savepoint(): Savepoint {
    return { change: this.#latest, cleared: this.#cleared.length };
  }

  /** Undoes every write since the savepoint. */
  rollbackTo(savepoint: Savepoint): void {
    this.#cleared.length = savepoint.cleared;
    for (
      ;
      this.#latest !== undefined && this.#latest !== savepoint.change;
      this.#latest = this.#latest.before
    ) {
      const { cell, written, own } = this.#latest;
      cell.written = written;
      cell.own = own;
    }
    // Keys first touched since, of a table that was cleared before: they are removed still.
    if (this.#cleared.length === 0) return;
    for (const cell of this.#cells)
      if (!cell.written && this.isCleared(cell.table)) this.write(cell, undefined);
  }

  /** What to write, by partition. A cleared table is cleared in every one of `partitionCount` partitions. */
  writes(partitionCount: number): Map<PartitionId, PartitionWrites> {
    const byPartition = new Map<PartitionId, PartitionWrites>();
    const cleared = this.#cleared.length === 0 ? nothingCleared : [...new Set(this.#cleared)];
    if (cleared.length > 0) {
      for (let partition = 0; partition < partitionCount; partition++)
        byPartition.set(partition, new WrittenPart([], cleared));
    }
    for (const { table, key, partition, written, own } of this.#cells) {
      if (!written) continue;
      const target = byPartition.get(partition);
      if (target === undefined)
        byPartition.set(partition, new WrittenPart(arrayOf<unknown>(table, key, own), cleared));
      else target.writes.push(table, key, own);
    }
    return byPartition;
  }

  #addToIndex(cell: Cell): void {
    const fresh = this.#index === undefined ? this.#cells : [cell];
    this.#index ??= new Map<number, Map<StorageKey, Cell>>();
    for (const added of fresh) {
      const byKey = this.#index.get(added.table);
      if (byKey === undefined) this.#index.set(added.table, new Map([[added.key, added]]));
      else byKey.set(added.key, added);
    }
  }
}
