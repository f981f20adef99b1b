/**
 * The storage port: what keeps the data of a grid beyond the life of a thread, or of the process. An engine runs on
 * the grid's storage thread, which runs no user code and is never terminated, and is told there what to keep: commits,
 * each whole or not at all, in the order in which they were decided. It never learns what a value means: keys and
 * values come as bytes (`stored-writes.ts`).
 */
import type { PartitionId, Timestamp } from '../mesh/shared-state.ts';

/** What the option `storage` of a grid takes: which engine to open, and how. Made by the engine's package. */
export interface Storage {
  readonly kind: 'storage';
  /** For messages: 'lmdb'. */
  readonly name: string;
  /** URL of the module that exports `openStorage`, an `OpenStorage`. Imported on the storage thread only. */
  readonly module: string;
  /** Handed to it; survives a structured clone. */
  readonly options: unknown;
}

/** Whose thread an engine runs on: its own, which it may hold up for a flush, or the service's (`threads: 0`). */
export type StorageThread = 'own' | 'service';

/** Throws StorageError: in use, not writable, not ours, too new, another shape, damaged. */
export type OpenStorage = (
  options: unknown,
  shape: StorageShape,
  progress: (report: RecoveryProgress) => void,
  thread: StorageThread,
) => Promise<StorageEngine>;

/** What a grid is about to keep. What is stored must suit it. */
export interface StorageShape {
  readonly partitionCount: number;
  /** What has rows: `table accounts`, `actor cart`, `idempotency`. In no particular order. */
  readonly tables: readonly string[];
}

export interface RecoveryProgress {
  readonly phase: 'checkpoint' | 'log';
  readonly done: number;
  readonly total: number;
}

/** A commit as it is kept. */
export interface StoredCommit {
  readonly id: number;
  readonly timestamp: Timestamp;
  /** [partition, incarnation, writes, 0, …]: what `stored-writes.ts` makes, or undefined where nothing was written. */
  readonly parts: readonly unknown[];
}

export interface StorageEngine {
  /** Of the process that used it before, undefined for a new one. */
  readonly startEpoch: number | undefined;
  /** The largest timestamp of a commit; 0 for a new one. */
  readonly lastTimestamp: Timestamp;
  /** For each of the shape's tables the number it has in this storage, the same in every later process. */
  readonly tableNumbers: readonly number[];

  /** Resolves when it is durable. */
  raiseStartEpoch(epoch: number): Promise<void>;

  /**
   * Keeps commits behind all others; resolves when they are durable. May be called again before; resolves in order.
   * Rejects with StorageError STORAGE_FULL when there is no room, and nothing of these commits was or will be kept:
   * later calls may succeed. Any other rejection is for good: what was not acknowledged is unknown, and every later
   * call rejects at once.
   */
  append(commits: readonly StoredCommit[]): Promise<void>;

  /**
   * What a partition holds after every commit that was given to `append` before this call, in pages that
   * `walkStoredPage` reads. Called when nothing more can come for this partition until it has been read; it is read
   * page by page, over many turns, while commits of other partitions go on.
   */
  readPartition(partition: PartitionId): Iterator<Uint8Array>;

  /** A copy that is consistent at one timestamp, while commits go on. `path`: a folder that isn't there yet. */
  backup(path: string): Promise<void>;

  /** What was appended stays; nothing is called afterwards. */
  close(): Promise<void>;
}
