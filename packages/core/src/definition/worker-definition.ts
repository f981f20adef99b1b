/** The definition of a stateless worker: an actor without a key and without a state, of which every host has copies. */
import { checkOptions, mustBe, mustBeFunction, mustBeInteger } from '../errors/argument.ts';
import { workerCopiesDefault, workerCopiesMax } from '../limits.ts';
import type { Client } from '../mesh/client.ts';
import type { AnyActor } from './actor-definition.ts';
import { define } from './definition.ts';

/** What a method gets first: everything the grid offers. */
export interface WorkerContext extends Client {
  /** Aborted when nobody waits for this call any more: its caller gave up, ran out of time, or is gone. */
  readonly signal: AbortSignal;
}

export type WorkerMethods = Record<string, (context: WorkerContext, ...args: never[]) => unknown>;

/** A stateless worker with these methods. Made by `statelessWorker()`. */
export interface WorkerDefinition<M extends WorkerMethods> extends AnyActor {
  readonly methods: M;
  readonly copiesPerHost: number;
}

export interface WorkerOptions<M extends WorkerMethods> {
  /** Each copy runs one at a time; calls of one caller may overtake each other. */
  readonly methods: M;
  /**
   * Copies on each host at most, 1 to 1,000. More let more calls wait for something at a time; none makes a thread do two
   * things at once. Default 8.
   */
  readonly copiesPerHost?: number;
  /** Messages that may wait for one copy. Default 1,000; beyond it callers get MAILBOX_FULL. */
  readonly mailboxLengthMax?: number;
}

/**
 * Defines a stateless worker: its calls run on the thread they are made on, if that is a host, else on each host in turn.
 * Nothing is kept between calls, and which copy gets one is not promised.
 *
 * @example
 * export const geocoder = statelessWorker('geocoder', {
 *   methods: { async locate(ctx, address: string) { return (await fetch(urlOf(address), ctx)).json(); } },
 * });
 * await grid.worker(geocoder).locate('1 Main Street');
 */
export function statelessWorker<M extends WorkerMethods>(
  name: string,
  options: WorkerOptions<M>,
): WorkerDefinition<M> {
  checkOptions(options, 'options', ['methods', 'copiesPerHost', 'mailboxLengthMax']);
  const { methods, copiesPerHost = workerCopiesDefault, mailboxLengthMax } = options;
  mustBe(typeof methods === 'object' && methods !== null, 'methods', 'an object of functions', methods);
  for (const [method, body] of Object.entries(methods)) mustBeFunction(body, `methods.${method}`);
  mustBe(!('then' in methods), 'methods', 'without a method called then', 'then');
  mustBeInteger(copiesPerHost, 'copiesPerHost', 1, workerCopiesMax);
  if (mailboxLengthMax !== undefined)
    mustBeInteger(mailboxLengthMax, 'mailboxLengthMax', 1, Number.MAX_SAFE_INTEGER);
  return define('actor', name, {
    state: () => undefined,
    methods,
    activate: undefined,
    deactivate: undefined,
    passivateAfterMs: undefined,
    mailboxLengthMax,
    overflow: undefined,
    beforeRestart: undefined,
    supervision: undefined,
    readonly: undefined,
    reentrant: undefined,
    copiesPerHost,
  });
}
