/**
 * Runs a host in a Worker that the user made himself (option `worker`): a bundler needs a file of its own for it, and
 * that file may bring the definitions along instead of having them imported by URL.
 */
import { parentPort } from 'node:worker_threads';
import { InvalidArgumentError } from '../errors/errors.ts';
import type { Wired, WireMember } from '../grid/core-member.ts';
import type { HostStart } from './host-start.ts';
import { type RunHostOptions, runHost } from './run-host.ts';

/** Waits for the grid to send the start payload, then runs the host. Resolves when it has closed. */
export async function runHostOnParentPort<Api extends Wired>(
  wire: WireMember<Api>,
  options?: RunHostOptions,
): Promise<void> {
  const port = parentPort;
  if (port === null) {
    throw new InvalidArgumentError(
      'a host runs in a Worker that the grid was given as `worker`, not on the main thread',
    );
  }
  const start = await new Promise<HostStart>((resolve) => port.once('message', resolve));
  await runHost(start, wire, options);
}
