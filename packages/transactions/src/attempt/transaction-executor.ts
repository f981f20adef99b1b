/**
 * The table operations of a transaction: read through locks, write into the workspace, see their own writes. Nothing
 * here decides what an operation means (`applyOperation` of core) or when a lock is granted (the participants).
 */
import type {
  CallOptions,
  InsertMode,
  OneKeyOp,
  PartitionId,
  PlacedKey,
  ScanPart,
  ScanRange,
  StorageKey,
  TableExecutor,
  TableHandle,
  ValueChange,
} from '@troupe/core';
import {
  applyOperation,
  copyValue,
  keyFilter,
  lockFor,
  ScanPart as Part,
  TableOp,
  toWireRange,
  WriteSlot,
} from '@troupe/core';
import { LockRequests } from '../protocol/lock-requests.ts';
import { type Cell, Workspace } from '../protocol/workspace.ts';
import type { Attempt } from './attempt.ts';
import type { LockWaiter } from './attempt-steps.ts';
import type { PlacedActor } from './busy-actors.ts';
import type { PlacedTableKey } from './declared-keys.ts';
import { KeyUpdates } from './key-updates.ts';
import { layOver, type OwnWrites, ownWrites } from './own-writes.ts';

/** Pages of the entries of one table, or of a range of it, as stored; the caller holds locks that keep it still. */
export type StoredEntries = (
  table: TableHandle,
  options: CallOptions | undefined,
  range: ScanRange | undefined,
) => AsyncIterable<readonly unknown[]>;

export class TransactionExecutor implements TableExecutor {
  readonly #attempt: Attempt;
  readonly #storedEntries: StoredEntries;
  #updates: KeyUpdates<Cell> | undefined;

  constructor(attempt: Attempt, storedEntries: StoredEntries) {
    this.#attempt = attempt;
    this.#storedEntries = storedEntries;
  }

