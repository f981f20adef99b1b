/**
 * Starts a grid up to the point where layers are plugged in: options checked, modules loaded, the client member wired,
 * hosts running and connected. Either all of it works or nothing is left behind.
 */

import type { Definition } from '../definition/definition.ts';
import type { Definitions } from '../definition/definitions.ts';
import { ErrorRegistry } from '../errors/error-codec.ts';
import { InvariantError } from '../errors/errors.ts';
import { restartBackoffMs, restartBackoffMsMax, restartHealthyMs, restartsInARowMax } from '../limits.ts';
import { callMemoryBytes } from '../mesh/call-memory.ts';
import { SharedState } from '../mesh/shared-state.ts';
import { OwnedPartitions } from '../partition/partition.ts';
import { Placement } from '../partition/placement.ts';
import { RetentionFloor, retentionTime } from '../partition/retention-floor.ts';
import { TableOp } from '../table/messages.ts';
import { type GridStorage, openGridStorage, type StorageWiring } from '../thread/grid-storage.ts';
import { HostSupervisor, type RestartPolicy } from '../thread/host-supervisor.ts';
import { importInTime } from '../thread/import-in-time.ts';
import { importModule, refuseInsideImport } from '../thread/import-module.ts';
import { loadDefinitions } from '../thread/load-definitions.ts';
import type { ThreadFactory } from '../thread/thread-factory.ts';
import { workerThreads } from '../thread/worker-threads.ts';
import { CoreGrid } from './core-grid.ts';
import type { CoreMember, Wired, WireMember } from './core-member.ts';
import { type CheckedOptions, type CoreOptions, checkCoreOptions } from './core-options.ts';
import { HostEvents } from './host-events.ts';
import { InlineHosts } from './inline-hosts.ts';
import { eventLoopWorld, type InlineWorld } from './inline-world.ts';

/** What the package that completes core hands in; users don't see it. */
export interface CoreWiring<Api extends Wired> {
  /** Plugs the layers into a member, here and (through `hostEntry`) on every host's thread. */
  readonly wire: WireMember<Api>;
  /** The module whose function `hostExport` passes its argument and the same wiring to `runHost`. */
  readonly hostEntry: URL;
  readonly hostExport: string;
  /** Size of the memory that each incarnation of a member shares with everybody. */
  readonly memberMemoryBytes: number;
  /** For every member, on every thread: must survive a structured clone. */
  readonly settings?: unknown;
  /** Options that the facade has checked itself. */
  readonly otherOptionNames?: readonly string[];
  /** Needed for grids with storage. */
  readonly storage?: StorageWiring;
  /** Default: the limits of `limits.ts`. */
  readonly restart?: RestartPolicy;
  /** Where the hosts of a grid with `threads: 0` live. Default: the event loop, with one host. */
  readonly world?: InlineWorld;
  /** Other code for some definitions, on grids without threads only. */
  readonly standIns?: ReadonlyMap<Definition, Definition>;
}

/** Starts a grid. Throws InvalidArgumentError, ModuleLoadError, DefinitionError or TimeoutError. */
export async function startCore<Api extends Wired>(
  options: CoreOptions,
  wiring: CoreWiring<Api>,
): Promise<CoreGrid<Api>> {
  refuseInsideImport();
  const checked = checkCoreOptions(options, wiring.otherOptionNames);
  const events = new HostEvents();
  const { core, storage } = await makeClient(checked, wiring, events);
  let retention: RetentionFloor | undefined;
  try {
    storage?.serve(core.member, wiring.memberMemoryBytes);
    void storage?.failed.then((error) => events.emit('storageFailed', { error }));
    const api = wiring.wire(core);
    retention = startRetention(core, checked.retentionMs);
    const parts = { api, core, events, closeTimeoutMs: checked.closeTimeoutMs, retention, storage };
    if (checked.threads === 0) {
      const inline = new InlineHosts({
        client: core,
        wire: wiring.wire,
        memoryBytes: wiring.memberMemoryBytes,
        events,
        world: wiring.world ?? eventLoopWorld,
        storage,
      });
      await inline.start();
      return new CoreGrid({ ...parts, hosts: { kind: 'inline', inline } });
    }
    if (checked.keepWarmMs > 0) core.member.keepWarm(checked.keepWarmMs);
    const supervisor = await makeSupervisor(core, checked, wiring, events, storage);
    watchStorage(core, supervisor, storage);
    await supervisor.start();
    return new CoreGrid({ ...parts, hosts: { kind: 'threads', supervisor } });
  } catch (error) {
    retention?.stop();
    core.member.close();
    await storage?.close(performance.now() + checked.closeTimeoutMs);
    throw error;
  }
}

/** Its thread runs no user code and should never end; if it does, everybody learns that nothing is kept any more. */
function watchStorage(
  { member }: CoreMember,
  supervisor: HostSupervisor,
  storage: GridStorage | undefined,
): void {
  void storage?.lost.then((error) => {
    const { member: id } = storage.membership;
    member.lose(id, 1, error);
    supervisor.storageLost(id);
  });
}

