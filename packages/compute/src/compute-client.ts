/** What `grid.compute` offers on every member, and on the context of actors and jobs. */
import type { AnyTable } from '@troupe/core';
import type { Execution } from './execution.ts';
import type { JobDefinition } from './job.ts';
import type { MapReduceDefinition } from './map-reduce.ts';
import type { AttemptOptions } from './outgoing-call.ts';
import type { JobTarget } from './target.ts';

export interface RunOptions extends AttemptOptions {
  /** Where the job runs. */
  readonly at: JobTarget;
  /**
   * In the body of a transaction the job is part of it, unless this is false or it runs at `'any'`: it is run once, its
   * failure aborts the transaction, and `retries` don't count. Default true.
   */
  readonly transaction?: boolean | undefined;
}

export interface MapReduceRunOptions extends AttemptOptions {
  /** The table whose partitions are mapped. */
  readonly over: AnyTable;
}

export interface BroadcastOptions extends AttemptOptions {
  /** A table: once for each of its partitions, at its owner. `'hosts'`: once on each host. */
  readonly over: AnyTable | 'hosts';
}

export interface BroadcastResult<R> {
  /** In the order of the partitions, or of the hosts. */
  readonly results: R[];
}

/**
 * Jobs run at least once: again under the same id when their thread dies, and after errors as often as `retries`
 * says. All of it within `timeoutMs`, 30,000 by default. One who stops waiting (deadline, signal) rejects at once;
 * a queued job then never runs, a running one is told.
 */
export interface ComputeClient {
  /** Runs a job where the data is. Rejects with the job's own error, QUEUE_FULL, TIMEOUT, or the signal's reason. */
  run<A, R>(job: JobDefinition<A, R>, args: NoInfer<A>, options: RunOptions): Promise<R>;
  /** Maps every partition of a table at its owner and reduces the parts here. */
  run<A, P, R>(
    mapReduce: MapReduceDefinition<A, P, R>,
    args: NoInfer<A>,
    options: MapReduceRunOptions,
  ): Promise<R>;
  /** As `run`, with a handle to follow and cancel it. Throws what is wrong with the arguments. */
  submit<A, R>(job: JobDefinition<A, R>, args: NoInfer<A>, options: RunOptions): Execution<R>;
  submit<A, P, R>(
    mapReduce: MapReduceDefinition<A, P, R>,
    args: NoInfer<A>,
    options: MapReduceRunOptions,
  ): Execution<R>;
  /**
   * Runs a job everywhere. All runs go on to their end; if some have failed, rejects with the error of the first of
   * them in order, whose `details` say where when it is one of Troupe's.
   */
  broadcast<A, R>(
    job: JobDefinition<A, R>,
    args: NoInfer<A>,
    options: BroadcastOptions,
  ): Promise<BroadcastResult<R>>;
}

declare module '@troupe/core' {
  interface Client {
    /** Jobs that run where the data is. */
    readonly compute: ComputeClient;
  }
}
