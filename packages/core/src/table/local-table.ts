/**
 * A table as code at its owner sees it: the partitions themselves, synchronous, without a copy and without a lock.
 * It can only be read: there are no methods that write, and the values are deep-frozen, so an attempt to change one
 * throws TypeError. Live (`ctx.local(table)`), or as it was at a snapshot (`ctx.snapshot(table)`), which whoever made
 * it waits for and releases.
 *
 * It covers the partitions it was given. Asking for a key of another one is a mistake and throws; answering "absent"
 * would be a lie. A live iteration that rests between steps goes on over what is there then, each key at most once.
 */
import { type Clock, systemClock } from '../clock.ts';
import { checkOptions } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { type Key, keyToText, type StorageKey, toStorageKey } from '../key/key.ts';
import { isInRange, type KeyRangeOptions, keyRangeOf } from '../key/key-range.ts';
import type { PartitionId, Timestamp } from '../mesh/shared-state.ts';
import type { Partition } from '../partition/partition.ts';
import type { PartitionStore } from '../partition/partition-store.ts';
import type { Placement } from '../partition/placement.ts';
import { newestVersions, type VersionCursor } from '../partition/version-cursor.ts';
import { type LocalIterator, LocalWalk, type Pick, pickEntry, pickKey, pickValue } from './local-walk.ts';
import { sliced } from './sliced.ts';
import type { Snapshot } from './snapshots.ts';
import type { TableHandle } from './table-executor.ts';

export class LocalTable<K extends Key, V> {
  readonly #table: TableHandle;
  readonly #placement: Placement;
  readonly #stores: ReadonlyMap<PartitionId, PartitionStore>;
  readonly #snapshot: Snapshot | undefined;
  readonly #clock: Clock;

  constructor(
    table: TableHandle,
    placement: Placement,
    partitions: Iterable<Partition>,
    snapshot?: Snapshot,
    clock = systemClock,
  ) {
    this.#clock = clock;
    this.#table = table;
    this.#placement = placement;
    this.#snapshot = snapshot;
    this.#stores = new Map([...partitions].map(({ id, store }) => [id, store]));
  }

  /** The value of a key, deep-frozen, or undefined. Throws InvalidArgumentError when the key lives elsewhere. */
  get(key: K): V | undefined {
    const stored = toStorageKey(key);
    const store = this.#storeOf(key, stored);
    const { id } = this.#table;
    if (this.#snapshot === undefined) return store.readLocal(id, stored) as V | undefined;
    return store.readLocalAt(id, stored, this.#moment(this.#snapshot)) as V | undefined;
  }

  /** Is the key there? Throws InvalidArgumentError when the key lives elsewhere. */
  has(key: K): boolean {
    const stored = toStorageKey(key);
    const store = this.#storeOf(key, stored);
    if (this.#snapshot === undefined) return store.read(this.#table.id, stored) !== undefined;
    return store.readAt(this.#table.id, stored, this.#moment(this.#snapshot)) !== undefined;
  }

  /** How many entries these partitions hold. */
  get size(): number {
    let size = 0;
    for (const store of this.#stores.values()) {
      size +=
        this.#snapshot === undefined
          ? store.size(this.#table.id)
          : store.sizeAt(this.#table.id, this.#moment(this.#snapshot));
    }
    return size;
  }

  /** The entries, or those of a range of keys: `from` (inclusive), `to` (exclusive), or `prefix`. In no order. */
  entries(range?: KeyRangeOptions<K>): LocalIterator<[K, V]> {
    return this.#walk(range, pickEntry) as LocalIterator<[K, V]>;
  }

  /** The keys, or those of a range; see `entries`. */
  keys(range?: KeyRangeOptions<K>): LocalIterator<K> {
    return this.#walk(range, pickKey) as LocalIterator<K>;
  }

  /** The values, or those of a range; see `entries`. */
  values(range?: KeyRangeOptions<K>): LocalIterator<V> {
    return this.#walk(range, pickValue) as LocalIterator<V>;
  }

  [Symbol.iterator](): LocalIterator<[K, V]> {
    return this.entries();
  }

  /** The entries for a long walk in an async job: about every millisecond the thread serves others in between. */
  sliced(): AsyncIterableIterator<[K, V]> {
    return sliced(this.entries(), this.#clock);
  }

  #walk(range: KeyRangeOptions<K> | undefined, pick: Pick): LocalWalk {
    const { id } = this.#table;
    const open = (store: PartitionStore): VersionCursor => store.iterate(id, this.#moment(this.#snapshot));
    return new LocalWalk(this.#stores.values(), open, filterOf(range), pick);
  }

  #moment(snapshot: Snapshot | undefined): Timestamp {
    if (snapshot === undefined) return newestVersions;
    snapshot.mustBeReadable();
    return snapshot.timestamp;
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
