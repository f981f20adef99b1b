/**
 * The operations on many keys, carried out key by key: NOT atomic. A stand-in for grids that run without transactions,
 * where a call that fails halfway has done half. The transactions package implements the same port all or nothing.
 */
import { fromStorageKey, type StorageKey } from '../key/key.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { Placement } from '../partition/placement.ts';
import { ScanPart, TableOp } from './messages.ts';
import type { AtomicOperations, PlacedKey, TableExecutor, TableHandle } from './table-executor.ts';

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
    return { key, partition: this.#placement.partitionOf(table.definition, fromStorageKey(key), key) };
  }
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
