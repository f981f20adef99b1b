/**
 * The port through which a partition asks before it touches data. Core serves plain operations and snapshot reads;
 * whether one may run now is the concurrency control's to say (locks, in the transactions package). Core works
 * without one: then everything may run at once.
 *
 * Asking and waiting are two calls, so that the common case, a free key, builds no closure.
 */
import { InvariantError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';
import type { Timestamp } from '../mesh/shared-state.ts';
import type { Version } from './table-versions.ts';

/** What a plain operation does with its key. */
export type KeyAccess = 'read' | 'write';

/** A wait that the caller may give up. */
export interface Waiting {
  /** The operation must not run any more. Means nothing once it has run. */
  cancel(): void;
}

/** Told once a write is durable and in place, or with why it isn't; then nothing was written. */
export type Kept = (error?: Error) => void;

/** How a partition makes what it writes itself durable. */
export interface KeptWrites {
  /**
   * Makes a write durable, then puts it in place. Within the turn in which `isFree` said yes or `resume` was called; the
   * key is locked until `kept` is called. `known`: the newest version of the key, if it has just been read.
   */
  keepKey(table: number, key: StorageKey, value: unknown, kept: Kept, known?: Version): void;
  /** Makes the state of an actor durable, a copy that nobody changes. No turn of it may begin meanwhile. */
  keepState(table: number, key: StorageKey, state: unknown, kept: Kept): void;
}

export interface PartitionConcurrency {
  /** May a plain operation that ends within this turn touch this key now? */
  isFree(table: number, key: StorageKey, access: KeyAccess): boolean;

  /**
   * Queues a plain operation whose key isn't free in the line of that key, at its own age. `resume` is called once,
   * when the operation may run, and does the whole operation within that call; mostly later, but within this call when
   * what was in the way is younger and gives way. Throws OverloadedError (QUEUE_FULL) when the line is full; then
   * nothing was queued.
   */
  wait(table: number, key: StorageKey, access: KeyAccess, resume: () => void): Waiting;

  /**
   * May what this table holds at `snapshot` be read now? Yes unless a writer of this key (any key of the table when
   * `key` is undefined) may have committed at or before it and isn't installed yet. A yes stays a yes: later writers
   * commit after the snapshot.
   */
  isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean;

  /** Waits for such a writer; `resume` as in `wait`, but the caller asks `isSettled` again. */
  waitSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp, resume: () => void): Waiting;

  /** Puts in place what is committed by now and was not when its writes came: before a read that takes no locks. */
  catchUp(): void;

  /** Set where nothing may be seen before it is durable: then writes go this way instead of to the store. */
  readonly writes?: KeptWrites | undefined;
}

/** No control: single-threaded turns are all the isolation there is. */
export const noConcurrencyControl: PartitionConcurrency = {
  isFree: () => true,
  wait: neverWaits,
  isSettled: () => true,
  waitSettled: neverWaits,
  catchUp: () => undefined,
};

function neverWaits(): never {
  throw new InvariantError('an operation waits in a partition without concurrency control');
}
