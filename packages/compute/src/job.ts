/** The definition of a job: code that runs where its data is, or on a thread of the pool. */
import { checkOptions, type Definition, define, mustBeFunction } from '@troupe/core';
import type { JobContext } from './job-context.ts';

/** A job that takes `A` and answers `R`. Made by `job()`. */
export interface JobDefinition<A, R> extends Definition<'job'> {
  readonly run: (context: JobContext, args: A) => R | Promise<R>;
}

/** Any job, whatever it takes and answers. */
export type AnyJob = JobDefinition<never, unknown>;

export interface JobOptions<A, R> {
  /**
   * The body, plain or async. Its argument and its result are copies. It may run more than once: again when its
   * thread dies, and after an error as often as the caller's `retries` says.
   */
  readonly run: (context: JobContext, args: A) => R | Promise<R>;
}

/**
 * Defines a job.
 *
 * @example
 * export const favourites = job('favourites', {
 *   run(ctx, { customer, top }: { customer: number; top: number }) {
 *     return [...ctx.local(plays).entries()].filter(([[owner]]) => owner === customer).slice(0, top);
 *   },
 * });
 */
export function job<A, R>(name: string, options: JobOptions<A, R>): JobDefinition<A, R> {
  checkOptions(options, 'options', ['run']);
  mustBeFunction(options.run, 'run');
  return define('job', name, { run: options.run });
}
