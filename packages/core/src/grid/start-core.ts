/**
 * Starts a grid up to the point where layers are plugged in: options checked, modules loaded, the client member wired,
 * hosts running and connected. Either all of it works or nothing is left behind.
 */
import type { Definition } from '../definition/definition.ts';
import { ErrorRegistry } from '../errors/error-codec.ts';
import { restartBackoffMs, restartBackoffMsMax, restartHealthyMs, restartsInARowMax } from '../limits.ts';
import { callMemoryBytes } from '../mesh/call-memory.ts';
import { SharedState } from '../mesh/shared-state.ts';
import { OwnedPartitions } from '../partition/partition.ts';
import { Placement } from '../partition/placement.ts';
import { RetentionFloor, retentionTime } from '../partition/retention-floor.ts';
import { TableOp } from '../table/messages.ts';
import { HostSupervisor, type RestartPolicy } from '../thread/host-supervisor.ts';
import { importInTime } from '../thread/import-in-time.ts';
import { importModule, refuseInsideImport } from '../thread/import-module.ts';
import { loadDefinitions } from '../thread/load-definitions.ts';
import type { ThreadFactory } from '../thread/thread-factory.ts';
import { workerThreads } from '../thread/worker-threads.ts';
import { CoreGrid } from './core-grid.ts';
import type { CoreMember, WireMember } from './core-member.ts';
import { type CheckedOptions, type CoreOptions, checkCoreOptions } from './core-options.ts';
import { HostEvents } from './host-events.ts';
import { InlineHosts } from './inline-hosts.ts';
import { eventLoopWorld, type InlineWorld } from './inline-world.ts';

/** What the package that completes core hands in; users don't see it. */
export interface CoreWiring<Api> {
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
  /** Default: the limits of `limits.ts`. */
  readonly restart?: RestartPolicy;
  /** Where the hosts of a grid with `threads: 0` live. Default: the event loop, with one host. */
  readonly world?: InlineWorld;
  /** Other code for some definitions, on grids without threads only. */
  readonly standIns?: ReadonlyMap<Definition, Definition>;
}

/** Starts a grid. Throws InvalidArgumentError, ModuleLoadError, DefinitionError or TimeoutError. */
export async function startCore<Api>(options: CoreOptions, wiring: CoreWiring<Api>): Promise<CoreGrid<Api>> {
  refuseInsideImport();
  const checked = checkCoreOptions(options, wiring.otherOptionNames);
  const core = await makeClient(checked, wiring);
  const events = new HostEvents();
  const api = wiring.wire(core);
  const retention = startRetention(core, checked.retentionMs);
  const parts = { api, core, events, closeTimeoutMs: checked.closeTimeoutMs, retention };
  try {
    if (checked.threads === 0) {
      const inline = new InlineHosts({
        client: core,
        wire: wiring.wire,
        memoryBytes: wiring.memberMemoryBytes,
        events,
        world: wiring.world ?? eventLoopWorld,
      });
      inline.start();
      return new CoreGrid({ ...parts, hosts: { kind: 'inline', inline } });
    }
    const supervisor = await makeSupervisor(core, checked, wiring, events);
    await supervisor.start();
    return new CoreGrid({ ...parts, hosts: { kind: 'threads', supervisor } });
  } catch (error) {
    retention?.stop();
    core.member.close();
    throw error;
  }
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

async function makeClient<Api>(options: CheckedOptions, wiring: CoreWiring<Api>): Promise<CoreMember> {
  const { modules, definitions, threads, partitions, startTimeoutMs } = options;
  const errors = new ErrorRegistry();
  const importHere = (href: string): Promise<Record<string, unknown>> =>
    importInTime(href, importModule(href, 'the main thread'), startTimeoutMs);
  const loaded = await loadDefinitions({ modules, definitions, tables: [] }, errors, importHere);
  const { world = eventLoopWorld } = wiring;
  const hostCount = threads === 0 ? world.hostCount : threads;
  const hostIds = Array.from({ length: hostCount }, (_, host) => host + 1);
  const memory = new SharedArrayBuffer(wiring.memberMemoryBytes);
  const callMemory = new SharedArrayBuffer(callMemoryBytes);
  const shared = SharedState.create(partitions, hostIds.length + 1);
  return {
    member: world.makeMember({ id: 0, incarnation: 1, memory, callMemory }, shared, errors),
    isHost: false,
    definitions: wiring.standIns === undefined ? loaded : loaded.withStandIns(wiring.standIns),
    placement: Placement.roundRobin(partitions, hostIds),
    owned: new OwnedPartitions(),
    assigned: [],
    settings: wiring.settings,
  };
}

async function makeSupervisor<Api>(
  { member, placement, definitions }: CoreMember,
  options: CheckedOptions,
  wiring: CoreWiring<Api>,
  events: HostEvents,
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
    },
    memberMemoryBytes: wiring.memberMemoryBytes,
    startTimeoutMs: options.startTimeoutMs,
    restart: wiring.restart ?? restartPolicyDefault,
  });
}

async function threadFactory<Api>(
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
