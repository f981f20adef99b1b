/**
 * Where an actor lives: its type, key and partition. Base of what `grid.actor(…)` hands out; everything it knows is
 * private to this file, so that no name can clash with a method of the user's.
 */

import { giveAway } from '../../codec/attachment.ts';
import {
  asValue,
  formOf,
  type Reference,
  type ReferenceForm,
  unknownDefinition,
} from '../../codec/reference.ts';
import { copiedBytes, copiedReferences, copyValue } from '../../codec/value.ts';
import type { CallKind, TracedCall } from '../../context/call-tracer.ts';
import { currentContext } from '../../context/request-context.ts';
import { InvalidArgumentError } from '../../errors/errors.ts';
import { fromStorageKey, type Key, type StorageKey, toStorageKey } from '../../key/key.ts';
import type { Message } from '../../link/outbox.ts';
import type { ActorMessage } from '../../mesh/joined-calls.ts';
import type { Member } from '../../mesh/member.ts';
import type { CallOptions } from '../../mesh/pending-calls.ts';
import type { MemberId, PartitionId } from '../../mesh/shared-state.ts';
import type { Placement } from '../../partition/placement.ts';
import { type ActorType, workerHasNoKey } from '../actor-type.ts';
import type { WatchedActor } from '../failure/death-watch.ts';
import type { Activation } from '../life/activation.ts';
import type { Seat } from '../life/seat.ts';
import { noRequest } from '../mail/letter.ts';
import { ActorOp, argumentsPosition } from '../messages.ts';
import type { LocalActors } from './local-actors.ts';
import { type WorkerHosts, workerHostsOf } from './worker-hosts.ts';

/** Where an ask and a tell have the context of their request. */
export const contextPosition = 9;

/** What a message takes besides its key and arguments. */
const fixedBytes = 24;

/** A message to an actor, ready to be sent. */
export interface ActorCall {
  readonly member: Member;
  readonly owner: MemberId;
  readonly options: CallOptions | undefined;
  readonly message: Message;
  /** About how large the message is. */
  bytes: number;
}

const noArguments: readonly unknown[] = [];

/** Of the arguments copied last. */
let argumentsBytes = 0;

/** Which actor. */
export interface ActorTarget {
  readonly type: ActorType;
  readonly key: StorageKey;
}

export interface ActorPlace {
  readonly owner: MemberId;
  readonly partition: PartitionId;
  readonly incarnation: number;
  readonly key: StorageKey;
}

export class ActorAddress implements Reference {
  readonly #member: Member;
  readonly #owner: MemberId;
  readonly #type: ActorType;
  readonly #key: StorageKey;
  readonly #partition: PartitionId;
  readonly #options: CallOptions | undefined;
  /** Of a stateless worker: where its calls go. */
  readonly #hosts: WorkerHosts | undefined;
  /** Of an actor on the caller's own thread, from the first tell on. */
  #seat: Seat | undefined;

  constructor(
    member: Member,
    placement: Placement,
    type: ActorType,
    key: Key,
    options: CallOptions | undefined,
  ) {
    this.#member = member;
    this.#type = type;
    this.#key = toStorageKey(key, `the key of actor '${type.definition.name}'`);
    this.#partition = placement.partitionOfAffinity(this.#key);
    this.#owner = placement.ownerOf(this.#partition);
    this.#options = options;
    this.#hosts = type.copiesMax === undefined ? undefined : workerHostsOf(member, placement);
  }

