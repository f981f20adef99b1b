/** The definition of an actor: how its state begins, and the methods that are its messages. */
import { checkOptions, mustBe, mustBeFunction, mustBeInteger, mustBePositive } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import type { Key } from '../key/key.ts';
import type { Client } from '../mesh/client.ts';
import { type ArgumentSchemas, checkArgumentSchemas, type TakingInputs } from './argument-schemas.ts';
import { type Definition, define } from './definition.ts';
import type { ReminderTime } from './reminder-time.ts';
import type { StandardSchema } from './standard-schema.ts';
import { checkSupervision, type SupervisionOptions } from './supervision-options.ts';
import type { TopicDefinition } from './topic-definition.ts';

/** What a method gets first: its actor's state, and everything else the grid offers. */
export interface ActorContext<K extends Key, S> extends Client {
  readonly key: K;
  /** Aborted when nobody waits for this turn any more: its caller gave up, ran out of time, or is gone. */
  readonly signal: AbortSignal;
  /** The actor's own; mutate it in place or assign a new one. Lives until the actor's partition dies. */
  state: S;
  /**
   * Deactivates the actor after this turn. Its state is kept, and the next message activates it again. In a transaction
   * it does nothing.
   */
  stop(): void;
  /**
   * Sends the actor itself a message after some time, once or again and again, as a tell: `method` runs in a turn of its
   * own, with copies of `args`. Takes the place of the timer of the same name. An actor with timers is not passivated; they
   * end with `stop()`, its thread and the grid. Throws INVALID_ARGUMENT, also in a transaction, and QUEUE_FULL beyond
   * 1,000 timers.
   *
   * @example
   * ctx.setTimer('flush', { everyMs: 1_000 }, 'flush');
   */
  setTimer(
    name: string,
    time: number | { readonly everyMs: number },
    method: string,
    ...args: readonly unknown[]
  ): void;
  /**
   * Sends the actor itself a message, once, when the memory of another actor is lost with its thread: `method` gets an
   * `ActorLost` and copies of `args`. Watches stay when the actor is passivated or restarted; to watch the same actor
   * with the same method again, in `activate` say, puts the new `args` in the place of the old. Answers the function that
   * takes it back. Throws INVALID_ARGUMENT, also in a transaction.
   *
   * @example
   * ctx.watch(ctx.actor(account, 'alice'), 'accountLost');
   */
  watch(reference: object, method: string, ...args: readonly unknown[]): () => void;
  /**
   * Subscribes the actor: `method` gets every message of the topic from now on, as a tell, also after the actor's thread
   * was replaced. Once is enough; twice is once. Resolves and rejects as `subscribeActor` of the topic does.
   */
  subscribe<M>(topic: TopicDefinition<M>, method: string): Promise<void>;
  /** Takes that back. */
  unsubscribe<M>(topic: TopicDefinition<M>, method: string): Promise<void>;
  /**
   * As a timer, but kept with the actor's partition: a reminder outlives the activation (which it does not keep from being
   * passivated), and in a grid with storage or `backups: 1` the thread and the process. Its message activates the actor.
   * Resolves when the reminder is kept. It comes at least once; one that was due while nobody was there comes once, at the
   * start. Cron expressions need the package `croner`. Rejects with INVALID_ARGUMENT, also in a transaction, QUEUE_FULL
   * beyond 100 reminders, or a StorageError.
   *
   * @example
   * await ctx.setReminder('invoice', { cron: '0 6 1 * *', timezone: 'Europe/Berlin' }, 'sendInvoice');
   */
  setReminder(name: string, time: ReminderTime, method: string, ...args: readonly unknown[]): Promise<void>;
  /** Takes a reminder back. False: there is none of this name. A message that waits already still comes. */
  clearReminder(name: string): Promise<boolean>;
  /** Takes a timer back. False: there is none of this name. A message that waits already still comes. */
  clearTimer(name: string): boolean;
}

export type ActorMethods<K extends Key, S> = Record<
  string,
  (context: ActorContext<K, S>, ...args: never[]) => unknown
>;

type ArgumentsOf<F> = F extends (context: never, ...args: infer A) => unknown ? A : never;
type ReturnOf<F> = F extends (...args: never[]) => infer R ? R : never;
type AnswerOf<F> = Awaited<ReturnOf<F>>;
/** What a generator yields; never for other methods. */
type ItemOf<R> = 0 extends 1 & R
  ? never
  : R extends Generator<infer I, unknown, never> | AsyncGenerator<infer I, unknown, never>
    ? I
    : never;
type IsStream<R> = 0 extends 1 & R ? false : [R] extends [never] ? false : R extends AnyStream ? true : false;
type AnyStream = Generator<unknown, unknown, never> | AsyncGenerator<unknown, unknown, never>;
/** Methods that answer once. */
type NotStreams<M> = {
  [Name in keyof M]: IsStream<ReturnOf<M[Name]>> extends true ? never : Name;
}[keyof M];

/** Why an actor is deactivated: nobody used it, too many are active, or it said so. */
export type DeactivationReason = 'idle' | 'pressure' | 'stop';

