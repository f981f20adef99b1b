/** One row of `compute.list()`: an execution as the thread that runs it sees it. */
import type { Definitions } from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import type { ExecutionState } from './execution-state.ts';
import type { HostedJob } from './hosted-job.ts';
import { ComputeOp, noPartition } from './messages.ts';

export interface ExecutionRow {
  readonly id: ExecutionId;
  /** The name of its definition. */
  readonly job: string;
  readonly kind: 'job' | 'mapReduce' | 'stream';
  readonly state: ExecutionState;
  /** The host it is on; undefined in the pool. */
  readonly host: number | undefined;
  /** The partitions it is for; empty when it is for the host as a whole or in the pool. */
  readonly partitions: readonly number[];
  /** The host that asked for it; undefined when the service has. */
  readonly askedBy: number | undefined;
  readonly priority: number;
  /** Of this row: an execution that was run again somewhere has the row of its last attempt there. */
  readonly attempt: number;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
}

/** `host`: where the job is; its times are on the clock that began at `originMs`. */
export function rowOf(
  job: HostedJob,
  definitions: Definitions,
  host: number | undefined,
  originMs: number,
): ExecutionRow {
  const kind = job.op === ComputeOp.map ? 'mapReduce' : 'job';
  const at = (ms: number): Date | undefined => (ms === 0 ? undefined : new Date(originMs + ms));
  const { place } = job;
  return {
    id: job.execution,
    job: definitions.mustGet(kind, job.definition).name,
    kind: job.op === ComputeOp.stream ? 'stream' : kind,
    state: job.state,
    host,
    partitions: typeof place === 'number' ? (place === noPartition ? [] : [place]) : place,
    askedBy: job.from.id === 0 ? undefined : job.from.id - 1,
    priority: job.priority,
    attempt: job.attempt,
    createdAt: new Date(originMs + (job.createdMs || job.startedMs || job.endedMs)),
    startedAt: at(job.startedMs),
    finishedAt: at(job.endedMs),
  };
}

/** Of several rows of one execution in one place the last attempt; all in the order in which they were made. */
export function withoutSuperseded(rows: readonly ExecutionRow[]): ExecutionRow[] {
  const last = new Map<string, ExecutionRow>();
  for (const row of rows) {
    const place = `${row.id} ${row.host} ${row.partitions[0]}`;
    const other = last.get(place);
    if (other === undefined || other.attempt < row.attempt) last.set(place, row);
  }
  return [...last.values()].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || a.id - b.id);
}