/** Before any host runs, so that nothing is dropped that belongs to the retention. */
function startRetention({ member, placement }: CoreMember, retentionMs: number): RetentionFloor | undefined {
  if (retentionMs === 0) return undefined;
  const owners = new Set(Array.from({ length: placement.partitionCount }, (_, id) => placement.ownerOf(id)));
  const moved = (): void => {
    for (const owner of owners) {
      const peer = member.tryPeer(owner);
      if (peer !== undefined) member.sendProtocol(peer, [TableOp.prune]);
    }
  };
  return new RetentionFloor({
    shared: member.shared,
    retentionMs,
    moved,
    time: retentionTime(member.clock),
  });
}

interface ClientParts {
  readonly core: CoreMember;
  readonly storage: GridStorage | undefined;
}

async function makeClient<Api extends Wired>(
  options: CheckedOptions,
  wiring: CoreWiring<Api>,
  events: HostEvents,
): Promise<ClientParts> {
  const { modules, definitions, threads, partitions, startTimeoutMs } = options;
  const errors = new ErrorRegistry();
  const importHere = (href: string): Promise<Record<string, unknown>> =>
    importInTime(href, importModule(href, 'the main thread'), startTimeoutMs);
  const loaded = await loadDefinitions({ modules, definitions, tables: [] }, errors, importHere);
  const { world = eventLoopWorld } = wiring;
  const hostIds = Array.from({ length: hostCountOf(wiring, threads) }, (_, host) => host + 1);
  const storage = await openStorageOf(options, wiring, loaded, errors, events);
  const memory = new SharedArrayBuffer(wiring.memberMemoryBytes);
  const callMemory = new SharedArrayBuffer(callMemoryBytes);
  // The storage's member, which comes behind them, reads nothing and so needs no place there.
  const shared = SharedState.create(partitions, hostIds.length + 1, storage?.clockStart);
  const core: CoreMember = {
    member: world.makeMember({ id: 0, incarnation: 1, memory, callMemory }, shared, errors),
    isHost: false,
    definitions: wiring.standIns === undefined ? loaded : loaded.withStandIns(wiring.standIns),
    placement: Placement.roundRobin(partitions, hostIds),
    owned: new OwnedPartitions(),
    assigned: [],
    settings: wiring.settings,
    storage: storage?.membership,
  };
  return { core, storage };
}

function hostCountOf({ world = eventLoopWorld }: Pick<CoreWiring<Wired>, 'world'>, threads: number): number {
  return threads === 0 ? world.hostCount : threads;
}

/** Opened before anything else: its numbers and the clock's epoch are what members start with. */
async function openStorageOf<Api extends Wired>(
  { storage, threads, partitions }: CheckedOptions,
  wiring: CoreWiring<Api>,
  definitions: Definitions,
  errors: ErrorRegistry,
  events: HostEvents,
): Promise<GridStorage | undefined> {
  if (storage === undefined) return undefined;
  if (wiring.storage === undefined) throw new InvariantError('a grid with storage was wired without one');
  return openGridStorage({
    ...storage,
    wiring: wiring.storage,
    definitions,
    partitions,
    threads,
    member: hostCountOf(wiring, threads) + 1,
    world: wiring.world ?? eventLoopWorld,
    errors,
    progress: (report) => events.emit('recovering', report),
  });
}

async function makeSupervisor<Api extends Wired>(
  { member, placement, definitions }: CoreMember,
  options: CheckedOptions,
  wiring: CoreWiring<Api>,
  events: HostEvents,
  storage: GridStorage | undefined,
): Promise<HostSupervisor> {
  const tables = options.definitions.filter(({ kind }) => kind === 'table').map(({ name }) => name);
  return new HostSupervisor({
    hostCount: options.threads,
    member,
    placement,
    threads: await threadFactory(options, wiring),
    events,
    start: {
      owners: Array.from({ length: placement.partitionCount }, (_, partition) =>
        placement.ownerOf(partition),
      ),
      modules: options.modules,
      tables,
      fingerprint: definitions.fingerprint(),
      settings: wiring.settings,
      keepWarmMs: options.keepWarmMs,
    },
    memberMemoryBytes: wiring.memberMemoryBytes,
    startTimeoutMs: options.startTimeoutMs,
    restart: wiring.restart ?? restartPolicyDefault,
    storage,
  });
}

async function threadFactory<Api extends Wired>(
  { worker, resourceLimits }: CheckedOptions,
  wiring: CoreWiring<Api>,
): Promise<ThreadFactory> {
  if (worker !== undefined) return workerThreads(worker);
  // Loaded when needed: host threads load this package as well and start no threads.
  const { piscinaThreads } = await import('../thread/piscina-threads.ts');
  return piscinaThreads({ entry: wiring.hostEntry, exportName: wiring.hostExport, resourceLimits });
}

const restartPolicyDefault: RestartPolicy = {
  backoffMs: restartBackoffMs,
  backoffMsMax: restartBackoffMsMax,
  inARowMax: restartsInARowMax,
  healthyMs: restartHealthyMs,
};
