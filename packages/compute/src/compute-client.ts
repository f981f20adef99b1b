/** What `grid.compute` offers on every member, and on the context of actors and jobs. */
import type { AnyTable, CallOptions } from '@troupe/core';
import type { Execution } from './execution.ts';
import type { ExecutionRow } from './execution-row.ts';
import type { JobDefinition } from './job.ts';
import type { MapProgress, MapReduceDefinition } from './map-reduce.ts';
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
  /**
   * What follows when a partition can't be mapped and its `retries` are used up. `'fail'`, the default: its error, and
   * the other partitions are told to stop. `'skip'`: `reduce` gets the other parts, and the failed ones in its second
   * argument. The deadline, the signal and the end of the grid end it in any case.
   */
  readonly onFailedPart?: 'fail' | 'skip' | undefined;
}

export interface BroadcastOptions extends AttemptOptions {
  /** A table: once for each of its partitions, at its owner. `'hosts'`: once on each host. */
  readonly over: AnyTable | 'hosts';
}

export interface Broadcast<R, P = unknown> {
  /** In the order of the partitions, or of the hosts. */
  readonly executions: readonly Execution<R, P>[];
  /**
   * The results in the same order, when all runs have ended; if some have failed, rejects with the error of the first of
   * them in order, whose `details` say where when it is one of Troupe's. Nobody has to await it.
   */
  readonly results: Promise<R[]>;
}

/** Bounds of a stream. `timeoutMs` is how long the reader waits for the next item at most. */
interface StreamBounds extends CallOptions {
  /** As for other jobs: which leaves the queue of its host first. Default 0. */
  readonly priority?: number | undefined;
}

/** Where a stream comes from: one place, or the partitions of a table, merged as their items come. */
export type StreamRunOptions = StreamBounds &
  ({ readonly at: Exclude<JobTarget, 'any'> } | { readonly over: AnyTable });

/** What the compiler asks for when a job that yields nothing is to be streamed. */
interface IsGenerator {
  readonly 'run must be a generator': never;
}

/**
 * Jobs run at least once: again under the same id when their thread dies, and after errors as often as `retries`
 * says. All of it within `timeoutMs`, 30,000 by default. One who stops waiting (deadline, signal) rejects at once;
 * a queued job then never runs, a running one is told.
 */
export interface ComputeClient {
  /** Runs a job where the data is. Rejects with the job's own error, QUEUE_FULL, TIMEOUT, or the signal's reason. */
  run<A, R, P, I>(job: JobDefinition<A, R, P, I>, args: NoInfer<A>, options: RunOptions): Promise<R>;
  /** Maps every partition of a table at its owner and reduces the parts here. */
  run<A, P, R, M, S>(
    mapReduce: MapReduceDefinition<A, P, R, M, S>,
    args: NoInfer<A>,
    options: MapReduceRunOptions,
  ): Promise<R>;
  /** As `run`, with a handle to follow, cancel and hurry it. Throws what is wrong with the arguments. */
  submit<A, R, P, I>(job: JobDefinition<A, R, P, I>, args: NoInfer<A>, options: RunOptions): Execution<R, P>;
  submit<A, P, R, M, S>(
    mapReduce: MapReduceDefinition<A, P, R, M, S>,
    args: NoInfer<A>,
    options: MapReduceRunOptions,
  ): Execution<R, MapProgress>;
  /** Runs a job everywhere; all runs go on to their end. Throws what is wrong with the arguments. */
  broadcast<A, R, P, I>(
    job: JobDefinition<A, R, P, I>,
    args: NoInfer<A>,
    options: BroadcastOptions,
  ): Broadcast<R, P>;
  /**
   * What a job yields, as it comes. Begins with the first step; leaving the loop or aborting the signal stops the
   * producers. They produce a window ahead of the reader and wait. Not run again when a thread dies: HOST_LOST.
   */
  stream<A, R, P, I>(
    job: JobDefinition<A, R, P, I> & ([I] extends [never] ? IsGenerator : unknown),
    args: NoInfer<A>,
    options: StreamRunOptions,
  ): AsyncIterableIterator<I>;
  /**
   * The executions of all hosts and of the pool, oldest first: those that wait or are under way, and the last ones that
   * have ended (setting `statesKeptMs`). A host that is being started again, or doesn't answer
   * within a second, is left out.
   */
  list(): Promise<ExecutionRow[]>;
}

declare module '@troupe/core' {
  interface Client {
    /** Jobs that run where the data is. */
    readonly compute: ComputeClient;
  }
}
