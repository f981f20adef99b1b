/**
 * A table as code at its owner sees it (`ctx.local(table)`): the live partitions themselves, synchronous, without a
 * copy and without a lock. It can only be read: there are no methods that write, and the values are deep-frozen, so
 * an attempt to change one throws TypeError.
 *
 * It covers the partitions it was given. Asking for a key of another one is a mistake and throws; answering "absent"
 * would be a lie. An iteration that rests between steps goes on over what is there then, each key at most once.
 */
import { checkOptions } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { fromStorageKey, type Key, keyToText, type StorageKey, toStorageKey } from '../key/key.ts';
import { isInRange, type KeyRangeOptions, keyRangeOf } from '../key/key-range.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { Partition } from '../partition/partition.ts';
import type { PartitionStore } from '../partition/partition-store.ts';
import type { Placement } from '../partition/placement.ts';
import { newestVersions } from '../partition/version-cursor.ts';
import type { TableHandle } from './table-executor.ts';

export class LocalTable<K extends Key, V> {
  readonly #table: TableHandle;
  readonly #placement: Placement;
  readonly #stores: ReadonlyMap<PartitionId, PartitionStore>;

  constructor(table: TableHandle, placement: Placement, partitions: Iterable<Partition>) {
    this.#table = table;
    this.#placement = placement;
    this.#stores = new Map([...partitions].map(({ id, store }) => [id, store]));
  }

  /** The value of a key, deep-frozen, or undefined. Throws InvalidArgumentError when the key lives elsewhere. */
  get(key: K): V | undefined {
    const stored = toStorageKey(key);
    return this.#storeOf(key, stored).readLocal(this.#table.id, stored) as V | undefined;
  }

  /** Is the key there? Throws InvalidArgumentError when the key lives elsewhere. */
  has(key: K): boolean {
    const stored = toStorageKey(key);
    return this.#storeOf(key, stored).read(this.#table.id, stored) !== undefined;
  }

  /** How many entries these partitions hold. */
  get size(): number {
    let size = 0;
    for (const store of this.#stores.values()) size += store.size(this.#table.id);
    return size;
  }

  /** The entries, or those of a range of keys: `from` (inclusive), `to` (exclusive), or `prefix`. In no order. */
  *entries(range?: KeyRangeOptions<K>): IterableIterator<[K, V]> {
    const isWanted = filterOf(range);
    for (const store of this.#stores.values()) {
      for (const [key, value] of store.iterateLocal(this.#table.id, isWanted)) {
        yield [fromStorageKey(key) as K, value as V];
      }
    }
  }

  /** The keys, or those of a range; see `entries`. */
  *keys(range?: KeyRangeOptions<K>): IterableIterator<K> {
    const isWanted = filterOf(range);
    for (const store of this.#stores.values()) {
      const cursor = store.iterate(this.#table.id, newestVersions);
      while (cursor.advance()) if (isWanted?.(cursor.key) !== false) yield fromStorageKey(cursor.key) as K;
    }
  }

  /** The values, or those of a range; see `entries`. */
  *values(range?: KeyRangeOptions<K>): IterableIterator<V> {
    for (const [, value] of this.entries(range)) yield value;
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  #storeOf(key: K, stored: StorageKey): PartitionStore {
    const partition = this.#placement.partitionOf(this.#table.definition, key, stored);
    const store = this.#stores.get(partition);
    if (store !== undefined) return store;
    throw this.#elsewhere(stored, partition);
  }

  #elsewhere(stored: StorageKey, partition: PartitionId): InvalidArgumentError {
    const { name } = this.#table.definition;
    const here = [...this.#stores.keys()];
    return new InvalidArgumentError(
      `key ${keyToText(stored)} of table '${name}' is not here: it lives in partition ${partition}, this covers ${here.join(', ')}; run where the key is, or use the table of the grid`,
      { details: { argument: 'key', table: name, partition, here } },
    );
  }
}

function filterOf(options: object | undefined): ((key: StorageKey) => boolean) | undefined {
  if (options === undefined) return undefined;
  checkOptions(options, 'range', ['from', 'to', 'prefix']);
  const range = keyRangeOf(options as KeyRangeOptions<Key>);
  return range === undefined ? undefined : (key) => isInRange(range, key);
}