  one(
    op: OneKeyOp,
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    args: readonly unknown[],
    _bytes?: number,
    options?: CallOptions,
  ): Promise<unknown> {
    try {
      this.#attempt.assertOpen();
      const cell = this.#attempt.workspace.cell(table.id, key, partition);
      // A set needs no answer: its lock is taken with the vote.
      if (op !== TableOp.set && needsLock(cell, lockFor(op))) {
        return joined(this.#lockAndApply(op, cell, args, options));
      }
      return Promise.resolve(this.#apply(op, cell, args));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  getMany(table: TableHandle, keys: readonly PlacedKey[], options?: CallOptions): Promise<unknown[]> {
    try {
      const cells = this.#cellsOf(table, keys);
      if (cells.some((cell) => needsLock(cell, 'read'))) return joined(this.#lockAndRead(cells, options));
      return Promise.resolve(copiesOf(cells));
    } catch (error) {
      return joined(Promise.reject(error as Error));
    }
  }

  async #lockAndRead(cells: Cell[], options: CallOptions | undefined): Promise<unknown[]> {
    await this.#lockCells(cells, 'read', options);
    return copiesOf(cells);
  }

  async setMany(table: TableHandle, keys: readonly PlacedKey[], values: readonly unknown[]): Promise<void> {
    this.#attempt.assertOpen();
    this.#attempt.wrote?.();
    const { workspace } = this.#attempt;
    for (const [i, { key, partition }] of keys.entries()) {
      workspace.write(workspace.cell(table.id, key, partition), values[i]);
    }
  }

  insertMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    _bytes: number,
    mode: InsertMode,
    options?: CallOptions,
  ): Promise<number[]> {
    return joined(this.#insertMany(table, keys, values, mode, options));
  }

  async #insertMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    mode: InsertMode,
    options: CallOptions | undefined,
  ): Promise<number[]> {
    const cells = await this.#lockAll(table, keys, 'write', options);
    const isPresent = cells.map((cell) => Workspace.current(cell) !== undefined);
    const present = [...isPresent.keys()].filter((position) => isPresent[position]);
    if (mode === 'all' && present.length > 0) return present;
    this.#attempt.wrote?.();
    for (const [position, cell] of cells.entries())
      if (isPresent[position] === false) this.#attempt.workspace.write(cell, values[position]);
    return present;
  }

  update(
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    change: ValueChange,
    options?: CallOptions,
  ): Promise<unknown> {
    try {
      this.#attempt.assertOpen();
      const cell = this.#attempt.workspace.cell(table.id, key, partition);
      this.#updates ??= new KeyUpdates<Cell>();
      const updated = this.#updates.inTurn(cell, () => this.#update(cell, change));
      return joined(this.#underWay(updated, options));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  async #update(cell: Cell, change: ValueChange): Promise<unknown> {
    const attempt = this.#attempt;
    attempt.assertOpen();
    if (needsLock(cell, 'write')) {
      const requests = new LockRequests('write');
      requests.add(cell);
      await attempt.lockKeys(requests);
    }
    const current = Workspace.current(cell);
    const value = await change(copyValue(current, 'value'));
    attempt.assertOpen();
    if (current !== undefined || value !== undefined) {
      attempt.wrote?.();
      attempt.workspace.write(cell, value);
    }
    return copyValue(value, 'value');
  }

  /** Locks keys for writing, and nothing else. */
  async lockForWriting(table: TableHandle, keys: readonly PlacedKey[]): Promise<void> {
    await this.#lockAll(table, keys, 'write', undefined);
  }

  deleteMany(table: TableHandle, keys: readonly PlacedKey[], options?: CallOptions): Promise<number> {
    return joined(this.#deleteMany(table, keys, options));
  }

  async #deleteMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<number> {
    const cells = await this.#lockAll(table, keys, 'write', options);
    this.#attempt.wrote?.();
    let removed = 0;
    for (const cell of cells) {
      if (Workspace.current(cell) === undefined) continue;
      removed++;
      this.#attempt.workspace.write(cell, undefined);
    }
    return removed;
  }

  clear(table: TableHandle, options?: CallOptions): Promise<void> {
    return joined(this.#clear(table, options));
  }

  async #clear(table: TableHandle, options: CallOptions | undefined): Promise<void> {
    this.#attempt.assertOpen();
    await this.#underWay(this.#attempt.lockTable(table.id, 'write'), options);
    this.#attempt.wrote?.();
    this.#attempt.workspace.clear(table.id);
  }

  size(table: TableHandle, options: CallOptions | undefined, range?: ScanRange): Promise<number> {
    return joined(this.#size(table, options, range));
  }

  async #size(
    table: TableHandle,
    options: CallOptions | undefined,
    range: ScanRange | undefined,
  ): Promise<number> {
    let size = 0;
    for await (const page of this.scan(table, Part.keys, options, range)) size += page.length;
    return size;
  }

  /**
   * Locks the range, or the whole table, so that nothing can appear or vanish in it until the end; own writes are laid
   * over it.
   */
  async *scan(
    table: TableHandle,
    part: ScanPart,
    options: CallOptions | undefined,
    range?: ScanRange,
  ): AsyncIterable<readonly unknown[]> {
    const own = await this.ownWrites(table, options, range);
    yield* layOver(
      own,
      part,
      () => this.#storedEntries(table, options, range),
      () => this.#attempt.assertOpen(),
    );
  }

  /** Locks the table, or the range, for reading and answers what the transaction has written to it so far. */
  async ownWrites(table: TableHandle, options?: CallOptions, range?: ScanRange): Promise<OwnWrites> {
    const attempt = this.#attempt;
    attempt.assertOpen();
    await this.#underWay(attempt.lockRange(table.id, range), options);
    const { workspace } = attempt;
    const isWanted = range === undefined ? undefined : keyFilter(table.definition, toWireRange(range));
    return ownWrites(workspace.cells(table.id), workspace.isCleared(table.id), isWanted);
  }

  /** Locks keys that were declared; the values come along. */
  declare(keys: readonly PlacedTableKey[], waiter: LockWaiter): void {
    const { workspace } = this.#attempt;
    const requests = new LockRequests('write');
    for (const { table, key, partition } of keys) {
      const cell = workspace.cell(table, key, partition);
      if (cell.lock !== 'write') requests.add(cell);
    }
    this.#attempt.lockKeysFor(requests, waiter);
  }

  /** Locks these actors, waiting for their turns under way. Only as the first thing, or it may wait for itself. */
  async lockActorsPatiently(actors: readonly PlacedActor[]): Promise<void> {
    const requests = new LockRequests('write');
    const types = new Set<number>();
    for (const { table, key, partition } of actors) {
      if (key === undefined) types.add(table);
      else requests.add(this.#attempt.workspace.cell(table, key, partition));
    }
    const whole = [...types].map((table) => this.#attempt.lockTable(table, 'write', 'turns'));
    await Promise.all([this.#attempt.lockPatiently(requests), ...whole]);
  }

  /** Locks every table whole: nobody else reads or writes anything until the end. */
  declareAll(tables: readonly number[], waiter: LockWaiter): void {
    Promise.all(tables.map((table) => this.#attempt.lockTable(table, 'write'))).then(
      () => waiter.locksHeld(),
      (error: Error) => waiter.locksRefused(error),
    );
  }

  async #lockAll(
    table: TableHandle,
    keys: readonly PlacedKey[],
    mode: 'read' | 'write',
    options: CallOptions | undefined,
  ): Promise<Cell[]> {
    const cells = this.#cellsOf(table, keys);
    await this.#lockCells(cells, mode, options);
    return cells;
  }

  #cellsOf(table: TableHandle, keys: readonly PlacedKey[]): Cell[] {
    this.#attempt.assertOpen();
    const { workspace } = this.#attempt;
    return keys.map(({ key, partition }) => workspace.cell(table.id, key, partition));
  }

  #lockCells(
    cells: readonly Cell[],
    mode: 'read' | 'write',
    options: CallOptions | undefined,
  ): Promise<void> {
    const requests = new LockRequests(mode);
    for (const cell of cells) if (needsLock(cell, mode)) requests.add(cell);
    return this.#underWay(this.#attempt.lockKeys(requests), options);
  }

  async #lockAndApply(
    op: OneKeyOp,
    cell: Cell,
    args: readonly unknown[],
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const requests = new LockRequests(lockFor(op));
    requests.add(cell);
    await this.#underWay(this.#attempt.lockKeys(requests), options);
    return this.#apply(op, cell, args);
  }

  async #underWay<T>(operation: Promise<T>, options: CallOptions | undefined): Promise<T> {
    this.#attempt.operationsUnderWay++;
    try {
      return await this.#attempt.bounded(operation, options);
    } finally {
      this.#attempt.operationsUnderWay--;
    }
  }

  #apply(op: OneKeyOp, cell: Cell, args: readonly unknown[]): unknown {
    let answer: unknown;
    try {
      answer = applyOperation(op, cell.key, Workspace.current(cell), args, 0, written);
    } catch (error) {
      this.#attempt.fail(error);
      throw error;
    }
    if (written.changed) {
      this.#attempt.wrote?.();
      this.#attempt.workspace.write(cell, written.value);
    }
    return copyValue(answer, 'value');
  }
}

/** A body that forgets an operation gets its transaction refused; that is not to end the process as well. */
function joined<T>(operation: Promise<T>): Promise<T> {
  operation.catch(() => undefined);
  return operation;
}

function copiesOf(cells: readonly Cell[]): unknown[] {
  return cells.map((cell) => copyValue(Workspace.current(cell), 'value'));
}

/** Filled and read within one turn. */
const written = new WriteSlot();

/** A written key shows the transaction's own value; any other must be locked to be read, and exclusively to be changed. */
function needsLock(cell: Cell, mode: 'read' | 'write'): boolean {
  if (cell.written) return false;
  return mode === 'read' ? cell.lock === 'none' : cell.lock !== 'write';
}
