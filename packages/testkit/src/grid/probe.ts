/**
 * A probe stands in for an actor, a job or a procedure of a test grid: it keeps the calls that come, in their order,
 * and answers them by script. Everybody who names the definition reaches the probe, from whatever host.
 *
 * A call is recorded when its turn begins. So one that is run again, in a transaction that lost a conflict or a job
 * whose host died, is recorded again.
 */
import type { Definition } from '@troupe/core';
import { actor, job, procedure } from 'troupe';

type Code = (context: never, ...args: never[]) => unknown;

interface ActorLike extends Definition<'actor'> {
  readonly methods: Readonly<Record<string, Code>>;
}
interface JobLike extends Definition<'job'> {
  readonly run: Code;
}
interface ProcedureLike extends Definition<'procedure'> {
  readonly run: Code;
  readonly keys: (...args: never[]) => readonly unknown[];
}

/** What a probe can stand in for. */
export type Probeable = ActorLike | JobLike | ProcedureLike;

/** What can be called: the methods of an actor, or `run` of a job or a procedure. */
export type ProbedMethods<D> = D extends { readonly kind: 'actor'; readonly methods: infer M }
  ? { readonly [Name in keyof M & string]: Called<M[Name]> }
  : D extends { readonly run: infer F }
    ? { readonly run: Called<F> }
    : never;

type Called<F> = F extends (context: never, ...args: infer A) => infer R ? (...args: A) => Awaited<R> : never;
type ArgumentsOf<F> = F extends (...args: infer A) => unknown ? A : never;
type AnswerOf<F> = F extends (...args: never[]) => infer R ? R : never;

/** One call that a probe has got. */
export interface ProbeCall<Method = string, Args = readonly unknown[], Answer = unknown> {
  readonly method: Method;
  /** The key of the actor; undefined of a job or a procedure. */
  readonly key: unknown;
  /** Copies, as the code that the probe stands for would have got them. */
  readonly args: Args;
  /** True while the caller waits, because the method is held. */
  readonly isWaiting: boolean;
  /** Answers a call that waits. Throws when it doesn't. */
  answer(value: Answer): void;
  /** The same with an error. */
  fail(error: unknown): void;
}

/** The calls of a definition, by what was called. */
export type CallOf<D extends Probeable, Name extends keyof ProbedMethods<D> = keyof ProbedMethods<D>> = {
  [N in Name]: ProbeCall<N, ArgumentsOf<ProbedMethods<D>[N]>, AnswerOf<ProbedMethods<D>[N]>>;
}[Name];

/** A call that should have come didn't, or one came that shouldn't. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';
}

/** How long to wait for a call, in virtual milliseconds. */
export interface ProbeWait {
  /** Default 0: what comes without the time moving. */
  readonly withinMs?: number;
}

/** What the kit tells a probe of the grid that it is part of. */
export interface ProbeGround {
  idle(): Promise<void>;
  /** Moves the time to the next timer that is due until then. False: there is none. */
  advanceToTimer(untilMs: number): Promise<boolean>;
  advance(ms: number): Promise<void>;
  readonly nowMs: number;
}

/** A script for one method. */
type Script = (args: readonly unknown[]) => unknown;

export type AnyProbe = Probe<Probeable>;

export class Probe<D extends Probeable> {
  readonly definition: D;
  /** What takes the place of the definition. */
  readonly standIn: Definition;
  readonly #scripts = new Map<string, Script>();
  readonly #once = new Map<string, Script[]>();
  #calls: RecordedCall[] = [];
  #taken = new Set<RecordedCall>();
  #ground: ProbeGround | undefined;

