/**
 * A transaction's private workspace: what it has read, and what it will write. Pure.
 *
 * Reads are remembered with the strength of the lock behind them, so a key is asked for once; writes stay here until
 * the end and travel once. A key that was written needs no lock to be read: the transaction sees its own value. Every
 * change is logged, so that a nested transaction can be undone to where it began without a message. Locks taken
 * inside stay.
 */
import type { PartitionId, StorageKey } from '@troupe/core';
import type { PartitionWrites } from './coordinator.ts';

/** What the transaction knows of one key. */
export interface Cell {
  readonly partition: PartitionId;
  /** The lock it holds. With either, the committed value is known. */
  lock: 'none' | 'read' | 'write';
  /** The committed value; undefined when absent. Only meaningful with a lock. */
  committed: unknown;
  written: boolean;
  /** Its own value when `written`; undefined when removed. */
  own: unknown;
}

interface Change {
  readonly cell: Cell;
  readonly written: boolean;
  readonly own: unknown;
}

const nothingCleared: readonly number[] = [];

/** Where a workspace stood. */
export interface Savepoint {
  readonly changes: number;
  readonly cleared: number;
}

export class Workspace {
  readonly #tables = new Map<number, Map<StorageKey, Cell>>();
  readonly #changes: Change[] = [];
  /** Tables that were emptied, in order. */
  readonly #cleared: number[] = [];

  /** The cell of a key, new when it wasn't touched before. */
  cell(table: number, key: StorageKey, partition: PartitionId): Cell {
    let cells = this.#tables.get(table);
    if (cells === undefined) this.#tables.set(table, (cells = new Map<StorageKey, Cell>()));
    let cell = cells.get(key);
    if (cell === undefined) {
      cell = { partition, lock: 'none', committed: undefined, written: false, own: undefined };
      cells.set(key, cell);
      if (this.isCleared(table)) this.write(cell, undefined);
    }
    return cell;
  }

  tryCell(table: number, key: StorageKey): Cell | undefined {
    return this.#tables.get(table)?.get(key);
  }

  /** The cells of a table, with their keys. */
  cells(table: number): Iterable<[StorageKey, Cell]> {
    return this.#tables.get(table) ?? [];
  }

  /** What the transaction sees: its own value, else the committed one. */
  static current(cell: Cell): unknown {
    return cell.written ? cell.own : cell.committed;
  }

  write(cell: Cell, value: unknown): void {
    this.#changes.push({ cell, written: cell.written, own: cell.own });
    cell.written = true;
    cell.own = value;
  }

  /** The table is locked whole and emptied: every key of it, touched or not, is removed. */
  clear(table: number): void {
    this.#cleared.push(table);
    for (const [, cell] of this.cells(table)) this.write(cell, undefined);
  }

  isCleared(table: number): boolean {
    return this.#cleared.length > 0 && this.#cleared.includes(table);
  }

  /** Where the workspace stands now. */
  savepoint(): Savepoint {
    return { changes: this.#changes.length, cleared: this.#cleared.length };
  }

  /** Undoes every write since the savepoint. */
  rollbackTo(savepoint: Savepoint): void {
    this.#cleared.length = savepoint.cleared;
    for (const { cell, written, own } of this.#changes.splice(savepoint.changes).reverse()) {
      cell.written = written;
      cell.own = own;
    }
  }

  /** What to write, by partition. A cleared table is cleared in every one of `partitionCount` partitions. */
  writes(partitionCount: number): Map<PartitionId, PartitionWrites> {
    const byPartition = new Map<PartitionId, PartitionWrites>();
    const cleared = this.#cleared.length === 0 ? nothingCleared : [...new Set(this.#cleared)];
    if (cleared.length > 0) {
      for (let partition = 0; partition < partitionCount; partition++) byPartition.set(partition, { writes: [], cleared });
    }
    for (const [table, cells] of this.#tables) {
      for (const [key, cell] of cells) {
        if (!cell.written) continue;
        let target = byPartition.get(cell.partition);
        if (target === undefined) byPartition.set(cell.partition, (target = { writes: [], cleared }));
        target.writes.push(table, key, cell.own);
      }
    }
    return byPartition;
  }
}
