/**
 * The caller's end of the family `actor`: what `grid.actor(…)` and `grid.tell(…)` hand out. Each is an object whose
 * class, made once for each definition, has one function for each of its methods; no Proxy.
 *
 * A call copies its arguments before anything else, so the caller may change them at once, and an argument that can't
 * be sent fails only its own call.
 */

import { deadReference, formOf, type ReferenceForm } from '../../codec/reference.ts';
import type {
  ActorDefinition,
  ActorMethods,
  ActorReference,
  ActorReferences,
  ActorTells,
  AnyActor,
} from '../../definition/actor-definition.ts';
import type { WorkerDefinition, WorkerMethods } from '../../definition/worker-definition.ts';
import { mustBe } from '../../errors/argument.ts';
import { fromStorageKey, type Key } from '../../key/key.ts';
import type { JoinedCalls, JoinedTransactions } from '../../mesh/joined-calls.ts';
import type { Member } from '../../mesh/member.ts';
import type { CallOptions } from '../../mesh/pending-calls.ts';
import type { Placement } from '../../partition/placement.ts';
import { checkCallOptions } from '../../table/call-options.ts';
import { type ActorType, type ActorTypes, streamNotRead, workerHasNoKey } from '../actor-type.ts';
import { ActorAddress, type ActorTarget } from './actor-address.ts';
import { askThrough } from './ask.ts';
import { askManyThrough } from './ask-many.ts';
import { type CurrentTurn, currentTurnOf } from './current-turn.ts';
import type { LocalActors } from './local-actors.ts';
import { type StreamCall, streamThrough } from './stream-call.ts';
import { tellThrough } from './tell.ts';

/** What the client of a member stands on. */
export interface ActorClientParts {
  readonly member: Member;
  readonly types: ActorTypes;
  readonly placement: Placement;
  /** The actors of this member's own partitions; a member without any needs none. */
  readonly local?: LocalActors;
  /** What calls made right now are part of; without it nothing is. */
  readonly joins?: Pick<JoinedTransactions, 'current'>;
}

type AddressClass = new (...parts: ConstructorParameters<typeof ActorAddress>) => ActorAddress;
export type Send = (to: ActorAddress, method: number, args: readonly unknown[]) => Promise<unknown>;

export class ActorClient {
  readonly #parts: ActorClientParts;
  readonly #ask: Send;
  readonly #tell: Send;
  readonly #stream: StreamCall;
  readonly #askMany: ReturnType<typeof askManyThrough>;
  readonly #groups = new Map<AnyActor, GroupClass>();
  readonly #asks = new Map<AnyActor, AddressClass>();
  readonly #tells = new Map<AnyActor, AddressClass>();

  constructor(parts: ActorClientParts) {
    this.#parts = parts;
    const { joins } = parts;
    const current =
      joins === undefined ? (): undefined => undefined : (): JoinedCalls | undefined => joins.current();
    const turns = currentTurnOf(parts.member.shared);
    this.#ask = askThrough(current, turns);
    this.#stream = streamThrough(current, turns);
    parts.member.revive = (form) => this.#revive(form, turns);
    this.#askMany = askManyThrough(this.#ask, current, turns);
    this.#tell = tellThrough(parts.local, current);
  }

  /** Asks to the actor with this key. `options` bound each of them. */
  reference<K extends Key, S, M extends ActorMethods<K, S>>(
    definition: ActorDefinition<K, S, M>,
    key: K,
    options?: CallOptions,
  ): ActorReference<M> {
    checkCallOptions(options);
    return this.#address(this.#asks, this.#ask, definition, key, options) as unknown as ActorReference<M>;
  }

  /** Calls of a stateless worker. */
  worker<M extends WorkerMethods>(definition: WorkerDefinition<M>, options?: CallOptions): ActorReference<M> {
    checkCallOptions(options);
    const type = this.#parts.types.of(definition);
    mustBe(type.copiesMax !== undefined, 'definition', 'a stateless worker', definition.name);
    const address = this.#addressOf(this.#asks, this.#ask, type, 0, options);
    return address as unknown as ActorReference<M>;
  }

