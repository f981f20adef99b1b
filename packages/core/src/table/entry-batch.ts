/** Keys and entries of calls on many keys: checked, copied and placed. */
import { copiedBytes } from '../codec/value.ts';
import { arrayOf } from '../collection/array-of.ts';
import { mustBe } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { type Key, keyToText, type StorageKey, toStorageKey } from '../key/key.ts';
import type { Placement } from '../partition/placement.ts';
import { copyToStore } from './copy-to-store.ts';
import { keyBytes } from './owner-calls.ts';
import { PlacedKey, type TableHandle } from './table-executor.ts';

/** The keys of an iterable, placed. A string is refused: it would be taken for an iterable of characters. */
export function keysFrom(keys: unknown, table: TableHandle, placement: Placement): PlacedKey[] {
  const isIterable = typeof keys === 'object' && keys !== null && Symbol.iterator in keys;
  mustBe(isIterable, 'keys', 'an array or another iterable of keys', keys);
  const placed = arrayOf<PlacedKey>();
  for (const key of keys as Iterable<unknown>)
    placed.push(place(key, `keys[${placed.length}]`, table, placement));
  return placed;
}

/** The entries of an iterable, copied and placed. */
export function entriesFrom(entries: unknown, table: TableHandle, placement: Placement): EntryBatch {
  const isIterable = typeof entries === 'object' && entries !== null && Symbol.iterator in entries;
  mustBe(isIterable, 'entries', 'a Map or an iterable of [key, value] pairs', entries);
  const batch = new EntryBatch(table, placement);
  let index = 0;
  for (const entry of entries as Iterable<unknown>) batch.add(entry, index++);
  return batch;
}

/** Throws when a key comes twice: which of them is to be stored? */
export function mustBeDistinct({ keys }: EntryBatch): void {
  const seen = new Map<StorageKey, number>();
  for (const [index, { key }] of keys.entries()) {
    const first = seen.get(key);
    if (first !== undefined) throw repeatedKey(index, first, key);
    seen.set(key, index);
  }
}

/** Entries to be written together. `values[i]` belongs to `keys[i]`. */
export class EntryBatch {
  readonly keys: PlacedKey[] = [];
  readonly values: unknown[] = [];
  bytes = 0;
  readonly #table: TableHandle;
  readonly #placement: Placement;

  constructor(table: TableHandle, placement: Placement) {
    this.#table = table;
    this.#placement = placement;
  }

  /** Adds a copy of `[key, value]`. `index` names it in errors. */
  add(entry: unknown, index: number): PlacedKey {
    if (!Array.isArray(entry) || entry.length !== 2) {
      mustBe(false, `entries[${index}]`, 'a [key, value] pair', entry);
    }
    const [key, value] = entry as unknown as [unknown, unknown];
    if (value === undefined) throw undefinedInEntry(index);
    const placed = place(key, `entries[${index}][0]`, this.#table, this.#placement);
    this.values.push(copyToStore(value, `entries[${index}][1]`, this.#table.definition));
    this.bytes += copiedBytes() + keyBytes(placed.key);
    this.keys.push(placed);
    return placed;
  }
}

function place(key: unknown, name: string, table: TableHandle, placement: Placement): PlacedKey {
  const stored = toStorageKey(key, name);
  return new PlacedKey(stored, placement.partitionOf(table.definition, key as Key, stored));
}

function repeatedKey(index: number, first: number, key: StorageKey): InvalidArgumentError {
  return new InvalidArgumentError(
    `entries[${index}][0] must not be the key of entries[${first}] again, ${keyToText(key)}; insertMany stores each key once, give it one value`,
    { details: { argument: `entries[${index}][0]` } },
  );
}

function undefinedInEntry(index: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `entries[${index}][1] must not be undefined, which means "absent"; use deleteMany() to remove entries`,
    { details: { argument: `entries[${index}][1]` } },
  );
}