/** What happens to messages when a mailbox is full. */
export type MailboxOverflow = 'reject' | 'wait';

/** A method, whatever it takes. */
export type ActorMethod = (context: never, ...args: never[]) => unknown;

/** Any actor, whatever its key, state and methods. */
export interface AnyActor extends Definition<'actor'> {
  readonly state: (key: never) => unknown;
  readonly methods: Readonly<Record<string, ActorMethod>>;
  readonly activate: ((context: never) => unknown) | undefined;
  readonly deactivate: ((context: never, reason: DeactivationReason) => unknown) | undefined;
  readonly beforeRestart: ((context: never, error: unknown) => unknown) | undefined;
  readonly supervision: SupervisionOptions | undefined;
  readonly passivateAfterMs: number | undefined;
  readonly mailboxLengthMax: number | undefined;
  readonly overflow: MailboxOverflow | undefined;
  readonly readonly: readonly string[] | undefined;
  readonly reentrant: boolean | undefined;
  /** Of the arguments, by method. */
  readonly args?: Readonly<Record<string, readonly (StandardSchema | undefined)[]>> | undefined;
  /** Of a stateless worker: how many copies a host has at most. Undefined: an actor with a key. */
  readonly copiesPerHost: number | undefined;
}

/** Asks: arguments and answers are copies. A generator answers with what it yields, as it comes. */
export type ActorReference<M> = {
  readonly [Name in keyof M]: (
    ...args: ArgumentsOf<M[Name]>
  ) => IsStream<ReturnOf<M[Name]>> extends true
    ? AsyncIterableIterator<ItemOf<ReturnOf<M[Name]>>>
    : Promise<AnswerOf<M[Name]>>;
};

/** Asks to many actors: what became of each, in the order of their keys. */
export type ActorReferences<M> = {
  readonly [Name in NotStreams<M>]: (
    ...args: ArgumentsOf<M[Name]>
  ) => Promise<PromiseSettledResult<AnswerOf<M[Name]>>[]>;
};

/** Tells. */
export type ActorTells<M> = {
  readonly [Name in NotStreams<M>]: (...args: ArgumentsOf<M[Name]>) => Promise<void>;
};

export interface ActorDefinition<K extends Key, S, M extends ActorMethods<K, S>> extends AnyActor {
  readonly state: (key: K) => S | Promise<S>;
  readonly methods: M;
  readonly mailboxLengthMax: number | undefined;
  readonly readonly: readonly (keyof M & string)[] | undefined;
}

export interface ActorOptions<K extends Key, S, M extends ActorMethods<K, S>> {
  /** The state an actor begins with, on its first message. */
  readonly state: (key: K) => S | Promise<S>;
  /**
   * Runs one at a time per actor, in the order of arrival. A generator, sync or async, is a stream to its caller: each
   * step to the next `yield` is a turn of its own, and other turns run in between.
   */
  readonly methods: M;
  /** Runs when the actor becomes active, before its first turn. When it fails, so does everything that waits. */
  readonly activate?: (context: ActorContext<K, S>) => void | Promise<void>;
  /**
   * Runs before the actor is passivated, but not when its thread dies or the grid closes. An error is published on the
   * channel `troupe.actor`; the state is kept all the same, with what this changes.
   */
  readonly deactivate?: (context: ActorContext<K, S>, reason: DeactivationReason) => void | Promise<void>;
  /**
   * What becomes of the actor when one of its methods or hooks fails. Default: it goes on as it is, and the caller gets
   * the error.
   *
   * @example
   * supervision: { onError: (error) => (error instanceof RangeError ? 'resume' : 'restart') },
   */
  readonly supervision?: SupervisionOptions;
  /**
   * Runs before supervision restarts the actor, with the state it is about to forget, to give back what it holds. An error
   * is published on the channel `troupe.actor` and changes nothing.
   */
  readonly beforeRestart?: (context: ActorContext<K, S>, error: unknown) => void | Promise<void>;
  /**
   * Milliseconds without a message after which the actor is passivated: its state, which must be data, is packed away
   * until the next message. Default: the grid's `actors.passivateAfterMs`; without either never.
   */
  readonly passivateAfterMs?: number;
  /** Messages that may wait for one actor. Default 1,000; beyond it `overflow` says what happens. */
  readonly mailboxLengthMax?: number;
  /**
   * `'reject'`, the default: callers get MAILBOX_FULL; tells from other threads are dropped and published. `'wait'`: the
   * message waits before the mailbox, and a tell resolves only when it is in the mailbox, so whoever awaits his tells
   * is as fast as the actor. Up to 10,000 wait so, then MAILBOX_FULL. Each tell costs an answer.
   */
  readonly overflow?: MailboxOverflow;
  /**
   * Methods that change nothing. They go on beside each other, though not beside the others, and get a frozen copy of
   * the state, which must be data: writing to it throws.
   */
  readonly readonly?: readonly (keyof M & string)[];
  /**
   * May a call come back to the actor while one of its turns waits for it (A asks B, B asks A)? Default true: it goes
   * on within that turn. False: it rejects with ACTOR_CYCLE at once.
   */
  readonly reentrant?: boolean;
}

