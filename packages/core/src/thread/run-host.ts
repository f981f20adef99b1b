/**
 * What runs on a host's thread, from the start payload to the end: import the user's modules, make the member, let the
 * wiring plug in the layers and create the partitions, report ready, serve until told to close. A failure before
 * `ready` is reported and ends the host; an error nobody caught is reported on its way to ending the thread.
 */

import type { Definition } from '../definition/definition.ts';
import type { Definitions } from '../definition/definitions.ts';
import { ErrorRegistry, errorToWire } from '../errors/error-codec.ts';
import { DefinitionError } from '../errors/errors.ts';
import type { CoreMember, Wired, WireMember } from '../grid/core-member.ts';
import { Member } from '../mesh/member.ts';
import { SharedState } from '../mesh/shared-state.ts';
import { OwnedPartitions } from '../partition/partition.ts';
import { Placement } from '../partition/placement.ts';
import { HostControl } from './host-control.ts';
import type { HostStart } from './host-start.ts';
import { importModuleAsHost } from './import-module.ts';
import { loadDefinitions } from './load-definitions.ts';
import { connectPeer } from './mesh-wiring.ts';

export interface RunHostOptions {
  /** Definitions that the file of this thread brings itself, beside those in the grid's modules. */
  readonly definitions?: readonly Definition[];
}

/** Runs a host on this thread; resolves when it has closed. The facade's thread entry calls this. */
export async function runHost<Api extends Wired>(
  start: HostStart,
  wire: WireMember<Api>,
  options: RunHostOptions = {},
): Promise<void> {
  const control = new HostControl(start.control);
  const report = (error: unknown): void => control.send({ type: 'unhandled', error: errorToWire(error) });
  process.on('uncaughtExceptionMonitor', report);
  try {
    const core = await makeMember(start, options, control);
    const { storage, keepWarmMs } = start;
    if (keepWarmMs > 0) core.member.keepWarm(keepWarmMs);
    if (storage !== undefined) connectPeer(core.member, storage.peer.identity, storage.peer.port);
    control.recovering(core.member);
    const wired = wire(core, (done, total) => control.send({ type: 'recovered', done, total }));
    await wired.opened;
    control.ready(core.member);
    await control.ended;
    core.member.close();
  } catch (error) {
    control.send({ type: 'failed', error: errorToWire(error) });
  }
  await flushOutput();
  process.off('uncaughtExceptionMonitor', report);
  control.send({ type: 'closed' });
  control.close();
}

async function makeMember(
  start: HostStart,
  options: RunHostOptions,
  control: HostControl,
): Promise<CoreMember> {
  const thread = `host ${start.identity.id - 1}`;
  const errors = new ErrorRegistry();
  const sources = { modules: start.modules, tables: start.tables, definitions: options.definitions ?? [] };
  const definitions = await loadDefinitions(sources, errors, (module) => {
    control.send({ type: 'importing', module });
    return importModuleAsHost(module, thread);
  });
  checkFingerprint(definitions, start.fingerprint, thread);
  const { buffer, partitionCount, memberCount } = start.shared;
  const shared = new SharedState(buffer, partitionCount, memberCount);
  return {
    member: new Member(start.identity, shared, errors),
    isHost: true,
    definitions,
    placement: new Placement(start.owners),
    owned: new OwnedPartitions(),
    assigned: start.partitions,
    settings: start.settings,
    storage: start.storage?.membership,
  };
}

function checkFingerprint(definitions: Definitions, expected: string, thread: string): void {
  const actual = definitions.fingerprint();
  if (actual === expected) return;
  throw new DefinitionError(
    'DEFINITION_CONFLICT',
    `the modules export other definitions on ${thread} than on the main thread; do their exports depend on the thread or its environment? main thread: ${expected || 'none'}; ${thread}: ${actual || 'none'}`,
    { details: { main: expected, host: actual } },
  );
}

/** What user code has printed travels through the main thread, and would be lost with this one. */
async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
}
