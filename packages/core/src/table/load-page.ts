/** Items to be loaded, checked and copied, and the pages they are collected in: each of one partition. */
import { copiedBytes } from '../codec/value.ts';
import { checkOptions, mustBe } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { fromStorageKey, type Key, type StorageKey, toStorageKey } from '../key/key.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { Placement } from '../partition/placement.ts';
import type { LoadItem } from './load-options.ts';
import { keyBytes } from './owner-calls.ts';
import type { PlacedKey, TableHandle } from './table-executor.ts';

/** An item and where it goes. */
export interface PlacedItem extends PlacedKey {
  /** A copy. */
  readonly item: LoadItem<Key, unknown>;
  readonly bytes: number;
}

/** Throws what is wrong with an item. `copyOf` copies its value. */
export function placeItem(
  given: unknown,
  { definition }: TableHandle,
  placement: Placement,
  copyOf: (value: unknown, name: string) => unknown,
): PlacedItem {
  const expected = 'an object { key, value } or { key, delete: true }';
  mustBe(typeof given === 'object' && given !== null && 'key' in given, 'item', expected, given);
  checkOptions(given, 'item', ['key', 'value', 'delete']);
  const { key, value, delete: removes } = given as { key: unknown; value?: unknown; delete?: unknown };
  const stored = toStorageKey(key, 'item.key');
  const partition = placement.partitionOf(definition, key as Key, stored);
  const ownKey = fromStorageKey(stored);
  const isDelete = removes === true;
  mustBe(isDelete || removes === undefined || removes === false, 'item.delete', 'true', removes);
  if (isDelete === (value !== undefined)) throw neitherNor(isDelete);
  if (isDelete)
    return { key: stored, partition, item: { key: ownKey, delete: true }, bytes: keyBytes(stored) };
  const copy = copyOf(value, 'item.value');
  const bytes = copiedBytes() + keyBytes(stored);
  return { key: stored, partition, item: { key: ownKey, value: copy }, bytes };
}

function neitherNor(isDelete: boolean): InvalidArgumentError {
  const text = isDelete
    ? 'item.value must not be given with `delete: true`: is it to be stored or removed?'
    : 'item.value must not be undefined, which means "absent"; use { key, delete: true } to remove an entry';
  return new InvalidArgumentError(text, { details: { argument: 'item.value' } });
}

/** What is to be written of a page: of items with one key the last. */
export interface PageWrites {
  readonly keys: PlacedKey[];
  readonly values: unknown[];
  readonly removed: PlacedKey[];
}

export class ItemPage {
  readonly partition: PartitionId;
  readonly items: LoadItem<Key, unknown>[] = [];
  readonly #keys: StorageKey[] = [];
  bytes = 0;

  constructor(partition: PartitionId) {
    this.partition = partition;
  }

  add({ key, item, bytes }: PlacedItem): void {
    this.#keys.push(key);
    this.items.push(item);
    this.bytes += bytes;
  }

  writes(): PageWrites {
    const last = new Map<StorageKey, LoadItem<Key, unknown>>();
    for (const [index, key] of this.#keys.entries())
      last.set(key, this.items[index] as LoadItem<Key, unknown>);
    const writes: PageWrites = { keys: [], values: [], removed: [] };
    const { partition } = this;
    for (const [key, item] of last) {
      if (item.delete === true) writes.removed.push({ key, partition });
      else {
        writes.keys.push({ key, partition });
        writes.values.push(item.value);
      }
    }
    return writes;
  }
}
