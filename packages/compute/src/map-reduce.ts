/** The definition of a map-reduce: a question to every partition, answered where the data is and put together. */
import { checkOptions, type Definition, define, mustBeFunction } from '@troupe/core';
import type { JobContext } from './job-context.ts';

/** A map-reduce that takes `A`, makes parts `P` and answers `R`. Made by `mapReduce()`. */
export interface MapReduceDefinition<A, P, R> extends Definition<'mapReduce'> {
  readonly map: (context: JobContext, args: A) => P | Promise<P>;
  readonly combine: ((a: P, b: P) => P | Promise<P>) | undefined;
  readonly reduce: (parts: P[]) => R | Promise<R>;
}

/** Any map-reduce, whatever it takes and answers. */
export interface AnyMapReduce extends Definition<'mapReduce'> {
  readonly map: (context: JobContext, args: never) => unknown;
  readonly combine: ((a: never, b: never) => unknown) | undefined;
  readonly reduce: (parts: never) => unknown;
}

export interface MapReduceOptions<A, P, R> {
  /** Runs once for each partition, at its owner; `ctx.local` covers that partition. Each gets a copy of the arguments. */
  readonly map: (context: JobContext, args: A) => P | Promise<P>;
  /**
   * Makes one part of two, on the thread that made them and in the order of the partitions, so that each host sends
   * one part only. Must be associative; it may change and return `a`.
   */
  readonly combine?: (a: P, b: P) => P | Promise<P>;
  /** Runs at the caller. `parts`: one for each host, in the order of hosts; without `combine`, one for each partition. */
  readonly reduce: (parts: P[]) => R | Promise<R>;
}

/**
 * Defines a map-reduce.
 *
 * @example
 * export const totalBalance = mapReduce('totalBalance', {
 *   map: (ctx) => [...ctx.local(accounts).values()].reduce((sum, { balance }) => sum + balance, 0),
 *   combine: (a, b) => a + b,
 *   reduce: (parts) => parts.reduce((a, b) => a + b, 0),
 * });
 */
export function mapReduce<A, P, R>(
  name: string,
  options: MapReduceOptions<A, P, R>,
): MapReduceDefinition<A, P, R> {
  checkOptions(options, 'options', ['map', 'combine', 'reduce']);
  mustBeFunction(options.map, 'map');
  if (options.combine !== undefined) mustBeFunction(options.combine, 'combine');
  mustBeFunction(options.reduce, 'reduce');
  return define('mapReduce', name, { map: options.map, combine: options.combine, reduce: options.reduce });
}
