/** What users hold inside a transaction, and the options they begin one with. */
import type { CallOptions, Key, Table, TableDefinition, TableKey } from '@troupe/core';
import type { Durability } from '../protocol/decision.ts';
import type { TransactionId } from '../protocol/status-word.ts';

export interface Transaction {
  /** Unique in the grid; a new one for every attempt. */
  readonly id: TransactionId;
  /** 1 for the first attempt; the body runs again after a lost conflict. */
  readonly attempt: number;
  readonly label: string | undefined;
  readonly readOnly: boolean;
  /** For a read-only transaction: the moment it reads, which `asOf` takes. */
  readonly readTimestamp: number | undefined;
  /** A table as this transaction sees it: its own writes included, everything it reads protected until the end. */
  table<K extends Key, V, I = V>(definition: TableDefinition<K, V, I>): Table<K, V, I>;
  /**
   * A nested transaction: part of this one, but its own failure undoes only what it wrote, so the outer body may
   * catch the error and go on. Locks taken inside stay until the end of the outer one.
   */
  transaction<T>(body: TransactionBody<T>, options?: NestedOptions): Promise<T>;
}

/** A transaction that its user ends. Disposal rolls back what was not committed. */
export interface ExplicitTransaction extends Transaction, AsyncDisposable {
  /** Resolves when everything it wrote is in place. Throws when it was aborted or has ended, and says why. */
  commit(): Promise<void>;
  /** Undoes everything. Does nothing after the end. */
  rollback(): Promise<void>;
}

export type TransactionBody<T> = (transaction: Transaction) => T | Promise<T>;

/** Keys to lock before the body runs: in any order, also twice. `'all'`: nobody else reads or writes anything. */
export type DeclaredKeys = readonly TableKey[] | 'all';

/** Options of a transaction that joins another. When `timeoutMs` or `signal` end it, they end the outer one, too. */
export interface NestedOptions extends CallOptions {
  readonly keys?: DeclaredKeys;
  /** Refuses writes inside. */
  readonly readOnly?: boolean;
}

/** Where a transaction joins another one, `retries`, `label`, `priority` and `durability` are the outer one's. */
export interface TransactionOptions extends NestedOptions {
  /** Attempts after the first, when it lost a conflict. Default: until the deadline. */
  readonly retries?: number;
  /** Reads one moment of the whole grid, takes no locks, and refuses writes. */
  readonly readOnly?: boolean;
  /**
   * With `readOnly`: reads the grid as it was at this timestamp, the `readTimestamp` of an earlier read-only transaction.
   * How far back it may be is the grid's option `retentionMs`. Rejects with SNAPSHOT_TOO_OLD beyond that.
   */
  readonly asOf?: number;
  /** A name for errors and views. */
  readonly label?: string;
  /**
   * A whole number from -10 to 10, default 0. In conflicts over locks it counts as begun earlier by about a second of
   * full load for each level, so it goes before those, and gives way to these, that it would else have met as equals.
   */
  readonly priority?: number;
  /**
   * Names this call: repeated under the same key within `idempotencyRetentionMs`, it answers what it answered the first
   * time and does nothing. At most 256 characters; not for a transaction that joins another or is read-only.
   */
  readonly idempotencyKey?: string;
  /**
   * What this call waits for where the grid has storage; the grid's option `durability` by default. `'flushed'`: that its
   * writes survive a power loss. `'buffered'`: that their place in the log is certain; they are durable a moment later, and
   * others may read them before. Without storage it means nothing.
   */
  readonly durability?: Durability;
  /** Inside another transaction's body: begin a separate one instead of joining it. */
  readonly independent?: boolean;
}

/** Options of an explicit transaction: the deadline and the signal bound its whole life. */
export interface BeginOptions extends CallOptions {
  readonly readOnly?: boolean;
  /** As in `TransactionOptions`. */
  readonly asOf?: number;
  readonly label?: string;
  /** As in `TransactionOptions`. */
  readonly priority?: number;
  /** As in `TransactionOptions`. */
  readonly durability?: Durability;
}

/** Options of `runWith`. Where the procedure joins a transaction, `priority` is the outer one's. */
export interface RunOptions extends CallOptions {
  /** As in `TransactionOptions`. */
  readonly priority?: number;
  /** As in `TransactionOptions`. */
  readonly idempotencyKey?: string;
  /** As in `TransactionOptions`. */
  readonly durability?: Durability;
}
