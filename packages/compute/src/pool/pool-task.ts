/**
 * What passes between the main thread and a thread of the pool. Values travel packed by the frame codec, so that they
 * arrive as they do at a host; errors in the form of the error codec.
 */
import type { Packed, RequestContext } from '@troupe/core';
import type { ExecutionId } from '../execution.ts';

/** What a thread of the pool knows from its start. */
export interface PoolThreadData {
  /** URLs. */
  readonly modules: readonly string[];
}

/** Main thread → pool: run this job. */
export interface PoolTask {
  /** By name: definitions made in place have numbers on the main thread that this thread doesn't know. */
  readonly job: string;
  readonly execution: ExecutionId;
  readonly attempt: number;
  /** A frame of one message: [args]. */
  readonly args: Packed;
  /** That of the request. */
  readonly context: RequestContext | undefined;
}

/** Pool → main thread: a frame of one message, the result as [true, result] or the error as [false, wireError]. */
export type PoolAnswer = Packed;
