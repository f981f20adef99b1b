/** What a host's thread runs. `runTroupeHost` is the task that lasts as long as the host. */
import { type HostStart, type RunHostOptions, runHost, runHostOnParentPort } from '@troupe/core';
import { wireMember } from './wire-member.ts';

/** Runs a host of a grid on this thread until the grid closes it. */
export function runTroupeHost(start: HostStart): Promise<void> {
  return runHost(start, wireMember);
}

/**
 * For bundlers: call this in the file of the Worker that the option `worker` of startGrid makes. `definitions` are
 * those bundled with it.
 */
export function runTroupeHostOnParentPort(options?: RunHostOptions): Promise<void> {
  return runHostOnParentPort(wireMember, options);
}
