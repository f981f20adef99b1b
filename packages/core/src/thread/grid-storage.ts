/**
 * The storage of a grid as its main thread has it: opened before anything else starts, closed after everything else. On
 * a thread of its own, or with `threads: 0` on that of the service, reached through links in memory.
 */
import { MessageChannel } from 'node:worker_threads';
import type { Definitions } from '../definition/definitions.ts';
import type { ErrorRegistry } from '../errors/error-codec.ts';
import type { StorageError } from '../errors/errors.ts';
import type { StorageMembership } from '../grid/core-member.ts';
import { connectInMemory, type InlineWorld } from '../grid/inline-world.ts';
import { StorageHost, type WireStorage } from '../grid/storage-host.ts';
import { callMemoryBytes } from '../mesh/call-memory.ts';
import type { Member } from '../mesh/member.ts';
import { identityOf, type MemberIdentity } from '../mesh/peer.ts';
import type { MemberId, SharedState, Timestamp } from '../mesh/shared-state.ts';
import type { RecoveryProgress, Storage } from '../storage/storage-engine.ts';
import { storageShapeOf } from '../storage/stored-tables.ts';
import type { PeerConnection } from './control-messages.ts';
import { deferred, settlesWithin } from './deferred.ts';
import { connectPeer } from './mesh-wiring.ts';
import { StorageRun } from './storage-run.ts';

/** What a grid is given to keep its data. */
export interface StorageSettings {
  readonly storage: Storage;
  readonly durability: 'flushed' | 'buffered';
  readonly flushWithinMs: number;
}

/** What the package that completes core hands in. */
export interface StorageWiring {
  /** The module that runs `runStorage` with the same wiring and what it finds in its `workerData`. */
  readonly entry: URL;
  readonly wire: WireStorage;
}

export interface GridStorage {
  readonly membership: StorageMembership;
  readonly clockStart: Timestamp;
  /** Resolves when it can't be reached any more, before it was closed. */
  readonly lost: Promise<StorageError>;
  /** Resolves with why when nothing is written any more. */
  readonly failed: Promise<Error>;
  /** Joins the mesh; `main` is connected. */
  serve(main: Member, memoryBytes: number): void;
  /** Connects a new incarnation of a host, and answers its end of the link. */
  connectHost(host: MemberIdentity): PeerConnection;
  /** The same for a host on this thread. */
  connectInline(host: Member): void;
  hostLost(host: MemberId, incarnation: number): void;
  backup(path: string): Promise<void>;
  close(deadlineMs: number): Promise<void>;
}

export interface StorageOpening extends StorageSettings {
  readonly wiring: StorageWiring;
  readonly definitions: Definitions;
  readonly partitions: number;
  readonly threads: number;
  readonly member: MemberId;
  readonly errors: ErrorRegistry;
  /** Where the hosts are with `threads: 0`. */
  readonly world: InlineWorld;
  readonly progress: (report: RecoveryProgress) => void;
}

/** Opens the storage. Throws StorageError. */
export function openGridStorage(opening: StorageOpening): Promise<GridStorage> {
  return opening.threads === 0 ? InlineStorage.open(opening) : ThreadStorage.open(opening);
}

function membershipOf(
  { member, durability }: StorageOpening,
  tableNumbers: readonly number[],
): StorageMembership {
  return { member, tableNumbers, durability };
}

function newIdentity(id: MemberId, memoryBytes: number): MemberIdentity {
  return {
    id,
    incarnation: 1,
    memory: new SharedArrayBuffer(memoryBytes),
    callMemory: new SharedArrayBuffer(callMemoryBytes),
  };
}

function sharedMemoryOf({ buffer, partitionCount, memberCount }: SharedState): {
  readonly buffer: SharedArrayBuffer;
  readonly partitionCount: number;
  readonly memberCount: number;
} {
  return { buffer, partitionCount, memberCount };
}

