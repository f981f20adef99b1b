/**
 * The port through which concurrency control sees the actors of a partition. A transaction holds an actor's key in the
 * hidden table of its type (`actor-table.ts`) while it works on a copy of the state; the lock keeps ordinary turns
 * from beginning, and this port tells whether one is still under way: it can't be undone, and half of it must not be
 * seen.
 */
import type { StorageKey } from '../key/key.ts';

export interface ActorStates {
  /** False while a turn of this actor is under way; of any actor of the type when `key` is undefined. */
  isAtRest(table: number, key: StorageKey | undefined): boolean;
  /** Calls `resume` once, when a turn that is under way there has ended; ask `isAtRest` again then. */
  whenAtRest(table: number, key: StorageKey | undefined, resume: () => void): void;
  /** Makes `state` the live state of an actor, activating it. The caller gives the value away. */
  install(table: number, key: StorageKey, state: unknown): void;
}