  constructor(definition: D) {
    this.definition = definition;
    this.standIn = standInFor(definition, (method, key, args) => this.#receive(method, key, args));
  }

  /** All calls so far, the oldest first, whether or not `next` has taken them. */
  get calls(): readonly CallOf<D>[] {
    return this.#calls as unknown as readonly CallOf<D>[];
  }

  /** From now on calls of `method` are answered with this: a value, or what the function answers or throws. Default undefined. */
  answer<Name extends keyof ProbedMethods<D> & string>(
    method: Name,
    answer: AnswerOf<ProbedMethods<D>[Name]> | ((...args: ArgumentsOf<ProbedMethods<D>[Name]>) => unknown),
  ): this {
    this.#scripts.set(this.#known(method), scriptOf(answer));
    return this;
  }

  /** The same for one call, before what `answer` says; several are used up in their order. */
  answerOnce<Name extends keyof ProbedMethods<D> & string>(
    method: Name,
    answer: AnswerOf<ProbedMethods<D>[Name]> | ((...args: ArgumentsOf<ProbedMethods<D>[Name]>) => unknown),
  ): this {
    this.#onceOf(method).push(scriptOf(answer));
    return this;
  }

  /** From now on calls of `method` fail with this error. */
  fail(method: keyof ProbedMethods<D> & string, error: unknown): this {
    this.#scripts.set(this.#known(method), throwing(error));
    return this;
  }

  /** The same for one call. */
  failOnce(method: keyof ProbedMethods<D> & string, error: unknown): this {
    this.#onceOf(method).push(throwing(error));
    return this;
  }

  /** From now on calls of `method` wait until the test ends them: `call.answer(…)`, `call.fail(…)`. */
  hold(method: keyof ProbedMethods<D> & string): this {
    this.#scripts.set(this.#known(method), () => held);
    return this;
  }

  /**
   * The next call that was not taken before, of `method` if that is given. Runs the grid until it comes, and moves the
   * time by up to `withinMs`. Rejects with a ProbeError that lists what came instead.
   */
  async next<Name extends keyof ProbedMethods<D> & string>(
    method?: Name,
    { withinMs = 0 }: ProbeWait = {},
  ): Promise<CallOf<D, Name>> {
    if (method !== undefined) this.#known(method);
    const call = await this.#come(method, withinMs);
    if (call === undefined)
      throw new ProbeError(`${this.#label(method)} was not called ${this.#within(withinMs)}`);
    this.#taken.add(call);
    return call as unknown as CallOf<D, Name>;
  }

  /** Rejects with a ProbeError when a call that was not taken is there, or comes within the time. */
  async expectNoCall(
    method?: keyof ProbedMethods<D> & string,
    { withinMs = 0 }: ProbeWait = {},
  ): Promise<void> {
    if (method !== undefined) this.#known(method);
    const call = await this.#come(method, withinMs);
    if (call !== undefined)
      throw new ProbeError(`${this.#label(method)} was to be left alone, but there came ${call.text}`);
  }

  /** @internal It is part of this grid from now on; what it was called in another is forgotten. */
  attach(ground: ProbeGround): void {
    this.#ground = ground;
    this.#calls = [];
    this.#taken = new Set();
  }

  #receive(method: string, key: unknown, args: readonly unknown[]): unknown {
    const call = new RecordedCall(method, key, args);
    this.#calls.push(call);
    const script = this.#once.get(method)?.shift() ?? this.#scripts.get(method);
    const answer = script?.(args);
    return answer === held ? call.wait() : answer;
  }