  /** Asks to the actors with these keys. */
  references<K extends Key, S, M extends ActorMethods<K, S>>(
    definition: ActorDefinition<K, S, M>,
    keys: readonly K[],
    options?: CallOptions,
  ): ActorReferences<M> {
    checkCallOptions(options);
    mustBe(Array.isArray(keys), 'keys', 'an array of keys', keys);
    const addresses = keys.map((key) => this.#address(this.#asks, this.#ask, definition, key, options));
    let groupClass = this.#groups.get(definition);
    if (groupClass === undefined) {
      groupClass = groupClassOf(this.#parts.types.of(definition), this.#askMany);
      this.#groups.set(definition, groupClass);
    }
    return new groupClass(addresses) as unknown as ActorReferences<M>;
  }

  /** Tells to the actor with this key. */
  tells<K extends Key, S, M extends ActorMethods<K, S>>(
    definition: ActorDefinition<K, S, M>,
    key: K,
  ): ActorTells<M> {
    return this.#address(this.#tells, this.#tell, definition, key, undefined) as unknown as ActorTells<M>;
  }

  /** A reference that came as a value. */
  #revive(form: ReferenceForm, turns: CurrentTurn): object {
    const [kind, name, key] = form;
    const type = this.#parts.types.tryFind(name);
    if (type === undefined) return deadReference(form);
    // A turn may call through it without having asked its context for it.
    turns.holdsReferences = true;
    const [classes, send] = kind === 'tells' ? [this.#tells, this.#tell] : [this.#asks, this.#ask];
    return this.#addressOf(classes, send, type, fromStorageKey(key), undefined);
  }

  #address(
    classes: Map<AnyActor, AddressClass>,
    send: Send,
    definition: AnyActor,
    key: Key,
    options: CallOptions | undefined,
  ): ActorAddress {
    const type = this.#parts.types.of(definition);
    if (type.copiesMax !== undefined) throw workerHasNoKey(definition.name);
    return this.#addressOf(classes, send, type, key, options);
  }

  #addressOf(
    classes: Map<AnyActor, AddressClass>,
    send: Send,
    type: ActorType,
    key: Key,
    options: CallOptions | undefined,
  ): ActorAddress {
    const { definition } = type;
    let addressClass = classes.get(definition);
    if (addressClass === undefined) {
      addressClass = addressClassOf(type, send, classes === this.#asks ? this.#stream : undefined);
      classes.set(definition, addressClass);
    }
    return new addressClass(this.#parts.member, this.#parts.placement, type, key, options);
  }
}

type GroupClass = new (addresses: readonly ActorAddress[]) => object;

/** A class of many addresses with one function for each method of the actor. */
function groupClassOf(type: ActorType, send: ReturnType<typeof askManyThrough>): GroupClass {
  class References {
    readonly #addresses: readonly ActorAddress[];
    constructor(addresses: readonly ActorAddress[]) {
      this.#addresses = addresses;
    }
    static addressesOf(references: References): readonly ActorAddress[] {
      return references.#addresses;
    }
  }
  type.methodNames.forEach((name, method) => {
    function call(this: References, ...args: readonly unknown[]): Promise<unknown> {
      if (type.isStream(method)) return Promise.reject(streamNotRead(type.labelOf(method)));
      return send(References.addressesOf(this), method, args);
    }
    Object.defineProperty(call, 'name', { value: name });
    Object.defineProperty(References.prototype, name, { value: call });
  });
  return References;
}

/** A class of addresses with one function for each method of the actor. */
function addressClassOf(type: ActorType, send: Send, stream: StreamCall | undefined): AddressClass {
  class Reference extends ActorAddress {}
  if (stream === undefined) Object.assign(Reference.prototype, { [formOf]: tellsForm });
  type.methodNames.forEach((name, method) => {
    const reply = replyOf(type, method, send, stream);
    function call(this: ActorAddress, ...args: readonly unknown[]): unknown {
      return reply(this, method, args);
    }
    Object.defineProperty(call, 'name', { value: name });
    Object.defineProperty(Reference.prototype, name, { value: call });
  });
  return Reference;
}

function tellsForm(this: ActorAddress): ReferenceForm {
  const { type, key } = ActorAddress.targetOf(this) as ActorTarget;
  return ['tells', type.definition.name, key];
}

/** How a method is called that may be a generator; `stream` is left out where nobody would read. */
function replyOf(
  type: ActorType,
  method: number,
  send: Send,
  stream: StreamCall | undefined,
): Send | StreamCall {
  if (!type.isStream(method)) return send;
  return stream ?? (() => Promise.reject(streamNotRead(type.labelOf(method))));
}
