/**
 * The operations on many keys, carried out key by key: NOT atomic (`update` is). A stand-in for grids that run without transactions,
 * where a call that fails halfway has done half. The transactions package implements the same port all or nothing.
 */
import { copyValue } from '../codec/value.ts';
import { fromStorageKey, type StorageKey } from '../key/key.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { Placement } from '../partition/placement.ts';
import { ScanPart, TableOp } from './messages.ts';
import {
  type AtomicOperations,
  type InsertMode,
  PlacedKey,
  type TableExecutor,
  type TableHandle,
  type ValueChange,
} from './table-executor.ts';

/** Calls under way at once; all of them at once could overflow the link. */
const callsInFlightMax = 1_000;
const noArguments: readonly unknown[] = [];

export class KeywiseOperations implements AtomicOperations {
  readonly #executor: Pick<TableExecutor, 'one' | 'scan'>;
  readonly #placement: Placement;

  constructor(executor: Pick<TableExecutor, 'one' | 'scan'>, placement: Placement) {
    this.#executor = executor;
    this.#placement = placement;
  }

  getMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<unknown[]> {
    return inPortions(keys, ({ key, partition }) =>
      this.#executor.one(TableOp.get, table, key, partition, noArguments, 0, options),
    );
  }

  async setMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<void> {
    const bytesEach = keys.length === 0 ? 0 : Math.ceil(bytes / keys.length);
    await inPortions(keys, ({ key, partition }, index) =>
      this.#executor.one(TableOp.set, table, key, partition, [values[index]], bytesEach, options),
    );
  }

  async insertMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    values: readonly unknown[],
    bytes: number,
    mode: InsertMode,
    options: CallOptions | undefined,
  ): Promise<number[]> {
    if (mode === 'all') {
      const present = positionsOf(await this.getMany(table, keys, options), (value) => value !== undefined);
      if (present.length > 0) return present;
    }
    const bytesEach = keys.length === 0 ? 0 : Math.ceil(bytes / keys.length);
    const inserted = await inPortions(keys, ({ key, partition }, index) =>
      this.#executor.one(TableOp.insert, table, key, partition, [values[index]], bytesEach, options),
    );
    return positionsOf(inserted, (wasAbsent) => wasAbsent === false);
  }

  /** Nothing comes in between here either: what was read is compared when the new value is stored. */
  async update(
    table: TableHandle,
    key: StorageKey,
    partition: PartitionId,
    change: ValueChange,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    for (;;) {
      const current = await this.#executor.one(TableOp.get, table, key, partition, noArguments, 0, options);
      const value = await change(copyValue(current, 'value'));
      const args = [current, value];
      const stored = await this.#executor.one(TableOp.compareAndSet, table, key, partition, args, 0, options);
      if (stored === true) return copyValue(value, 'value');
    }
  }

  async deleteMany(
    table: TableHandle,
    keys: readonly PlacedKey[],
    options: CallOptions | undefined,
  ): Promise<number> {
    const removed = await inPortions(keys, ({ key, partition }) =>
      this.#executor.one(TableOp.delete, table, key, partition, noArguments, 0, options),
    );
    return removed.filter((wasThere) => wasThere === true).length;
  }

  async clear(table: TableHandle, options: CallOptions | undefined): Promise<void> {
    for await (const page of this.#executor.scan(table, ScanPart.keys, options)) {
      const keys = (page as readonly StorageKey[]).map((key) => this.#placed(table, key));
      await this.deleteMany(table, keys, options);
    }
  }

  #placed(table: TableHandle, key: StorageKey): PlacedKey {
    return new PlacedKey(key, this.#placement.partitionOf(table.definition, fromStorageKey(key), key));
  }
}

function positionsOf(answers: readonly unknown[], test: (answer: unknown) => boolean): number[] {
  return answers.flatMap((answer, position) => (test(answer) ? [position] : []));
}

/** Runs `call` for each key, a bounded number at once, and answers in their order. */
async function inPortions(
  keys: readonly PlacedKey[],
  call: (key: PlacedKey, index: number) => Promise<unknown>,
): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let start = 0; start < keys.length; start += callsInFlightMax) {
    const portion = keys.slice(start, start + callsInFlightMax);
    answers.push(...(await Promise.all(portion.map((key, index) => call(key, start + index)))));
  }
  return answers;
}
