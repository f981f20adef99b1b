/**
 * What the checkpoint is kept in: entries in the order of their keys, beside one record of state. A port, so that tests
 * can lose what was not flushed; `lmdb-store.ts` is the one in use.
 */
export interface OrderedStore {
  /** Queued. All writes take effect in order: what survives a crash is a prefix of them. */
  put(key: Uint8Array, value: Uint8Array): void;
  remove(key: Uint8Array): void;
  /** Queued like any other write. */
  putState(state: Uint8Array): void;
  getState(): Uint8Array | undefined;
  /** What was queued can be read. Rejects when it can't be written, and nothing may be written afterwards. */
  written(): Promise<void>;
  /** What was queued is durable. */
  flushed(): Promise<void>;
  /** In order, from `start` on (`isExclusive`: behind it), before `end`. To be used up within the turn. */
  range(range: StoreRange): Iterable<StoreEntry>;
  /** Entries that `range` would find. */
  countIn(range: StoreRange): number;
  /** Entries there are, as the store has it in its books. */
  count(): number;
  /** A copy of what was written, as a file that isn't there yet. */
  copyTo(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface StoreRange {
  readonly start: Uint8Array;
  readonly isExclusive: boolean;
  readonly end: Uint8Array;
}

export interface StoreEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}
