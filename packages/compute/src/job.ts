/** The definition of a job: code that runs where its data is, or on a thread of the pool. */
import {
  checkOptions,
  checkSchema,
  type Definition,
  define,
  mustBeFunction,
  type StandardSchema,
} from '@troupe/core';
import type { JobContext } from './job-context.ts';

/** What the body of a job answers: a generator when the job yields items (`I`). */
export type JobRun<R, I> = [I] extends [never]
  ? R | Promise<R>
  : Generator<I, R, undefined> | AsyncGenerator<I, R, undefined>;

/** A job that takes `A`, answers `R`, reports progress `P` and, when it is a generator, yields `I`. Made by `job()`. */
export interface JobDefinition<A, R, P = unknown, I = never> extends Definition<'job'> {
  readonly run: (context: JobContext<P>, args: A) => JobRun<R, I>;
  readonly args?: StandardSchema | undefined;
}

/** Any job, whatever it takes and answers. */
export interface AnyJob extends Definition<'job'> {
  readonly run: (context: JobContext<never>, args: never) => unknown;
  /** Checks the argument. */
  readonly args?: StandardSchema | undefined;
}

export interface JobOptions<A, R, P = unknown> {
  /**
   * The body, plain or async. Its argument and its result are copies. It may run more than once: again when its
   * thread dies, and after an error as often as the caller's `retries` says.
   */
  readonly run: (context: JobContext<P>, args: A) => R | Promise<R>;
}

export interface CheckedJobOptions<A, R, P, Input> extends JobOptions<A, R, P> {
  /**
   * Checks the argument on the thread of the caller. What it makes of it is what the body gets; callers give what it
   * takes. Must answer at once.
   */
  readonly args: StandardSchema<Input, A>;
}

export interface GeneratorJobOptions<A, I, R> {
  /**
   * The body, a generator, sync or async. What it yields are the items of `compute.stream`, or the progress of
   * `compute.submit`; what it returns is the result of `run` and `submit`. At each yield the thread may serve others,
   * and a job that nobody waits for ends.
   */
  readonly run: (
    context: JobContext,
    args: A,
  ) => Generator<I, R, undefined> | AsyncGenerator<I, R, undefined>;
}

/**
 * Defines a job that yields items.
 *
 * @example
 * export const playsOf = job('playsOf', {
 *   *run(ctx, customer: number) {
 *     for (const [[owner], play] of ctx.local(plays)) if (owner === customer) yield play;
 *   },
 * });
 */
export function job<A, I, R>(name: string, options: GeneratorJobOptions<A, I, R>): JobDefinition<A, R, I, I>;
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
export function job<A, R, P = unknown>(name: string, options: JobOptions<A, R, P>): JobDefinition<A, R, P>;
/** Defines a job whose argument is checked by a schema. */
export function job<A, R, P = unknown, Input = A>(
  name: string,
  options: CheckedJobOptions<A, R, P, Input>,
): JobDefinition<Input, R, P>;
export function job(name: string, options: Pick<AnyJob, 'run' | 'args'>): AnyJob {
  checkOptions(options, 'options', ['run', 'args']);
  mustBeFunction(options.run, 'run');
  checkSchema(options.args, 'args');
  return define('job', name, { run: options.run, args: options.args });
}
