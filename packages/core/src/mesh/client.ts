/**
 * What code on any member can reach: the service, and every actor, procedure and job. Core declares tables and
 * actors; other packages add their part by declaration merging (`declare module '@troupe/core'`), and the facade
 * puts the parts together into one object per member.
 */

import type { RequestContext } from '../context/request-context.ts';
import type {
  ActorDefinition,
  ActorMethods,
  ActorReference,
  ActorReferences,
  ActorTells,
} from '../definition/actor-definition.ts';
import type { TableDefinition } from '../definition/table-definition.ts';
import type { TopicDefinition } from '../definition/topic-definition.ts';
import type { WorkerDefinition, WorkerMethods } from '../definition/worker-definition.ts';
import type { Key } from '../key/key.ts';
import type { ThreadMetrics } from '../metrics/thread-metrics.ts';
import type { Table } from '../table/table.ts';
import type { Topic } from '../topic/topic.ts';
import type { CallOptions } from './pending-calls.ts';

export interface Client {
  /** The table, as seen from here. Inside a transaction's body its operations join the transaction. */
  table<K extends Key, V, I = V>(definition: TableDefinition<K, V, I>): Table<K, V, I>;
  /**
   * Asks: each method sends its arguments to the actor and resolves with what the method returned. Inside a
   * transaction's body the actor joins the transaction: its state is locked, and undone with it.
   */
  actor<K extends Key, S, M extends ActorMethods<K, S>>(
    definition: ActorDefinition<K, S, M>,
    key: K,
    options?: CallOptions,
  ): ActorReference<M>;
  /**
   * Asks to many actors: each method sends its arguments to all of them, encoded once for each thread, and resolves with
   * what became of each, in the order of `keys`, as `Promise.allSettled` does. Rejects only when nothing could be sent.
   *
   * @example
   * const totals = await grid.actors(cart, ['alice', 'bob']).total();
   */
  actors<K extends Key, S, M extends ActorMethods<K, S>>(
    definition: ActorDefinition<K, S, M>,
    keys: readonly K[],
    options?: CallOptions,
  ): ActorReferences<M>;
  /**
   * Tells: each method resolves when the message is on its way; errors in the actor are not reported back. Inside a
   * transaction's body the message is sent when that commits.
   */
  tell<K extends Key, S, M extends ActorMethods<K, S>>(
    definition: ActorDefinition<K, S, M>,
    key: K,
  ): ActorTells<M>;
  /**
   * Calls of a stateless worker: on this thread if it is a host, else on each host in turn. `options` bound each of them.
   * Refused in transactions with INVALID_ARGUMENT.
   */
  worker<M extends WorkerMethods>(definition: WorkerDefinition<M>, options?: CallOptions): ActorReference<M>;
  /** The topic, as seen from here. */
  topic<M>(definition: TopicDefinition<M>): Topic<M>;
  /**
   * Runs `fn` in a context whose values follow the calls made in it, over whatever threads they go: what they reach finds
   * them in `currentContext()`. Within another context they are added to that. At most 8 KiB. Throws INVALID_ARGUMENT,
   * VALUE_NOT_SUPPORTED and VALUE_TOO_LARGE.
   *
   * @example
   * await grid.withContext({ userId: 'u1' }, () => grid.actor(cart, 'alice').add(item));
   */
  withContext<T>(values: RequestContext, fn: () => T): T;
  /** The values of the context that the running code was called in; undefined where there is none. Read-only. */
  currentContext(): RequestContext | undefined;
  /**
   * What each thread says of itself since it began: its event loop, its actors, hot keys. One row for each, that of the
   * service first; threads that are being started again are left out. Rejects with TIMEOUT when one doesn't answer.
   */
  metrics(options?: CallOptions): Promise<ThreadMetrics[]>;
}
