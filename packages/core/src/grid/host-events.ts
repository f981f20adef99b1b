/**
 * What happens to hosts, for those who listen: `grid.on(…)` and the diagnostics channel `troupe.host`. Delivered in
 * order, each in a microtask of its own, so that a listener that throws breaks nothing but itself.
 */
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { ActorFailed } from '../actor/failure/failure-notices.ts';
import { mustBe, mustBeFunction } from '../errors/argument.ts';
import type { PartitionId } from '../mesh/shared-state.ts';

export interface PartitionsLost {
  readonly host: number;
  /** The incarnation of the host that ended. */
  readonly incarnation: number;
  readonly partitions: readonly PartitionId[];
  /** False in a grid with storage: everything that was acknowledged comes back with them. */
  readonly dataLost: boolean;
  /** Why the thread ended; `cause` is the error that ended it, where there was one. */
  readonly error: Error;
}

export interface PartitionsRestored {
  readonly host: number;
  /** The incarnation of the host that serves now. */
  readonly incarnation: number;
  readonly partitions: readonly PartitionId[];
  /** False in a grid with storage: they hold everything that was acknowledged. Else they begin empty. */
  readonly dataLost: boolean;
}

export interface HostFailed {
  readonly host: number;
  readonly partitions: readonly PartitionId[];
  /** Why the last attempt failed. */
  readonly error: Error;
}

/** A job that a blocked thread is busy with, or may be. */
export interface BlockedJob {
  readonly execution: number;
  readonly job: string;
}

export interface HostBlocked {
  readonly host: number;
  readonly incarnation: number;
  /** How long its event loop has not turned, at least. */
  readonly blockedMs: number;
  /** One job: that is it. Several: one of them, going on after an await. None: something else, such as an actor. */
  readonly jobs: readonly BlockedJob[];
  /** The thread is killed for it (`onBlocked: 'terminate'`). */
  readonly terminated: boolean;
}

/** How far a grid with storage is in bringing back what was stored: the engine first, then each host. */
export interface Recovering {
  /** `checkpoint` and `log`: the engine reads its files; `done` and `total` in its own units. */
  readonly phase: 'checkpoint' | 'log' | 'partitions';
  /** Which host has read so many of its partitions. */
  readonly host?: number;
  readonly done: number;
  readonly total: number;
}

export interface StorageFailed {
  readonly error: Error;
}

export interface GridEvents {
  /** A host's thread has ended. Its partitions can't be reached until it is restored. */
  readonly partitionsLost: PartitionsLost;
  /** A new thread serves the partitions of a host that was lost. */
  readonly partitionsRestored: PartitionsRestored;
  /** A host could not be started again; it is given up. */
  readonly hostFailed: HostFailed;
  /** A host's thread is kept from everything else for longer than `blockedMsMax`. Once for each time it is. */
  readonly hostBlocked: HostBlocked;
  /** Stored data is being read. The start's own reports come before there is a grid: on `troupe.host` only. */
  readonly recovering: Recovering;
  /** The storage has failed: nothing is written any more until the grid is started again; reads go on. */
  readonly storageFailed: StorageFailed;
  /** An actor was stopped because its supervision escalated a failure. */
  readonly actorFailed: ActorFailed;
}

export type GridEventName = keyof GridEvents;

/** What subscribers of the diagnostics channel `troupe.host` get. */
export type HostDiagnostics = {
  [Name in GridEventName]: { readonly event: Name } & GridEvents[Name];
}[GridEventName];

const diagnostics = channel('troupe.host');

export class HostEvents {
  readonly #emitter = new EventEmitter();

  on<Name extends GridEventName>(event: Name, listener: (details: GridEvents[Name]) => void): void {
    checkListener(event, listener);
    this.#emitter.on(event, listener);
  }

  off<Name extends GridEventName>(event: Name, listener: (details: GridEvents[Name]) => void): void {
    checkListener(event, listener);
    this.#emitter.off(event, listener);
  }

  emit<Name extends GridEventName>(event: Name, details: GridEvents[Name]): void {
    queueMicrotask(() => this.#emitter.emit(event, details));
    if (diagnostics.hasSubscribers) diagnostics.publish({ event, ...details });
  }

  removeAll(): void {
    this.#emitter.removeAllListeners();
  }
}

const eventNames: readonly GridEventName[] = [
  'partitionsLost',
  'partitionsRestored',
  'hostFailed',
  'hostBlocked',
  'recovering',
  'storageFailed',
  'actorFailed',
];

function checkListener(event: string, listener: unknown): void {
  mustBe(
    eventNames.some((name) => name === event),
    'event',
    `one of ${eventNames.join(', ')}`,
    event,
  );
  mustBeFunction(listener, 'listener');
}
