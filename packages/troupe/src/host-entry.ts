/** What a host's thread loads. `runTroupeHost` is the task that lasts as long as the host. */
import { type HostStart, runHost } from '@troupe/core';
import { wireMember } from './wire-member.ts';

/** Runs a host of a grid on this thread until the grid closes it. */
export function runTroupeHost(start: HostStart): Promise<void> {
  return runHost(start, wireMember);
}
