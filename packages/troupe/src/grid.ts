/** The grid as a service holds it: the client of the main thread, the hosts behind it, and the end of both. */
import {
  type ActorLost,
  type Client,
  type CoreGrid,
  checkOptions,
  type DeadLetterViews,
  type GridEventName,
  type GridEvents,
  type HostRow,
  mustBeFunction,
} from '@troupe/core';
import type { WiredMember } from './wire-member.ts';

export interface Grid extends Client, AsyncDisposable {
  /** Listens to what happens to hosts: `partitionsLost`, `partitionsRestored`, `hostFailed`, `hostBlocked`, `recovering`,
   * `storageFailed`; and of actors `actorFailed`. */
  on<Name extends GridEventName>(event: Name, listener: (details: GridEvents[Name]) => void): Grid;
  off<Name extends GridEventName>(event: Name, listener: (details: GridEvents[Name]) => void): Grid;
  /**
   * Calls `listener` once when the memory of an actor is lost with its thread, unless the answer is called before. The
   * actor begins anew with its next message. Throws INVALID_ARGUMENT for what is no reference.
   *
   * @example
   * const unwatch = grid.watch(grid.actor(cart, 'alice'), ({ actor, key, host }) => reload(key));
   */
  watch(reference: object, listener: (lost: ActorLost) => void): () => void;
  /** Messages that nobody waited for and that came to nothing: what was thrown, sending them again, dropping them. */
  readonly deadLetters: DeadLetterViews;
  /** The host threads as they are now. */
  hosts(): HostRow[];
  /** Kills the thread of a host as a fault would, to test what a fault does. Resolves when the thread is gone. */
  terminateHost(host: number): Promise<void>;
  /**
   * Copies everything that is stored to a folder that isn't there yet, as it is at one moment, while the grid goes on.
   * Rejects with INVALID_ARGUMENT in a grid without `storage`, and with a StorageError.
   */
  backup(path: string): Promise<void>;
  /**
   * Refuses new work (GRID_CLOSED), lets running work finish within `timeoutMs` (default 10,000), ends all threads.
   * The same promise when called again. Afterwards nothing of the grid keeps the process alive.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

export function makeGrid(core: CoreGrid<WiredMember>): Grid {
  const { client, compute } = core.api;
  compute.watchThreads({
    blocked: (report) => core.emit('hostBlocked', report),
    terminate: (host) => void core.terminateHost(host),
  });
  core.api.onActorFailed((failed) => core.emit('actorFailed', failed));
  let closing: Promise<void> | undefined;
  const close = (options: { readonly timeoutMs?: number } = {}): Promise<void> => {
    try {
      checkOptions(options, 'options', ['timeoutMs']);
      // Asked each time, so that a wrong time is refused each time.
      const closed = core.close(options);
      closing ??= closed.then(() => core.api.close());
      return closing;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
  const grid: Grid = {
    ...client,
    on(event, listener) {
      core.on(event, listener);
      return grid;
    },
    off(event, listener) {
      core.off(event, listener);
      return grid;
    },
    watch: (reference, listener) => core.api.watch(reference, mustBeFunction(listener, 'listener')),
    deadLetters: core.api.deadLetters,
    hosts: () => core.hosts(),
    terminateHost: (host) => core.terminateHost(host),
    backup: (path) => core.backup(path),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
  return grid;
}
