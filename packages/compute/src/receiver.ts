/** The definition of a receiver: a job that takes the pages of a load at the owner of their partition. */
import { checkOptions, type Key, type LoadItem, type LoadPage, mustBeFunction } from '@troupe/core';
import { type JobDefinition, job } from './job.ts';
import type { JobContext } from './job-context.ts';

/** A receiver of items with keys `K` and values `V`, and of arguments `A`. Made by `receiver()`. */
export type ReceiverDefinition<K, V, A = undefined> = JobDefinition<LoadPage<K, V, A>, void>;

export interface ReceiverOptions<K, V, A> {
  /**
   * Does with a page what it likes, at the owner of its partition (`ctx.partition`); `ctx.transaction` is there for what
   * must be done whole. A page may come more than once: again when its thread died before it answered. What it throws
   * fails all items of the page.
   */
  readonly receive: (context: JobContext, items: readonly LoadItem<K, V>[], args: A) => void | Promise<void>;
}

/**
 * Defines a receiver for `table.load(source, { receiver })`.
 *
 * @example
 * export const addPlays = receiver('addPlays', {
 *   async receive(ctx, items: readonly LoadItem<string, number>[]) {
 *     await ctx.transaction(async (tx) => {
 *       for (const { key, value } of items) await tx.table(playCounts).increment(key, value);
 *     });
 *   },
 * });
 */
export function receiver<K extends Key, V, A = undefined>(
  name: string,
  options: ReceiverOptions<K, V, A>,
): ReceiverDefinition<K, V, A> {
  checkOptions(options, 'options', ['receive']);
  const receive = mustBeFunction(options.receive, 'receive');
  return job<LoadPage<K, V, A>, void>(name, {
    run: async (context, { items, args }) => receive(context, items, args),
  });
}