class ThreadStorage implements GridStorage {
  readonly membership: StorageMembership;
  readonly clockStart: Timestamp;
  readonly lost: Promise<StorageError>;
  readonly failed: Promise<Error>;
  readonly #run: StorageRun;
  #identity: MemberIdentity | undefined;

  static async open(opening: StorageOpening): Promise<ThreadStorage> {
    const { wiring, storage, definitions, partitions, flushWithinMs, errors, progress } = opening;
    const run = new StorageRun({
      entry: wiring.entry,
      storage,
      shape: storageShapeOf(definitions, partitions),
      settings: { flushWithinMs },
      errors,
      progress,
    });
    try {
      const { clockStart, tableNumbers } = await run.opened();
      return new ThreadStorage(run, membershipOf(opening, tableNumbers), clockStart);
    } catch (error) {
      await run.close(0);
      throw error;
    }
  }

  private constructor(run: StorageRun, membership: StorageMembership, clockStart: Timestamp) {
    this.#run = run;
    this.lost = run.lost;
    this.failed = run.failed;
    this.membership = membership;
    this.clockStart = clockStart;
  }

  serve(main: Member, memoryBytes: number): void {
    const identity = newIdentity(this.membership.member, memoryBytes);
    this.#identity = identity;
    this.#run.serve(identity, sharedMemoryOf(main.shared));
    const { identity: other, port } = this.connectHost(identityOf(main));
    connectPeer(main, other, port);
  }

  connectHost(host: MemberIdentity): PeerConnection {
    const { port1, port2 } = new MessageChannel();
    this.#run.connect({ identity: host, port: port1 });
    return { identity: this.#identity as MemberIdentity, port: port2 };
  }

  connectInline(): void {
    throw new TypeError('a grid with threads has no host on the thread of the service');
  }

  hostLost(host: MemberId, incarnation: number): void {
    this.#run.memberLost(host, incarnation);
  }

  backup(path: string): Promise<void> {
    return this.#run.backup(path);
  }

  close(deadlineMs: number): Promise<void> {
    return this.#run.close(deadlineMs);
  }
}

class InlineStorage implements GridStorage {
  readonly membership: StorageMembership;
  readonly clockStart: Timestamp;
  readonly lost = new Promise<never>(() => undefined);
  readonly failed: Promise<Error>;
  readonly #failed = deferred<Error>();
  readonly #host: StorageHost;
  readonly #world: InlineWorld;
  #member: Member | undefined;

  static async open(opening: StorageOpening): Promise<InlineStorage> {
    const { wiring, storage, definitions, partitions, flushWithinMs, progress } = opening;
    const shape = storageShapeOf(definitions, partitions);
    const host = await StorageHost.open(
      { storage, shape, settings: { flushWithinMs } },
      wiring.wire,
      progress,
      'service',
    );
    return new InlineStorage(host, opening);
  }

  private constructor(host: StorageHost, opening: StorageOpening) {
    this.#host = host;
    this.#world = opening.world;
    this.failed = this.#failed.promise;
    this.membership = membershipOf(opening, host.opened.tableNumbers);
    this.clockStart = host.opened.clockStart;
  }

  serve(main: Member, memoryBytes: number): void {
    const identity = newIdentity(this.membership.member, memoryBytes);
    this.#member = this.#world.makeMember(identity, main.shared, main.errors);
    this.#host.serve(this.#member, (error) => this.#failed.resolve(error));
    connectInMemory(main, this.#member, this.#world);
  }

  connectHost(): PeerConnection {
    throw new TypeError('a grid without threads has no host on another one');
  }

  connectInline(host: Member): void {
    if (this.#member !== undefined) connectInMemory(host, this.#member, this.#world);
  }

  hostLost(host: MemberId, incarnation: number): void {
    this.#member?.lose(host, incarnation);
  }

  backup(path: string): Promise<void> {
    return this.#host.backup(path);
  }

  async close(deadlineMs: number): Promise<void> {
    await settlesWithin(this.#host.close(), deadlineMs - performance.now());
  }
}
