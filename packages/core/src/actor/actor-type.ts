/**
 * A definition of an actor as its grid uses it: with its number, its methods in the order that gives them theirs,
 * and the names that errors call its arguments and answers by, made once and not for every message.
 */
import type { ActorMethod, AnyActor } from '../definition/actor-definition.ts';
import type { Definitions } from '../definition/definitions.ts';
import { type StandardSchema, validatedArguments } from '../definition/standard-schema.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { mailboxLengthMax } from '../limits.ts';
import { isGeneratorFunction } from '../stream/generator.ts';
import { actorTable } from './actor-table.ts';
import type { SupervisedType } from './failure/actor-supervisor.ts';
import { supervisionRules } from './failure/supervision.ts';

const asyncKinds = [
  (async () => undefined).constructor,
  async function* () {}.constructor,
] as (new () => unknown)[];

/** A method as its owner calls it. */
type RunnableMethod = (this: unknown, context: unknown, ...args: readonly unknown[]) => unknown;

export class ActorType {
  readonly definition: AnyActor;
  readonly id: number;
  /** The hidden table in which transactions lock its actors. */
  readonly table: number;
  readonly mailboxLengthMax: number;
  /** Sorted: the same on every thread, in whatever order a module lists them. */
  readonly methodNames: readonly string[];
  readonly methods: readonly ActorMethod[];
  /** Of a stateless worker: its copies on one host at most. */
  readonly copiesMax: number | undefined;
  /** How long one of its actors may be idle before it is passivated; undefined: for ever. */
  readonly idleMsMax: number | undefined;
  /** Do messages wait before a full mailbox? */
  readonly overflowWaits: boolean;
  /** May calls come back to an actor while it waits for them? */
  readonly reentrant: boolean;
  /** Undefined where the definition says nothing about failures. */
  readonly supervised: SupervisedType | undefined;
  /** What an answer is called in the error that refuses to copy it. */
  readonly answerNames: readonly string[];
  readonly #argumentNames: string[][];
  /** Of the arguments, by method; undefined where none are checked. */
  readonly #schemas: readonly (readonly (StandardSchema | undefined)[] | undefined)[] | undefined;
  readonly #readonly: readonly boolean[];
  readonly #async: readonly boolean[];
  readonly #streams: readonly boolean[];

  constructor(definition: AnyActor, id: number, idleMsMax?: number) {
    const names = Object.keys(definition.methods).sort();
    this.definition = definition;
    this.id = id;
    this.table = actorTable(id);
    this.mailboxLengthMax = definition.mailboxLengthMax ?? mailboxLengthMax;
    this.methodNames = names;
    this.methods = names.map((name) => definition.methods[name] as ActorMethod);
    this.idleMsMax = definition.passivateAfterMs ?? idleMsMax;
    this.copiesMax = definition.copiesPerHost;
    this.overflowWaits = definition.overflow === 'wait';
    this.reentrant = definition.reentrant ?? true;
    const options = definition.supervision;
    this.supervised = options === undefined ? undefined : { options, rules: supervisionRules(options) };
    this.#readonly = names.map((name) => definition.readonly?.includes(name) === true);
    this.#async = this.methods.map((method) => asyncKinds.some((kind) => method instanceof kind));
    this.#streams = this.methods.map(isGeneratorFunction);
    this.answerNames = names.map((name) => `the answer of ${definition.name}.${name}`);
    this.#argumentNames = names.map(() => []);
    const { args } = definition;
    this.#schemas = args && names.map((name) => (Object.hasOwn(args, name) ? args[name] : undefined));
  }

  call(method: number, context: unknown, args: readonly unknown[]): unknown {
    const body = this.methods[method] as RunnableMethod;
    const { methods } = this.definition;
    // Nearly all methods have few arguments, and spreading costs several times the call.
    if (args.length === 0) return body.call(methods, context);
    if (args.length === 1) return body.call(methods, context, args[0]);
    return body.call(methods, context, ...args);
  }

  /** Does the definition say that this method changes nothing? */
  isReadonly(method: number): boolean {
    return this.#readonly[method] === true;
  }

  /** Does this method answer with a stream? */
  isStream(method: number): boolean {
    return this.#streams[method] === true;
  }

  /** The arguments as the definition's schemas have them. Throws VALIDATION_FAILED. */
  checkedArguments(method: number, args: readonly unknown[]): readonly unknown[] {
    const schemas = this.#schemas?.[method];
    if (schemas === undefined) return args;
    return validatedArguments(schemas, args, (index) => this.argumentName(method, index));
  }

  /** Is this method an `async` one? */
  isAsync(method: number): boolean {
    return this.#async[method] === true;
  }

  /** The position of the method of this name, for a tell. Throws INVALID_ARGUMENT when there is none. */
  mustFindMethod(name: string): number {
    const method = this.methodNames.indexOf(name);
    if (method >= 0) {
      if (this.isStream(method)) throw streamNotRead(this.labelOf(method));
      return method;
    }
    throw new InvalidArgumentError(`actor '${this.definition.name}' has no method ${String(name)}`, {
      details: { argument: 'method' },
    });
  }

  /** `cart.add`. */
  labelOf(method: number): string {
    return `${this.definition.name}.${this.methodNames[method] ?? `method ${method}`}`;
  }

  /** `argument 1 of cart.add`, for the argument at `index` 0. */
  argumentName(method: number, index: number): string {
    const names = this.#argumentNames[method] ?? [];
    names[index] ??= `argument ${index + 1} of ${this.labelOf(method)}`;
    return names[index];
  }
}

/** A stateless worker was given where an actor with a key is meant. */
export function workerHasNoKey(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `'${name}' is a stateless worker: it has no key, no state, and copies on every host; call it by \`grid.worker\``,
    { details: { argument: 'definition', name } },
  );
}

/** A method that streams was called where nobody could read what it yields. */
export function streamNotRead(label: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `${label} is a generator, whose items nobody would read here; read them with \`for await\` from grid.actor(…)`,
    { details: { argument: 'method', method: label } },
  );
}

/** The actor types of a grid, by number. */
export class ActorTypes {
  readonly #definitions: Definitions;
  readonly #types: ActorType[];

  /** `idleMsMax`: for types that say nothing about it. */
  constructor(definitions: Definitions, idleMsMax?: number) {
    this.#definitions = definitions;
    this.#types = definitions
      .all('actor')
      .map((definition, id) => new ActorType(definition as AnyActor, id, idleMsMax));
  }

  /** The shortest time after which an actor of any type is passivated; Infinity: none is. */
  get idleMsMin(): number {
    return Math.min(...this.#types.map(({ idleMsMax }) => idleMsMax ?? Number.POSITIVE_INFINITY));
  }

  /** Throws DEFINITION_MISSING when the definition isn't part of the grid. */
  of(definition: AnyActor): ActorType {
    return this.mustGet(this.#definitions.idOf(definition, 'actor'));
  }

  /** The type of this name, if it is part of the grid. */
  tryFind(name: string): ActorType | undefined {
    return this.#types.find(({ definition }) => definition.name === name);
  }

  mustGet(id: number): ActorType {
    return this.#types[id] ?? new ActorType(this.#definitions.mustGet('actor', id) as AnyActor, id);
  }
}
