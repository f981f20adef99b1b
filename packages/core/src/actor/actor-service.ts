/**
 * The owner's end of the family `actor`: finds the actor of a message, or activates it, and answers.
 *
 * Arguments arrive as copies made by the caller. An answer is copied when its turn ends, because the actor may change
 * its state before the frame is packed. Actors belong to one incarnation of a partition; when the partition is
 * created anew they begin again from their definition's `state`.
 *
 * While messages wait or turns are under way the member counts as at work, so closing waits for tells, too.
 *
 * Nothing is dropped silently: what can't be taken in fails the ask; a tell that can't is counted and published (see
 * `actor-events.ts`) on the owner's thread. A sender on the same thread is told; one on another is not, since the
 * reports of a flood would themselves be one, in a lane that is never refused.
 */
import { copyToHandOver } from '../codec/attachment.ts';
import { InvariantError } from '../errors/errors.ts';
import { fromStorageKey, type StorageKey } from '../key/key.ts';
import type { Message } from '../link/outbox.ts';
import type { Client } from '../mesh/client.ts';
import type { JoinedTransactions } from '../mesh/joined-calls.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { ActorStates } from '../partition/actor-states.ts';
import type { OwnedPartitions, Partition } from '../partition/partition.ts';
import { Activation, type ActivationPort } from './activation.ts';
import { type ContextClass, contextClass, type OwnContext } from './actor-context.ts';
import { type ActorEvent, publishActorEvent } from './actor-events.ts';
import { actorTypeOf } from './actor-table.ts';
import type { ActorType, ActorTypes } from './actor-type.ts';
import { eventLoopPorts } from './event-loop-ports.ts';
import { JoinedTurns } from './joined-turns.ts';
import { type Letter, noRequest } from './letter.ts';
import { ActorOp } from './messages.ts';
import { closing, mailboxFull, type Refusal, superseded } from './refusals.ts';
import { unobserved } from './tell.ts';
import { type TurnPorts, TurnQueue, turnBudgetMsMax } from './turn-queue.ts';
import { WaitingAsks } from './waiting-asks.ts';

/** What the service of a member stands on. */
export interface ActorServiceParts {
  readonly member: Member;
  readonly types: ActorTypes;
  readonly owned: OwnedPartitions;
  /** What methods find in their context; asked for once, at the first activation. */
  readonly client: () => Client;
  /** Lets calls that transactions make be part of them; without it there are none. */
  readonly joins?: JoinedTransactions;
  readonly ports?: TurnPorts;
}

/** The active actors of one incarnation of a partition, by actor type and key. */
interface Residents {
  readonly partition: Partition;
  readonly byType: (Map<StorageKey, Activation> | undefined)[];
}

export class ActorService implements MessageFamily, ActivationPort {
  readonly #member: Member;
  readonly #types: ActorTypes;
  readonly #owned: OwnedPartitions;
  readonly #client: () => Client;
  readonly #turns: TurnQueue;
  readonly #waiting = new WaitingAsks();
  readonly #joined: JoinedTurns;
  readonly #residents: (Residents | undefined)[] = [];
  #context: ContextClass | undefined;
  #closed = false;
  #open = 0;
  #tellsRefused = 0;
  /** Keeps the member open while messages wait or turns are under way. */
  #release: (() => void) | undefined;

