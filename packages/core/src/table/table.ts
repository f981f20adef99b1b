/**
 * What users hold: the operations of one table. It checks arguments, copies values in, turns keys into their storage
 * form and finds the partition; the executor of the moment does the rest.
 *
 * Methods that return promises never throw: a wrong argument rejects; in iterations it ends the first step. The
 * methods on one key are the hot path: no async functions, no closures, no objects beyond the arguments.
 */
import { systemClock } from '../clock.ts';
import { copiedBytes, copyValue } from '../codec/value.ts';
import { mustBe, mustBeFunction } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { fromStorageKey, type Key, type StorageKey, toStorageKey } from '../key/key.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { Placement } from '../partition/placement.ts';
import { callOptionNamesWith, checkCallOptions } from './call-options.ts';
import { checkIncrement, incrementAsChange } from './checked-increment.ts';
import { ChunkedWriter } from './chunked-writer.ts';
import { copyToPut, copyToStore } from './copy-to-store.ts';
import { entriesFrom, keysFrom, mustBeDistinct } from './entry-batch.ts';
import { type LoadGround, loadInto } from './load-into.ts';
import type { LoadOptions, LoadResult, LoadSource, ReceiverLoadOptions } from './load-options.ts';
import { type OneKeyOp, ScanPart, TableOp } from './messages.ts';
import { entryAt, type ItemReader, itemsOf, keyAt, valueAt } from './page-items.ts';
import { type ScanOptions, scanRangeOf } from './scan-range.ts';
import type { PlacedKey, TableExecutor, TableHandle, ValueChange } from './table-executor.ts';

/** What `increment` can count with in a table of `V`. */
export type Countable<V> = V & (number | bigint);

export interface IncrementOptions<V> extends CallOptions {
  /** Where an absent entry starts from before it is incremented. Default 0. */
  readonly initial?: Countable<V> | undefined;
}

/** Entries as `setMany` takes them: a Map, an array of pairs, or a stream of pairs. */
export type Entries<K, V> = Iterable<readonly [K, V]> | AsyncIterable<readonly [K, V]>;

export interface InsertManyOptions extends CallOptions {
  /** Store the entries whose keys are absent, whatever the others. Default false: all or nothing. */
  readonly partial?: boolean | undefined;
}

const noArguments: readonly unknown[] = [];
const insertManyOptionNames = callOptionNamesWith('partial');
const incrementOptionNames = callOptionNamesWith('initial');

export class Table<K extends Key, V, I = V> {
  readonly #handle: TableHandle;
  readonly #placement: Placement;
  readonly #executor: () => TableExecutor;
  readonly #loads: LoadGround;

  /** `executor` is asked at each call, so that calls in a transaction's body join it. */
  constructor(
    handle: TableHandle,
    placement: Placement,
    executor: () => TableExecutor,
    loads: LoadGround = { clock: systemClock, receivers: undefined },
  ) {
    this.#handle = handle;
    this.#placement = placement;
    this.#executor = executor;
    this.#loads = loads;
  }

  /** The name it was defined with. */
  get name(): string {
    return this.#handle.definition.name;
  }

  /** The value of a key, or undefined. What you get is yours to change; that doesn't change the table. */
  get(key: K, options?: CallOptions): Promise<V | undefined> {
    return this.#one(TableOp.get, key, noArguments, 0, options) as Promise<V | undefined>;
  }

  /** Stores a value, whether or not the key is there. The table keeps a copy. */
  set(key: K, value: I, options?: CallOptions): Promise<void> {
    return this.#put(TableOp.set, key, value, options) as Promise<void>;
  }

  /** Is the key there? */
  has(key: K, options?: CallOptions): Promise<boolean> {
    return this.#one(TableOp.has, key, noArguments, 0, options) as Promise<boolean>;
  }

  /** Removes a key; true if it was there. */
  delete(key: K, options?: CallOptions): Promise<boolean> {
    return this.#one(TableOp.delete, key, noArguments, 0, options) as Promise<boolean>;
  }

  /** Removes a key and answers the value it had, or undefined. */
  take(key: K, options?: CallOptions): Promise<V | undefined> {
    return this.#one(TableOp.take, key, noArguments, 0, options) as Promise<V | undefined>;
  }

  /** Stores a value if the key is absent; false if it was there. */
  insert(key: K, value: I, options?: CallOptions): Promise<boolean> {
    return this.#put(TableOp.insert, key, value, options) as Promise<boolean>;
  }

  /** Stores a value if the key is there; false if it was absent. */
  replace(key: K, value: I, options?: CallOptions): Promise<boolean> {
    return this.#put(TableOp.replace, key, value, options) as Promise<boolean>;
  }

