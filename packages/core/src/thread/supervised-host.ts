/** A host as the supervisor knows it over all its threads: one record, changed by the supervisor only. */
import type { MemberId, PartitionId } from '../mesh/shared-state.ts';
import type { HostRun } from './host-run.ts';

export type HostPhase =
  /** Its thread has been started but is not connected yet. */
  | { readonly kind: 'starting'; readonly run: HostRun }
  | { readonly kind: 'serving'; readonly run: HostRun; readonly sinceMs: number }
  /** Between two threads. */
  | { readonly kind: 'waiting' }
  /** Given up. */
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'closed' };

export interface SupervisedHost {
  readonly id: MemberId;
  readonly partitions: readonly PartitionId[];
  /** Of the latest thread; 0 before the first. */
  incarnation: number;
  phase: HostPhase;
}

/** One row of `grid.hosts()`. */
export interface HostRow {
  readonly host: number;
  /** Absent when no thread runs, or when the host runs on the main thread. */
  readonly threadId: number | undefined;
  readonly incarnation: number;
  readonly state: 'starting' | 'serving' | 'restarting' | 'failed' | 'closed';
  readonly partitions: readonly PartitionId[];
}

export function hostRow({ id, partitions, incarnation, phase }: SupervisedHost): HostRow {
  const threadId = phase.kind === 'starting' || phase.kind === 'serving' ? phase.run.threadId : undefined;
  return { host: id - 1, threadId, incarnation, state: stateOf(phase, incarnation), partitions };
}

function stateOf(phase: HostPhase, incarnation: number): HostRow['state'] {
  if (phase.kind === 'starting') return incarnation > 1 ? 'restarting' : 'starting';
  if (phase.kind === 'waiting') return incarnation > 0 ? 'restarting' : 'starting';
  return phase.kind;
}
