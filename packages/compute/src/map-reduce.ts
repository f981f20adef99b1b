/** The definition of a map-reduce: a question to every partition, answered where the data is and put together. */
import { checkOptions, type Definition, define, mustBeFunction, type PartitionId } from '@troupe/core';
import type { JobContext } from './job-context.ts';

/** What `split` answers: `args` for each map (left out: those of the call), `state` for `reduce`. */
export interface Split<M, S> {
  readonly args: M;
  readonly state?: S;
}

/** What `split` gets besides the arguments. */
export interface SplitContext {
  /** Aborts when nobody waits for the map-reduce any more. */
  readonly signal: AbortSignal;
}

/** A partition that has no part in the result (option `onFailedPart: 'skip'`), and why. */
export interface FailedPart {
  readonly partition: PartitionId;
  readonly error: unknown;
}

/** What `reduce` gets besides the parts. */
export interface ReduceContext<A, S = undefined> {
  /** The partitions that were left out, in their order; empty unless the call says `onFailedPart: 'skip'`. */
  readonly failed: readonly FailedPart[];
  /** The arguments of the call, a copy. */
  readonly args: A;
  /** What `split` has kept for here. */
  readonly state: S;
  /** Aborts when nobody waits for the map-reduce any more; what `reduce` answers then is dropped. */
  readonly signal: AbortSignal;
}

/** How many partitions of a map-reduce are mapped. When `done` and `failed` make up `total`, it is being reduced. */
export interface MapProgress {
  /** Partitions whose part is there. Falls when a thread dies with what it had mapped. */
  readonly done: number;
  readonly total: number;
  /** Partitions that are left out. */
  readonly failed: number;
}

/**
 * A map-reduce that takes `A`, makes parts `P` and answers `R`; with a split, its maps take `M` and its reduce is kept
 * `S`. Made by `mapReduce()`.
 */
export interface MapReduceDefinition<A, P, R, M = A, S = undefined> extends Definition<'mapReduce'> {
  readonly split: ((args: A, context: SplitContext) => unknown) | undefined;
  readonly map: (context: JobContext, args: M) => P | Promise<P>;
  readonly combine: ((a: P, b: P) => P | Promise<P>) | undefined;
  readonly reduce: (parts: P[], context: ReduceContext<A, S>) => R | Promise<R>;
}

/** Any map-reduce, whatever it takes and answers. */
export interface AnyMapReduce extends Definition<'mapReduce'> {
  readonly split: ((args: never, context: SplitContext) => unknown) | undefined;
  readonly map: (context: JobContext, args: never) => unknown;
  readonly combine: ((a: never, b: never) => unknown) | undefined;
  readonly reduce: (parts: never, context: never) => unknown;
}

interface MapAndReduce<A, P, R, M, S> {
  /** Runs once for each partition, at its owner; `ctx.local` covers that partition. Each gets a copy of the arguments. */
  readonly map: (context: JobContext, args: M) => P | Promise<P>;
  /**
   * Makes one part of two, on the thread that made them and in the order of the partitions, so that each host sends
   * one part only. Must be associative; it may change and return `a`.
   */
  readonly combine?: (a: P, b: P) => P | Promise<P>;
  /**
   * Runs at the caller, when all partitions have been mapped. `parts`: without `combine` one for each partition, in
   * their order; with it one for each host, in the order of hosts, and one more for what was mapped in a retry.
   */
  readonly reduce: (parts: P[], context: ReduceContext<A, S>) => R | Promise<R>;
}

export interface MapReduceOptions<A, P, R> extends MapAndReduce<A, P, R, A, undefined> {
  readonly split?: undefined;
}

export interface SplitMapReduceOptions<A, P, R, M, S> extends MapAndReduce<A, P, R, M, S> {
  /**
   * Runs at the caller, before anything is sent: what each map gets, and what is kept here for `reduce`, which needn't
   * be anything that can be sent.
   */
  readonly split: (args: A, context: SplitContext) => Split<M, S> | Promise<Split<M, S>>;
}

export interface StateMapReduceOptions<A, P, R, S> extends MapAndReduce<A, P, R, A, S> {
  /** Runs at the caller, before anything is sent; `state` is kept here for `reduce`. Maps get the call's arguments. */
  readonly split: (args: A, context: SplitContext) => { readonly state: S } | Promise<{ readonly state: S }>;
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
): MapReduceDefinition<A, P, R>;
/** Defines a map-reduce whose `split` says what the maps get. */
export function mapReduce<A, P, R, M, S = undefined>(
  name: string,
  options: SplitMapReduceOptions<A, P, R, M, S>,
): MapReduceDefinition<A, P, R, M, S>;
/** Defines a map-reduce whose `split` keeps something for `reduce`. */
export function mapReduce<A, P, R, S>(
  name: string,
  options: StateMapReduceOptions<A, P, R, S>,
): MapReduceDefinition<A, P, R, A, S>;
export function mapReduce(name: string, options: MapReduceParts): AnyMapReduce {
  checkOptions(options, 'options', ['split', 'map', 'combine', 'reduce']);
  const { split, map, combine, reduce } = options;
  if (split !== undefined) mustBeFunction(split, 'split');
  mustBeFunction(map, 'map');
  if (combine !== undefined) mustBeFunction(combine, 'combine');
  mustBeFunction(reduce, 'reduce');
  return define('mapReduce', name, { split, map, combine, reduce });
}

type MapReduceParts = Pick<AnyMapReduce, 'map' | 'reduce'> & Partial<Pick<AnyMapReduce, 'split' | 'combine'>>;