  [formOf](): ReferenceForm {
    return ['actor', this.#type.definition.name, this.#key];
  }

  [asValue](): object {
    return this.#options === undefined ? this : this.#member.revive(this[formOf]());
  }

  /** Throws DEFINITION_MISSING when there are references of another grid among these. */
  static mustBeOf({ shared }: Member, references: readonly Reference[]): void {
    for (const reference of references) {
      const isOurs = #member in reference && (reference as ActorAddress).#member.shared === shared;
      if (!isOurs) throw unknownDefinition(reference[formOf]()[1]);
    }
  }

  /** Where the actor lives now. */
  static placeOf(to: ActorAddress): ActorPlace {
    const partition = to.#partition;
    return {
      owner: to.#owner,
      partition,
      incarnation: to.#member.shared.incarnationOf(partition),
      key: to.#key,
    };
  }

  /** The actor behind a reference; undefined for what is none. Throws INVALID_ARGUMENT for a stateless worker. */
  static targetOf(to: unknown): ActorTarget | undefined {
    if (typeof to !== 'object' || to === null || !(#key in to)) return undefined;
    if (to.#hosts !== undefined) throw workerHasNoKey(to.#type.definition.name);
    return { type: to.#type, key: to.#key };
  }

  /** The actor, as its watchers know it. Throws INVALID_ARGUMENT for what is no reference. */
  static watchedOf(to: unknown): WatchedActor {
    if (typeof to !== 'object' || to === null || !(#key in to)) {
      throw new InvalidArgumentError('expected a reference, as `grid.actor(cart, key)` gives', {
        details: { argument: 'reference' },
      });
    }
    if (to.#hosts !== undefined) throw workerHasNoKey(to.#type.definition.name);
    return { owner: to.#owner, actor: to.#type.definition.name, key: fromStorageKey(to.#key) };
  }

  /** A call of one of its methods, for those who trace it. */
  static traced(to: ActorAddress, kind: CallKind, method: number): TracedCall {
    return { kind, name: to.#type.definition.name, method: to.#type.methodNames[method] };
  }

  /** How a tell to this actor travels. */
  static tellOp(to: unknown): number {
    if (typeof to !== 'object' || to === null || !(#key in to)) throw detached();
    return to.#type.overflowWaits ? ActorOp.tellWaiting : ActorOp.tell;
  }

  /**
   * The message for a call of `to`'s method, with the arguments copied; `isOfTurn`: with a place for the path of its turn.
   * Throws when one of them can't be sent.
   */
  static call(
    to: unknown,
    op: number,
    method: number,
    given: readonly unknown[],
    isOfTurn = false,
  ): ActorCall {
    const args = ActorAddress.copyArguments(to, method, given);
    return ActorAddress.callWith(to as ActorAddress, op, method, args, isOfTurn);
  }

  /** Copies of a call's arguments, checked. Throws when one of them can't be sent. */
  static copyArguments(to: unknown, method: number, given: readonly unknown[]): readonly unknown[] {
    if (typeof to !== 'object' || to === null || !(#key in to)) throw detached();
    const args = to.#type.checkedArguments(method, given);
    argumentsBytes = 0;
    if (args.length === 0) return noArguments;
    // Not added up in place: a getter among the arguments may make a call of its own.
    let bytes = 0;
    const copies = args.slice();
    for (let i = 0; i < args.length; i++) {
      copies[i] = copyValue(args[i], to.#type.argumentName(method, i));
      bytes += copiedBytes();
      const references = copiedReferences();
      if (references !== undefined) ActorAddress.mustBeOf(to.#member, references);
    }
    argumentsBytes = bytes;
    return copies;
  }

  /** The same with the arguments that were copied last. */
  static callWith(
    to: ActorAddress,
    op: number,
    method: number,
    copies: readonly unknown[],
    isOfTurn = false,
  ): ActorCall {
    if (to.#hosts !== undefined && op === ActorOp.askIn) throw notInTransaction(to.#type);
    const place = to.#hosts?.next();
    const partition = place === undefined ? to.#partition : place.partition;
    const owner = place === undefined ? to.#owner : place.owner;
    const incarnation = to.#member.shared.incarnationOf(partition);
    const { id } = to.#type;
    const message: Message =
      // A field that is added later would make the array anew.
      isOfTurn
        ? [op, noRequest, partition, incarnation, id, to.#key, method, copies, undefined]
        : [op, noRequest, partition, incarnation, id, to.#key, method, copies];
    const bytes = fixedBytes + (typeof to.#key === 'string' ? to.#key.length * 3 : 9) + argumentsBytes;
    return { member: to.#member, owner, options: to.#options, message, bytes };
  }

  /** The actor itself, active from now on, where it is on this thread and a tell brings nothing but its arguments. */
  static activeHere(to: ActorAddress, local: LocalActors): Activation | undefined {
    const member = to.#member;
    if (member.closed || member.tracer !== undefined || currentContext() !== undefined) return undefined;
    if (to.#owner !== member.self.id || to.#type.overflowWaits || to.#hosts !== undefined) return undefined;
    const incarnation = member.shared.ownIncarnationOf(to.#partition);
    if (to.#seat?.occupant === undefined || to.#seat.incarnation !== incarnation)
      to.#seat = local.seatOf(to.#partition, incarnation, to.#type, to.#key);
    return to.#seat?.occupant;
  }
}

/** The same call, as transactions take it. */
export function messageOf({ message, bytes }: ActorCall): ActorMessage {
  return {
    partition: message[2] as PartitionId,
    actor: message[4] as number,
    key: message[5] as StorageKey,
    method: message[6] as number,
    args: message[argumentsPosition] as readonly unknown[],
    bytes,
    context: message[contextPosition] as ActorMessage['context'],
  };
}

/** The partition may have been created anew while the call waited for its owner: addresses the current one. */
export function addressCurrent(call: ActorCall): void {
  call.message[3] = call.member.shared.incarnationOf(call.message[2] as PartitionId);
}

/** It is about to be sent, once: large binaries among its arguments, which are copies, need no second one. */
export function giveArgumentsAway({ member, owner, message, bytes }: ActorCall): void {
  if (owner !== member.self.id) giveAway(message[argumentsPosition], bytes);
}

function notInTransaction({ definition: { name } }: ActorType): InvalidArgumentError {
  return new InvalidArgumentError(
    `the stateless worker '${name}' can't be called in a transaction: nothing it does could be undone with it; call it before or after`,
    { details: { argument: 'this' } },
  );
}

function detached(): InvalidArgumentError {
  return new InvalidArgumentError(
    'the methods of an actor reference must be called on it, as in `grid.actor(cart, key).add(item)`',
    { details: { argument: 'this' } },
  );
}