  /**
   * Stores `value` if the current one has the same structure as `expected`; false if not. `expected` undefined: the
   * key must be absent. `value` undefined: removes it.
   */
  compareAndSet(
    key: K,
    expected: V | undefined,
    value: I | undefined,
    options?: CallOptions,
  ): Promise<boolean> {
    try {
      const expectedCopy = copyValue(expected, 'expected');
      const bytes = copiedBytes();
      const args = [expectedCopy, copyToPut(value, 'value', this.#handle.definition)];
      return this.#one(TableOp.compareAndSet, key, args, bytes + copiedBytes(), options) as Promise<boolean>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Stores a value and answers the one before, or undefined. */
  getAndSet(key: K, value: I, options?: CallOptions): Promise<V | undefined> {
    return this.#put(TableOp.getAndSet, key, value, options) as Promise<V | undefined>;
  }

  /**
   * Adds `by` (default 1) to a number or bigint and answers the sum. An absent key starts at `initial` (default 0).
   * Rejects with INVALID_ARGUMENT when the entry is of another kind.
   */
  increment(key: K, by?: Countable<V>, options?: IncrementOptions<V>): Promise<Countable<V>> {
    try {
      checkCallOptions(options, incrementOptionNames);
      const initial = options?.initial;
      checkIncrement(by, initial);
      if (this.#handle.definition.schema === undefined)
        return this.#send(TableOp.increment, key, [by, initial], 20, options) as Promise<Countable<V>>;
      const stored = toStorageKey(key);
      const change = incrementAsChange(this.#handle, stored, [by, initial]);
      return this.#change(key, stored, change, options) as Promise<Countable<V>>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The values of these keys, in their order, undefined where absent; all of one moment. */
  getMany(keys: Iterable<K>, options?: CallOptions): Promise<(V | undefined)[]> {
    return this.#withKeys('getMany', keys, options) as Promise<(V | undefined)[]>;
  }

  /**
   * Stores these entries, all or nothing; of equal keys the last wins.
   *
   * An async iterable is written as it comes, in pieces of at most 1,000 entries (or about 1 MB): each piece is
   * all or nothing, the whole is not. It is asked for more only while few pieces are under way, so millions of entries
   * load in constant memory. When it fails, what was written stays.
   */
  async setMany(entries: Entries<K, I>, options?: CallOptions): Promise<void> {
    checkCallOptions(options);
    const executor = this.#executor();
    if (isAsyncIterable(entries)) {
      await new ChunkedWriter(executor, this.#handle, this.#placement, options).write(entries);
      return;
    }
    const { keys, values, bytes } = entriesFrom(entries, this.#handle, this.#placement);
    await executor.setMany(this.#handle, keys, values, bytes, options);
  }

  /**
   * Stores these entries if none of their keys is there: true, or false and nothing is stored. With `partial: true` it
   * stores those whose keys are absent, still in one piece, and answers the keys that were there. A Map or an iterable
   * of pairs; a key that comes twice is refused.
   */
  insertMany(
    entries: Iterable<readonly [K, I]>,
    options: InsertManyOptions & { readonly partial: true },
  ): Promise<K[]>;
  insertMany(
    entries: Iterable<readonly [K, I]>,
    options?: InsertManyOptions & { readonly partial?: false | undefined },
  ): Promise<boolean>;
  insertMany(entries: Iterable<readonly [K, I]>, options?: InsertManyOptions): Promise<K[] | boolean>;
  async insertMany(entries: Iterable<readonly [K, I]>, options?: InsertManyOptions): Promise<K[] | boolean> {
    checkCallOptions(options, insertManyOptionNames);
    const partial = options?.partial ?? false;
    mustBe(typeof partial === 'boolean', 'partial', 'true or false', partial);
    if (isAsyncIterable(entries)) throw streamOfInserts();
    const executor = this.#executor();
    const batch = entriesFrom(entries, this.#handle, this.#placement);
    mustBeDistinct(batch);
    const { keys, values, bytes } = batch;
    const mode = partial ? 'absent' : 'all';
    const present = await executor.insertMany(this.#handle, keys, values, bytes, mode, options);
    if (!partial) return present.length === 0;
    return present.map((position) => fromStorageKey((keys[position] as PlacedKey).key) as K);
  }

  /**
   * Puts what `fn` answers in the place of the current value, undefined removes the key; answers the new value. A
   * transaction of this key: `fn` runs here, while the key is locked, and may run more than once, so it should touch
   * nothing but the grid. When it throws, nothing is written and you get its error.
   */
  update(key: K, fn: (current: V | undefined) => I | Promise<I>, options?: CallOptions): Promise<V>;
  update(
    key: K,
    fn: (current: V | undefined) => I | undefined | Promise<I | undefined>,
    options?: CallOptions,
  ): Promise<V | undefined>;
  update(
    key: K,
    fn: (current: V | undefined) => I | undefined | Promise<I | undefined>,
    options?: CallOptions,
  ): Promise<V | undefined> {
    try {
      checkCallOptions(options);
      mustBeFunction(fn, 'fn');
      const { definition } = this.#handle;
      const change = async (current: unknown): Promise<unknown> =>
        copyToPut(await fn(current as V | undefined), 'the answer of fn', definition);
      return this.#change(key, toStorageKey(key), change, options) as Promise<V | undefined>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Removes these keys, all or nothing; how many were there. */
  deleteMany(keys: Iterable<K>, options?: CallOptions): Promise<number> {
    return this.#withKeys('deleteMany', keys, options) as Promise<number>;
  }

  /**
   * Stores and removes what comes from `source`, in pages for each partition and in constant memory; see `LoadOptions`.
   * Each page is written at least once. What couldn't be written is reported in the result and the rest goes on; an
   * error of the source rejects, and what was written stays. Not in a transaction. `receiver`: gets the pages instead.
   */
  load<I, A>(source: LoadSource<K, I>, options: ReceiverLoadOptions<K, I, A>): Promise<LoadResult>;
  load(source: LoadSource<K, I>, options?: LoadOptions): Promise<LoadResult>;
  async load(source: LoadSource<K, unknown>, options?: LoadOptions): Promise<LoadResult> {
    return loadInto(this.#handle, this.#placement, this.#executor(), this.#loads, source, options);
  }

  /** How many entries the table has, or the range that the options name (see `entries`). */
  size(options?: ScanOptions<K>): Promise<number> {
    try {
      const range = scanRangeOf(options as ScanOptions<Key> | undefined, this.#placement);
      return this.#executor().size(this.#handle, options, range);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Removes every entry, all or nothing. */
  clear(options?: CallOptions): Promise<void> {
    try {
      checkCallOptions(options);
      return this.#executor().clear(this.#handle, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * All entries of one moment, in no particular order, page by page in constant memory. Leaving early frees
   * everything. `timeoutMs` bounds each page. An iteration of more than a minute ends with SNAPSHOT_TOO_OLD.
   *
   * `from` (inclusive), `to` (exclusive) or `prefix` name a range of keys, `affinity` one affinity key; only what is
   * asked for leaves its owner. Keys go in the order booleans, numbers, bigints, strings, tuples.
   *
   * @example
   * for await (const [[, at], play] of grid.table(plays).entries({ prefix: [customer], affinity: customer })) …
   */
  entries(options?: ScanOptions<K>): AsyncIterableIterator<[K, V]> {
    return this.#iterate(ScanPart.entries, options, entryAt) as AsyncIterableIterator<[K, V]>;
  }

  /** All keys of one moment; see `entries`. */
  keys(options?: ScanOptions<K>): AsyncIterableIterator<K> {
    return this.#iterate(ScanPart.keys, options, keyAt) as AsyncIterableIterator<K>;
  }

  /** All values of one moment; see `entries`. */
  values(options?: ScanOptions<K>): AsyncIterableIterator<V> {
    return this.#iterate(ScanPart.values, options, valueAt) as AsyncIterableIterator<V>;
  }

  #put(op: OneKeyOp, key: K, value: I, options: CallOptions | undefined): Promise<unknown> {
    try {
      if (value === undefined) throw undefinedValue();
      const copy = copyToStore(value, 'value', this.#handle.definition);
      return this.#one(op, key, [copy], copiedBytes(), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #one(
    op: OneKeyOp,
    key: K,
    args: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    try {
      if (options !== undefined) checkCallOptions(options);
      return this.#send(op, key, args, bytes, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #send(
    op: OneKeyOp,
    key: K,
    args: readonly unknown[],
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const stored = toStorageKey(key);
    const partition = this.#placement.partitionOf(this.#handle.definition, key, stored);
    return this.#executor().one(op, this.#handle, stored, partition, args, bytes, options);
  }

  #change(
    key: K,
    stored: StorageKey,
    change: ValueChange,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const partition = this.#placement.partitionOf(this.#handle.definition, key, stored);
    return this.#executor().update(this.#handle, stored, partition, change, options);
  }

  #withKeys(
    method: 'getMany' | 'deleteMany',
    keys: Iterable<K>,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    try {
      checkCallOptions(options);
      const placed = keysFrom(keys, this.#handle, this.#placement);
      return this.#executor()[method](this.#handle, placed, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The executor is chosen now, at the call; nothing is sent before the first step. */
  #iterate(
    part: ScanPart,
    options: ScanOptions<K> | undefined,
    itemAt: ItemReader,
  ): AsyncIterableIterator<unknown> {
    const step = part === ScanPart.entries ? 2 : 1;
    try {
      const range = scanRangeOf(options as ScanOptions<Key> | undefined, this.#placement);
      const executor = this.#executor();
      return itemsOf(() => executor.scan(this.#handle, part, options, range), step, itemAt);
    } catch (error) {
      return itemsOf(() => rethrow(error), step, itemAt);
    }
  }
}

function rethrow(error: unknown): never {
  throw error;
}

function undefinedValue(): InvalidArgumentError {
  return new InvalidArgumentError(
    'value must not be undefined, which means "absent"; use delete() to remove an entry',
    { details: { argument: 'value' } },
  );
}

function streamOfInserts(): InvalidArgumentError {
  return new InvalidArgumentError(
    'entries must not be a stream: insertMany stores all of its entries in one transaction; collect them first, or use setMany, which writes a stream in pieces',
    { details: { argument: 'entries' } },
  );
}

function isAsyncIterable<T>(value: unknown): value is AsyncIterable<T> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