/** The options of an actor whose arguments are checked. */
export interface CheckedActorOptions<K extends Key, S, M extends ActorMethods<K, S>, Schemas>
  extends ActorOptions<K, S, M> {
  /**
   * Checks arguments where they enter, on the thread of the caller: for each method the schemas of its arguments, in their
   * order. What they make of them is what is sent. Must answer at once. Callers give what the schemas take. Messages
   * that an actor sends itself (`setTimer`, `watch`) are not checked.
   *
   * @example
   * args: { deposit: [z.number().positive()] },
   */
  readonly args: Schemas;
}

/**
 * Defines a virtual actor whose arguments are checked by schemas; else as without.
 *
 * @example
 * export const account = actor('account', {
 *   state: () => ({ balance: 0 }),
 *   args: { deposit: [z.number().positive()] },
 *   methods: { deposit(ctx, amount: number) { return (ctx.state.balance += amount); } },
 * });
 */
export function actor<
  K extends Key,
  S,
  M extends ActorMethods<K, S>,
  const Schemas extends ArgumentSchemas<M>,
>(
  name: string,
  options: CheckedActorOptions<K, S, M, Schemas>,
): ActorDefinition<K, S, TakingInputs<M, Schemas>>;
/**
 * Defines a virtual actor: one exists for every key, activated by its first message on the partition that owns the key.
 *
 * @example
 * export const cart = actor('cart', {
 *   state: (customer: string) => ({ items: [] as Item[] }),
 *   methods: { add(ctx, item: Item) { ctx.state.items.push(item); return ctx.state.items.length; } },
 * });
 */
export function actor<K extends Key, S, M extends ActorMethods<K, S>>(
  name: string,
  options: ActorOptions<K, S, M>,
): ActorDefinition<K, S, M>;
export function actor<K extends Key, S, M extends ActorMethods<K, S>>(
  name: string,
  options: ActorOptions<K, S, M> & { readonly args?: AnyActor['args'] },
): ActorDefinition<K, S, M> {
  checkOptions(options, 'options', [
    'state',
    'methods',
    'activate',
    'deactivate',
    'supervision',
    'beforeRestart',
    'passivateAfterMs',
    'mailboxLengthMax',
    'overflow',
    'readonly',
    'reentrant',
    'args',
  ]);
  mustBeFunction(options.state, 'state');
  if (typeof options.methods !== 'object' || options.methods === null) {
    throw new InvalidArgumentError(`methods of actor '${name}' must be an object of functions`, {
      details: { argument: 'methods' },
    });
  }
  for (const [method, body] of Object.entries(options.methods)) mustBeFunction(body, `methods.${method}`);
  if ('then' in options.methods) throw thenable(name);
  if (options.mailboxLengthMax !== undefined) {
    mustBeInteger(options.mailboxLengthMax, 'mailboxLengthMax', 1, Number.MAX_SAFE_INTEGER);
  }
  if (options.activate !== undefined) mustBeFunction(options.activate, 'activate');
  if (options.deactivate !== undefined) mustBeFunction(options.deactivate, 'deactivate');
  if (options.supervision !== undefined) checkSupervision(options.supervision);
  if (options.beforeRestart !== undefined) mustBeFunction(options.beforeRestart, 'beforeRestart');
  if (options.passivateAfterMs !== undefined) mustBePositive(options.passivateAfterMs, 'passivateAfterMs');
  checkReadonly(name, options.readonly, options.methods);
  checkArgumentSchemas(name, options.args, options.methods);
  if (options.reentrant !== undefined)
    mustBe(typeof options.reentrant === 'boolean', 'reentrant', 'a boolean', options.reentrant);
  if (options.overflow !== undefined) {
    const isKnown = options.overflow === 'reject' || options.overflow === 'wait';
    mustBe(isKnown, 'overflow', "'reject' or 'wait'", options.overflow);
  }
  return define('actor', name, {
    state: options.state,
    methods: options.methods,
    activate: options.activate,
    deactivate: options.deactivate,
    beforeRestart: options.beforeRestart,
    supervision: options.supervision,
    passivateAfterMs: options.passivateAfterMs,
    mailboxLengthMax: options.mailboxLengthMax,
    overflow: options.overflow,
    readonly: options.readonly,
    reentrant: options.reentrant,
    args: options.args,
    copiesPerHost: undefined,
  });
}

function checkReadonly(name: string, names: unknown, methods: object): void {
  if (names === undefined) return;
  mustBe(Array.isArray(names), 'readonly', 'an array of names of methods', names);
  for (const method of names as unknown[]) {
    if (typeof method === 'string' && Object.hasOwn(methods, method)) continue;
    throw new InvalidArgumentError(
      `readonly of actor '${name}' names ${String(method)}, which is no method of it`,
      {
        details: { argument: 'readonly' },
      },
    );
  }
}

function thenable(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `actor '${name}' must not have a method called 'then': a reference to it would pass for a promise`,
    { details: { argument: 'methods.then' } },
  );
}