  constructor(parts: ActorServiceParts) {
    this.#member = parts.member;
    this.#types = parts.types;
    this.#owned = parts.owned;
    this.#client = parts.client;
    const ports = parts.ports ?? eventLoopPorts(parts.member.clock);
    this.#turns = new TurnQueue(ports);
    this.#joined = new JoinedTurns({
      member: parts.member,
      joins: parts.joins,
      detached: (run) => ports.detached(run),
      contextOf: (key) => this.#contextOf(key),
      ended: () => this.#finished(1),
    });
  }

  /** Messages in mailboxes and turns under way. */
  get openMessages(): number {
    return this.#open;
  }

  /** Tells that never had their turn. */
  get tellsRefused(): number {
    return this.#tellsRefused;
  }

  /** Refuses new messages from now on; those in mailboxes still have their turns. */
  close(): void {
    this.#closed = true;
  }

  receive(message: Message, from: Peer): void {
    const op = message[0];
    if (op !== ActorOp.ask && op !== ActorOp.tell && op !== ActorOp.askIn) {
      throw new InvariantError(`an unknown actor message arrived: ${String(op)}`);
    }
    const refusal = op === ActorOp.askIn ? this.#takeIn(message, from) : this.#take(message, from);
    if (refusal === undefined) return;
    const requestId = message[1] as number;
    if (requestId === noRequest) this.#tellRefused(message, refusal);
    else this.#member.fail(from, requestId, refusal());
  }

  /**
   * A tell of this thread, which learns at once whether it was taken in. Undefined when it was; resolves later when
   * actors have had their time in this turn of the event loop, so that a sender who awaits lets them have more.
   */
  tellHere(message: Message): Promise<void> | undefined {
    const refusal = this.#take(message, this.#member.self);
    if (refusal === undefined) return this.#turns.yielded ? this.#turns.resumed() : undefined;
    this.#tellRefused(message, refusal);
    return unobserved(Promise.reject(refusal()));
  }

  cancelled(requestId: number, from: Peer): void {
    if (this.#waiting.drop(from, requestId)) this.#finished(1);
    else this.#joined.cancelled(requestId, from);
  }

  peerLost(peer: Peer): void {
    this.#finished(this.#waiting.dropAll(peer));
    this.#joined.peerLost(peer);
  }

  /** The actors of one incarnation of a partition, as its concurrency control sees them. */
  statesOf(id: PartitionId, incarnation: number): ActorStates {
    const activeOf = (table: number): Map<StorageKey, Activation> | undefined =>
      this.#residentsOf(id, incarnation)?.byType[actorTypeOf(table)];
    const unrested = (table: number, key: StorageKey | undefined): Activation | undefined => {
      const actors = activeOf(table);
      if (key !== undefined) return actors?.get(key);
      for (const activation of actors?.values() ?? []) if (!activation.atRest) return activation;
      return undefined;
    };
    return {
      isAtRest: (table, key) => unrested(table, key)?.atRest ?? true,
      whenAtRest: (table, key, resume) => unrested(table, key)?.whenAtRest(resume),
      install: (table, key, state) => {
        const residents = this.#residentsOf(id, incarnation);
        if (residents === undefined) return;
        this.#activationOf(residents, this.#types.mustGet(actorTypeOf(table)), key).install(state);
      },
    };
  }

  runnable(activation: Activation): void {
    this.#turns.add(activation);
  }

  taken(letter: Letter): void {
    if (letter.place === 'waiting') this.#waiting.delete(letter);
    letter.place = 'taken';
  }

  ended(activation: Activation, letter: Letter, answer: unknown): void {
    if (letter.requestId !== noRequest) this.#answer(activation.type, letter, answer);
    this.#finished(1);
  }

  failed(activation: Activation, letter: Letter, error: unknown): void {
    if (letter.requestId !== noRequest) this.#member.fail(letter.from, letter.requestId, error);
    else
      publishActorEvent(() => eventOf('tell-failed', activation.type, activation.key, letter.method, error));
    this.#finished(1);
  }

  over(activation: Activation): void {
    for (const residents of this.#residents) {
      const actors = residents?.byType[activation.type.id];
      if (actors?.get(activation.key) === activation) actors.delete(activation.key);
    }
  }

  unlocked(activation: Activation): void {
    this.#turns.runNow(activation, () => activation.takeTurn());
  }

  /** Undefined when a turn that is part of a transaction has begun. */
  #takeIn(message: Message, from: Peer): Refusal | undefined {
    if (this.#closed) return closing;
    const id = message[2] as PartitionId;
    const residents = this.#residentsOf(id, message[3] as number);
    if (residents === undefined) return () => superseded(id);
    const type = this.#types.mustGet(message[4] as number);
    this.#open++;
    this.#release ??= this.#beginWork();
    this.#joined.accept(message, from, this.#activationOf(residents, type, message[5] as StorageKey));
    return undefined;
  }

  /** Undefined when the message is in its actor's mailbox, or handled already. */
  #take(message: Message, from: Peer): Refusal | undefined {
    if (this.#closed) return closing;
    const id = message[2] as PartitionId;
    const residents = this.#residentsOf(id, message[3] as number);
    if (residents === undefined) return () => superseded(id);
    const activation = this.#activationOf(
      residents,
      this.#types.mustGet(message[4] as number),
      message[5] as StorageKey,
    );
    const letter: Letter = {
      previous: undefined,
      next: undefined,
      from,
      requestId: message[1] as number,
      method: message[6] as number,
      args: message[7] as readonly unknown[],
      mailbox: activation.mailbox,
      place: 'sent',
    };
    return this.#accept(activation, letter) ? undefined : () => mailboxFull(activation.type, activation.key);
  }

  #accept(activation: Activation, letter: Letter): boolean {
    this.#open++;
    if (!activation.accept(letter) && !this.#acceptFull(activation, letter)) {
      this.#open--;
      return false;
    }
    if (this.#open > 0) this.#release ??= this.#beginWork();
    if (letter.place === 'sent' && letter.requestId !== noRequest) {
      letter.place = 'waiting';
      this.#waiting.add(letter);
    }
    return true;
  }

  /** A sender on this thread holds it anyway: its messages make room as long as they can. */
  #acceptFull(activation: Activation, letter: Letter): boolean {
    const budgetMs = letter.from === this.#member.self ? Number.POSITIVE_INFINITY : turnBudgetMsMax;
    return this.#turns.makeRoom(activation, budgetMs) && activation.accept(letter);
  }

  #answer(type: ActorType, letter: Letter, answer: unknown): void {
    let copy: unknown;
    try {
      copy = copyToHandOver(answer, type.answerNames[letter.method] ?? 'the answer');
    } catch (error) {
      this.#member.fail(letter.from, letter.requestId, error);
      return;
    }
    this.#member.replyOwned(letter.from, letter.requestId, copy);
  }

  #tellRefused(message: Message, refusal: Refusal): void {
    this.#tellsRefused++;
    const type = this.#types.mustGet(message[4] as number);
    publishActorEvent(() =>
      eventOf('tell-refused', type, message[5] as StorageKey, message[6] as number, refusal()),
    );
  }

  #finished(count: number): void {
    this.#open -= count;
    if (this.#open > 0 || this.#release === undefined) return;
    this.#release();
    this.#release = undefined;
  }

  /** Undefined when the grid closes already: then the message has its turn for as long as the close waits for others. */
  #beginWork(): (() => void) | undefined {
    try {
      return this.#member.work.begin();
    } catch {
      return undefined;
    }
  }

  /** The actors of this incarnation of the partition, if this member owns it. Those of an earlier one end here. */
  #residentsOf(id: PartitionId, incarnation: number): Residents | undefined {
    const partition = this.#owned.tryGet(id, incarnation);
    if (partition === undefined) return undefined;
    const known = this.#residents[id];
    if (known?.partition === partition) return known;
    const residents: Residents = { partition, byType: [] };
    this.#residents[id] = residents;
    for (const actors of known?.byType ?? [])
      for (const activation of actors?.values() ?? []) activation.end(superseded(id));
    return residents;
  }

  #activationOf(residents: Residents, type: ActorType, key: StorageKey): Activation {
    residents.byType[type.id] ??= new Map();
    const actors = residents.byType[type.id] as Map<StorageKey, Activation>;
    const known = actors.get(key);
    if (known !== undefined) return known;
    const { concurrency } = residents.partition;
    const activation = new Activation(type, key, this.#contextOf(key), concurrency, this);
    actors.set(key, activation);
    return activation;
  }

  #contextOf(key: StorageKey): OwnContext {
    this.#context ??= contextClass(this.#client());
    return new this.#context(fromStorageKey(key));
  }
}

function eventOf(
  event: ActorEvent['event'],
  type: ActorType,
  key: StorageKey,
  method: number,
  error: unknown,
): ActorEvent {
  return {
    event,
    actor: type.definition.name,
    key: fromStorageKey(key),
    method: type.methodNames[method] ?? '',
    error,
  };
}
