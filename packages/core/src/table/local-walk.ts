/**
 * A synchronous walk over one table in several partitions, one after the other, as `LocalTable` offers it. An iterator
 * written out rather than a generator: a generator inside a generator costs ten times as much for each item.
 */
import { fromStorageKey, type StorageKey } from '../key/key.ts';
import { ownerView } from '../partition/owner-view.ts';
import type { PartitionStore } from '../partition/partition-store.ts';
import type { Version } from '../partition/table-versions.ts';
import type { VersionCursor } from '../partition/version-cursor.ts';

/** What is handed out for the entry a cursor stands at. */
type Pick = (cursor: VersionCursor) => unknown;

export const pickKey: Pick = (cursor) => fromStorageKey(cursor.key);
export const pickValue: Pick = (cursor) => ownerView(cursor.version as Version);
export const pickEntry: Pick = (cursor) => [pickKey(cursor), pickValue(cursor)];

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class LocalWalk implements IterableIterator<unknown> {
  readonly #stores: Iterator<PartitionStore>;
  readonly #open: (store: PartitionStore) => VersionCursor;
  readonly #isWanted: ((key: StorageKey) => boolean) | undefined;
  readonly #pick: Pick;
  #cursor: VersionCursor | undefined;
  #left = false;

  /** `open` is called for each partition when the walk comes to it. */
  constructor(
    stores: Iterator<PartitionStore>,
    open: (store: PartitionStore) => VersionCursor,
    isWanted: ((key: StorageKey) => boolean) | undefined,
    pick: Pick,
  ) {
    this.#stores = stores;
    this.#open = open;
    this.#isWanted = isWanted;
    this.#pick = pick;
  }

  next(): IteratorResult<unknown> {
    for (;;) {
      const cursor = this.#cursor ?? this.#nextCursor();
      if (cursor === undefined) return over;
      if (!cursor.advance()) this.#cursor = undefined;
      else if (this.#isWanted === undefined || this.#isWanted(cursor.key))
        return { done: false, value: this.#pick(cursor) };
    }
  }

  return(): IteratorResult<unknown> {
    this.#left = true;
    this.#cursor = undefined;
    return over;
  }

  [Symbol.iterator](): this {
    return this;
  }

  #nextCursor(): VersionCursor | undefined {
    if (this.#left) return undefined;
    const step = this.#stores.next();
    if (step.done === true) this.#left = true;
    else this.#cursor = this.#open(step.value);
    return this.#cursor;
  }
}