  async #come(method: string | undefined, withinMs: number): Promise<RecordedCall | undefined> {
    const ground = this.#ground;
    if (ground === undefined) {
      throw new ProbeError(
        `${this.#label(method)} is part of no grid: name the probe in \`probes\` of createTestGrid`,
      );
    }
    const untilMs = ground.nowMs + withinMs;
    await ground.idle();
    for (;;) {
      const call = this.#calls.find(
        (one) => !this.#taken.has(one) && (method === undefined || one.method === method),
      );
      if (call !== undefined || ground.nowMs === untilMs) return call;
      if (!(await ground.advanceToTimer(untilMs))) await ground.advance(untilMs - ground.nowMs);
    }
  }

  #onceOf(method: string): Script[] {
    const scripts = this.#once.get(this.#known(method)) ?? [];
    this.#once.set(method, scripts);
    return scripts;
  }

  /** Throws for a method that the definition doesn't have. */
  #known(method: string): string {
    const { definition } = this;
    const names = definition.kind === 'actor' ? Object.keys(definition.methods) : ['run'];
    if (names.includes(method)) return method;
    throw new ProbeError(
      `${definition.kind} '${definition.name}' has no method '${method}'; it has: ${names.join(', ')}`,
    );
  }

  #label(method: string | undefined): string {
    const { kind, name } = this.definition;
    return method === undefined || kind !== 'actor'
      ? `${kind} '${name}'`
      : `${kind} '${name}', method '${method}',`;
  }

  #within(withinMs: number): string {
    const others = this.#calls.filter((call) => !this.#taken.has(call)).map(({ text }) => text);
    const came = others.length === 0 ? 'nothing else came' : `there came: ${others.join('; ')}`;
    return `${withinMs === 0 ? 'by now' : `within ${withinMs} ms`}; ${came}`;
  }
}

/**
 * A probe for an actor, a job or a procedure. Name it in `probes` of createTestGrid; the definition need not be among
 * its definitions. For one grid at a time.
 *
 * @example
 * const mail = createProbe(mailer).answer('send', 'queued');
 * await using grid = await createTestGrid({ definitions: [shop], probes: [mail] });
 * await grid.actor(shop, 'main').order('ann');
 * const { args } = await mail.next('send');
 */
export function createProbe<D extends Probeable>(definition: D): Probe<D> {
  return new Probe(definition);
}

/** What each probe takes the place of. */
export function standInsOf(probes: readonly AnyProbe[]): Map<Definition, Definition> {
  return new Map(probes.map(({ definition, standIn }) => [definition, standIn]));
}

const held = Symbol('held');

interface Settlers {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

class RecordedCall implements ProbeCall {
  readonly method: string;
  readonly key: unknown;
  readonly args: readonly unknown[];
  #settle: Settlers | undefined;

  constructor(method: string, key: unknown, args: readonly unknown[]) {
    this.method = method;
    this.key = key;
    this.args = args;
  }

  get isWaiting(): boolean {
    return this.#settle !== undefined;
  }

  get text(): string {
    const of = this.key === undefined ? '' : ` of ${JSON.stringify(this.key)}`;
    return `${this.method}${of} with ${this.args.length} arguments`;
  }

  wait(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  answer(value: unknown): void {
    this.#end().resolve(value);
  }

  fail(error: unknown): void {
    this.#end().reject(error);
  }

  #end(): Settlers {
    const settle = this.#settle;
    if (settle === undefined)
      throw new ProbeError(`the call of ${this.text} doesn't wait for an answer: hold the method first`);
    this.#settle = undefined;
    return settle;
  }
}

function scriptOf(answer: unknown): Script {
  if (typeof answer !== 'function') return () => answer;
  return (args) => (answer as (...args: readonly unknown[]) => unknown)(...args);
}

function throwing(error: unknown): Script {
  return () => {
    throw error;
  };
}

type Receive = (method: string, key: unknown, args: readonly unknown[]) => unknown;

/** The same name and the same methods, with nothing behind them but the probe. */
function standInFor(definition: Probeable, receive: Receive): Definition {
  const { name } = definition;
  switch (definition.kind) {
    case 'actor': {
      const methods = Object.keys(definition.methods).map((method) => [
        method,
        (context: { readonly key: unknown }, ...args: unknown[]) => receive(method, context.key, args),
      ]);
      return actor(name, { state: () => undefined, methods: Object.fromEntries(methods) });
    }
    case 'job':
      return job(name, { run: (_context, args: unknown) => receive('run', undefined, [args]) });
    case 'procedure':
      return procedure(name, {
        keys: definition.keys as never,
        run: (_transaction, ...args: readonly unknown[]) => receive('run', undefined, args),
      });
    default:
      throw new ProbeError('a probe stands in for an actor, a job or a procedure');
  }
}
