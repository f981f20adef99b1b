/**
 * Family `compute`. The requests are answered by `reply` or `fail`; none comes twice for one attempt.
 *
 * Requests for jobs, all [op, requestId, definition, execution, attempt, watched, args, place, terms]:
 * - `run`: any member → host. Runs a job for one partition, or for the host as a whole when `place` is -1. Names no
 *   incarnation: it runs on whatever the partition is now.
 * - `map`: any member → host that owns all of the partitions in `place`. Answer: [parts, failures]. One part when the
 *   definition combines, else one for each partition in order. Failures, as [partition, error], only with
 *   `terms.keepGoing`; without it the first one is the answer. Its reports are how many partitions have been mapped.
 * - `pool`: any member → main thread. Runs it in the pool; `place` is -1.
 * - `stream`: any member → host. As `run`, or for each of several partitions in turn; what the job yields comes as
 *   the items of the stream `execution` (core's family `stream`). Answer, after the last of them: how many batches there
 *   were.
 * `execution` stays the same when a job is run again; `attempt` counts from 1. `terms` is left out when there is
 * nothing special.
 *
 * From a caller about a request of his, all [op, requestId, …] with its number; they mean nothing once it has ended:
 * - `cancel` [op, requestId], no answer: the job is to stop. What is queued never runs and is answered with an
 *   AbortError; what runs is told. Unlike the mesh's `cancel`, the caller still waits for the answer.
 * - `heard` [op, requestId], no answer: the last `report` has been read, the next one may come.
 * - `prioritize` [op, requestId, of, priority]: a request of its own about the request `of`. Answer: whether it was
 *   still queued.
 *
 * From a host about a request:
 * - `started` [op, execution], no answer: to the caller of a request with `watched` 1, when it leaves the queue. May
 *   come once for each attempt and, as a report of the past, after the execution has ended.
 * - `report` [op, execution, requestId, value], no answer: progress, to the caller of a request with `watched` 1. One,
 *   then one more for each `heard`; and before the answer the newest one, when it was not sent yet.
 *
 * - `list` [op, requestId]: any member → any member. Answer: the executions there as rows.
 *
 * A caller that stops waiting sends the mesh's `cancel`: what is queued never runs, what runs is told.
 */
import type { PartitionId, RequestContext, TransactionRef } from '@troupe/core';

export const ComputeOp = {
  run: 80,
  map: 81,
  pool: 82,
  started: 83,
  stream: 84,
  cancel: 85,
  heard: 86,
  prioritize: 88,
  report: 89,
  list: 91,
} as const;

/** Operations that put a job on a host. */
export type JobOp = (typeof ComputeOp)['run' | 'map' | 'pool' | 'stream'];

/** `partition` of a job that runs for a host as a whole. */
export const noPartition: PartitionId = -1;

/** The partitions a request is about: as its message carries them. */
export type JobPlace = PartitionId | readonly PartitionId[];

/** What is special about a request. */
export interface JobTerms {
  /** 0 when it is left out. */
  readonly priority?: number;
  /** The transaction that the job is part of; such a job doesn't stand in line, and comes once. */
  readonly transaction?: TransactionRef;
  /** Of a map: partitions that fail are reported, the others go on. */
  readonly keepGoing?: true;
  /** That of the request. */
  readonly context?: RequestContext;
}

/** The answer to a `map`. Errors as `errorToWire` makes them. */
export type MapAnswer = readonly [
  parts: readonly unknown[],
  failures: readonly (readonly [PartitionId, unknown[]])[],
];
