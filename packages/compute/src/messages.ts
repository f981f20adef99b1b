/**
 * Family `compute`. All but `started` are requests, answered by `reply` or `fail`; none comes twice for one attempt.
 *
 * - `run` [op, requestId, job, execution, attempt, watched, args, partition, transaction]: any member → host. Runs a
 *   job for one partition, or for the host as a whole when `partition` is -1. Names no incarnation: it runs on whatever
 *   the partition is now. `transaction`, left out by most, names the one that the job is part of (opaque here); such a
 *   job doesn't stand in line, and comes once.
 * - `map` [op, requestId, mapReduce, execution, attempt, watched, args, partitions]: any member → host that owns all
 *   of them. Answer: an array of parts; one when the definition combines, else one for each partition in order.
 * - `pool` [op, requestId, job, execution, attempt, watched, args, -1]: any member → main thread. Runs it in the pool.
 * - `started` [op, execution], no answer: host → caller of a request with `watched` 1, when it leaves the queue. May
 *   come once for each attempt and, as a report of the past, after the execution has ended.
 *
 * `execution` stays the same when a job is run again; `attempt` counts from 1. A caller that stops waiting sends the
 * mesh's `cancel`: what is queued never runs, what runs is told.
 */
import type { PartitionId } from '@troupe/core';

export const ComputeOp = { run: 80, map: 81, pool: 82, started: 83 } as const;

/** Operations that put a job on a host. */
export type JobOp = (typeof ComputeOp)['run' | 'map' | 'pool'];

/** `partition` of a job that runs for a host as a whole. */
export const noPartition: PartitionId = -1;

/** The partitions a request is about: as its message carries them. */
export type JobPlace = PartitionId | readonly PartitionId[];
