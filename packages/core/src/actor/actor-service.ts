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
import { noCalendar } from '../definition/reminder-time.ts';
import { InvariantError } from '../errors/errors.ts';
import { fromStorageKey, type StorageKey } from '../key/key.ts';
import type { Message } from '../link/outbox.ts';
import type { Client } from '../mesh/client.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { RawActorMetrics } from '../metrics/actor-meter.ts';
import type { ActorStates } from '../partition/actor-states.ts';
import type { ActorServiceParts } from './actor-service-parts.ts';
import type { ActorTypes } from './actor-type.ts';
import { ActorAddress } from './call/actor-address.ts';
import { type CurrentTurn, currentTurnOf } from './call/current-turn.ts';
import { streamPosition } from './call/stream-call.ts';
import { DeadLetterOffice } from './failure/dead-letter-office.ts';
import { type ActorLost, DeathWatch } from './failure/death-watch.ts';
import { FailureNotices } from './failure/failure-notices.ts';
import { noticeTo, type WatchNoticesGround, watchIdOf } from './failure/watch-notices.ts';
import { Activation } from './life/activation.ts';
import { ActivationGround } from './life/activation-ground.ts';
import {
  type ContextClasses,
  type ContextHome,
  contextClasses,
  type OwnContext,
} from './life/actor-context.ts';
import { ActorReminders } from './life/actor-reminders.ts';
import { ActorTimers } from './life/actor-timers.ts';
import { type ResidencyWatch, watchResidency } from './life/residency-watch.ts';
import { ResidentActors } from './life/resident-actors.ts';
import { WorkerCopies } from './life/worker-copies.ts';
import { Admission } from './mail/admission.ts';
import { FanOuts } from './mail/fan-out.ts';
import { Delivery, Letter, letterOf, noRequest } from './mail/letter.ts';
import { LocalTells } from './mail/local-tells.ts';
import { OpenAsks } from './mail/open-asks.ts';
import { OpenLetters } from './mail/open-letters.ts';
import { closing, type Refusal, superseded } from './mail/refusals.ts';
import { ActorOp } from './messages.ts';
import type { ActorPorts } from './turn/actor-ports.ts';
import { ActorStreams } from './turn/actor-streams.ts';
import { CycleWatch } from './turn/cycle-watch.ts';
import { eventLoopPorts } from './turn/event-loop-ports.ts';
import { JoinedTurns } from './turn/joined-turns.ts';
import { TurnObserver } from './turn/turn-observer.ts';
import { TurnQueue } from './turn/turn-queue.ts';

/** Messages that become turns. */
const takenIn = new Set<number>([
  ActorOp.ask,
  ActorOp.tell,
  ActorOp.askIn,
  ActorOp.tellWaiting,
  ActorOp.stream,
]);

export class ActorService implements MessageFamily {
  readonly deaths = new DeathWatch();
  readonly reminders: ActorReminders;
  readonly deadLetters: DeadLetterOffice;
  readonly failures: FailureNotices;
  readonly observer: TurnObserver;
  /** How tells of this thread reach its actors. */
  readonly local: LocalTells;
  readonly #member: Member;
  readonly #types: ActorTypes;
  readonly #client: () => Client;
  readonly #turns: TurnQueue;
  readonly #timers: ActorTimers;
  readonly #ground: ActivationGround;
  readonly #ports: ActorPorts;
  readonly #asks = new OpenAsks();
  readonly #cycles: CycleWatch;
  readonly #residency: ResidencyWatch | undefined;
  readonly #fanOuts: FanOuts;
  readonly #joined: JoinedTurns;
  readonly #open: OpenLetters;
  readonly #actors: ResidentActors;
  readonly #admission: Admission;
  readonly #streams: ActorStreams;
  readonly #copies = new WorkerCopies();
  #contexts: ContextClasses | undefined;
  #closed = false;

  constructor(parts: ActorServiceParts) {
    this.#member = parts.member;
    this.#types = parts.types;
    this.#client = parts.client;
    const ports = parts.ports ?? eventLoopPorts(parts.member.clock);
    const current = currentTurnOf(parts.member.shared);
    this.#ports = ports;
    this.observer = new TurnObserver(parts.member, parts.hotKeys, ports);
    this.#open = new OpenLetters(parts.member.work);
    this.#turns = new TurnQueue(ports);
    parts.member.held.push(this.#turns);
    this.#timers = new ActorTimers({
      ports,
      deliver: (activation, method, args) => this.#deliver(activation, method, args, new Delivery('timer')),
    });
    this.reminders = this.#makeReminders(parts, ports);
    this.deadLetters = new DeadLetterOffice({
      member: parts.member,
      types: parts.types,
      take: (message) => this.#take(message, this.#member.self),
    });
    this.failures = new FailureNotices(parts.member, parts.types);
    this.#fanOuts = new FanOuts(parts.member);
    this.#ground = this.#makeGround(ports, current);
    this.#residency = watchResidency(parts.types.idleMsMin, parts.residentsMax, ports);
    this.#actors = this.#makeActors(parts);
    this.#cycles = new CycleWatch({
      fanOuts: this.#fanOuts,
      member: parts.member,
      types: parts.types,
      asks: this.#asks,
      ports,
      reject: (letter, error) => this.#reject(letter, error),
    });
    this.#admission = new Admission({
      member: parts.member,
      types: parts.types,
      open: this.#open,
      asks: this.#asks,
      cycles: this.#cycles,
      observer: this.observer,
      turns: this.#turns,
    });
    this.local = new LocalTells({
      self: parts.member.self,
      actors: this.#actors,
      admission: this.#admission,
      turns: this.#turns,
      deadLetters: this.deadLetters,
      take: (message) => this.#take(message, parts.member.self),
      isClosed: () => this.#closed,
    });
    this.#streams = this.#makeStreams(ports);
    this.#joined = new JoinedTurns({
      member: parts.member,
      joins: parts.joins,
      detached: (run) => ports.detached(run),
      current,
      observer: this.observer,
      contexts: () => this.contexts,
      ended: () => this.#open.finished(1),
    });
  }

  #makeGround(ports: ActorPorts, current: CurrentTurn): ActivationGround {
    return new ActivationGround({
      member: this.#member,
      ports,
      current,
      timers: this.#timers,
      observer: this.observer,
      reminders: this.reminders,
      turns: this.#turns,
      asks: this.#asks,
      open: this.#open,
      deadLetters: this.deadLetters,
      failures: this.failures,
      streams: () => this.#streams,
      actors: () => this.#actors,
      contexts: () => this.contexts,
      watchFor: (...watch) => this.#watchFor(...watch),
    });
  }

  #makeReminders(parts: ActorServiceParts, ports: ActorPorts): ActorReminders {
    return new ActorReminders({
      ports,
      types: parts.types,
      calendar: parts.calendar ?? noCalendar,
      partition: (id) => parts.owned.current(id),
      deliver: ({ id, incarnation }, type, { key }, method, args, delivery) => {
        const residents = this.#actors.of(id, incarnation);
        const activation = residents && this.#actors.activation(residents, type, key);
        return activation && this.#deliver(activation, method, args, delivery);
      },
    });
  }

  #makeActors({ types, owned }: ActorServiceParts): ResidentActors {
    return new ResidentActors({
      types,
      owned,
      revive: (form) => this.#member.revive(form),
      residency: this.#residency,
      observer: this.observer,
      make: (type, key, residents, stored) => {
        const own = fromStorageKey(key);
        const context = (home: ContextHome): OwnContext => this.contexts.own(own, home);
        return new Activation(
          type,
          key,
          context,
          residents.partition.concurrency,
          residents,
          this.#ground,
          stored,
        );
      },
    });
  }

  #makeStreams(ports: ActorPorts): ActorStreams {
    return new ActorStreams({
      member: this.#member,
      later: (run) => ports.later(run),
      waits: () => this.#cycles.begin(),
      gone: (activation) => this.#actors.whyGone(activation),
      failed: (activation, letter, error) => this.#ground.failed(activation, letter, error),
      done: (letter) => this.#ground.done(letter),
    });
  }

  /** Actors that are active, where it is counted: where some are passivated. */
  get residents(): number {
    return this.#residency?.count ?? 0;
  }

  /** Messages in mailboxes and turns under way. */
  get openMessages(): number {
    return this.#open.count;
  }

  /** Tells that never had their turn. */
  get tellsRefused(): number {
    return this.deadLetters.refused;
  }

  rawMetrics(): RawActorMetrics {
    return this.observer.raw();
  }

  /** Refuses new messages from now on; those in mailboxes still have their turns. */
  close(): void {
    this.#closed = true;
    this.#residency?.close();
    this.#timers.close();
    this.reminders.close();
    this.deaths.close();
  }

  /** The classes of what methods get first. */
  get contexts(): ContextClasses {
    this.#contexts ??= contextClasses(this.#client(), this.#ground.current);
    return this.#contexts;
  }

  receive(message: Message, from: Peer): void {
    const op = message[0];
    if (op === ActorOp.probe) {
      this.#cycles.receive(message);
      return;
    }
    if (op === ActorOp.askMany) {
      this.#fanOuts.accept(message, from);
      return;
    }
    if (op === ActorOp.deadLetters) {
      this.deadLetters.receive(message, from);
      return;
    }
    if (op === ActorOp.escalated) {
      this.failures.receive(message, from.id - 1);
      return;
    }
    if (op !== ActorOp.ask && op !== ActorOp.tell && !takenIn.has(op as number)) {
      throw new InvariantError(`an unknown actor message arrived: ${String(op)}`);
    }
    const refusal = op === ActorOp.askIn ? this.#takeIn(message, from) : this.#take(message, from);
    if (refusal === undefined) return;
    const requestId = message[1] as number;
    if (requestId === noRequest) this.deadLetters.refusedTell(message, refusal, false);
    else this.#member.fail(from, requestId, refusal());
  }

  cancelled(requestId: number, from: Peer): void {
    if (this.#asks.abandon(from, requestId)) this.#open.finished(1);
    else {
      this.#fanOuts.cancelled(requestId, from);
      this.#joined.cancelled(requestId, from);
    }
  }

  peerLost(peer: Peer): void {
    this.#open.finished(this.#asks.abandonAll(peer));
    this.#fanOuts.peerLost(peer);
    // Hosts that end with the grid are not lost.
    if (!this.#closed && !this.#member.closed) this.deaths.lost(peer.id);
    this.#joined.peerLost(peer);
  }

  /** What the storage has of an actor of a partition that is being opened here. */
  recover(partition: PartitionId, table: number, key: StorageKey, bytes: Uint8Array): void {
    this.#actors.recover(partition, table, key, bytes);
  }

  /** The actors of one incarnation of a partition, as its concurrency control sees them. */
  statesOf(id: PartitionId, incarnation: number): ActorStates {
    return this.#actors.statesOf(id, incarnation);
  }

  /** Calls `listener` once when the actor's memory is lost, unless the answer is called before. */
  watch(reference: unknown, listener: (lost: ActorLost) => void): () => void {
    return this.deaths.add(ActorAddress.watchedOf(reference), listener);
  }

  #watchFor(watcher: Activation, reference: unknown, method: number, args: readonly unknown[]): () => void {
    const ground: WatchNoticesGround = {
      ports: this.#ports,
      actors: this.#actors,
      isClosed: () => this.#closed,
      deliver: (activation, ...message) => this.#deliver(activation, ...message),
    };
    const watched = ActorAddress.watchedOf(reference);
    return this.deaths.add(
      watched,
      noticeTo(watcher, method, args, ground),
      watchIdOf(watcher, watched, method),
    );
  }

  /** Undefined when a turn that is part of a transaction has begun. */
  #takeIn(message: Message, from: Peer): Refusal | undefined {
    if (this.#closed) return closing;
    const id = message[2] as PartitionId;
    const residents = this.#actors.of(id, message[3] as number);
    if (residents === undefined) return () => superseded(id);
    const type = this.#types.mustGet(message[4] as number);
    this.#open.count++;
    this.#open.keep();
    this.#joined.accept(message, from, this.#actors.activation(residents, type, message[5] as StorageKey));
    return undefined;
  }

  /** Undefined when the message is in its actor's mailbox, or handled already. */
  #take(message: Message, from: Peer): Refusal | undefined {
    if (this.#closed) return closing;
    const id = message[2] as PartitionId;
    const residents = this.#actors.of(id, message[3] as number);
    if (residents === undefined) return () => superseded(id);
    const type = this.#types.mustGet(message[4] as number);
    const key = this.#copies.keyFor(type, message[5] as StorageKey, residents.byType[type.id]);
    const activation = this.#actors.activation(residents, type, key);
    const letter = letterOf(message, from, activation);
    if (message[0] === ActorOp.tellWaiting) return this.#admission.acceptTell(activation, letter);
    if (message[0] === ActorOp.stream)
      this.#streams.open(letter, message[streamPosition] as number, activation);
    return this.#admission.accept(activation, letter);
  }

  /** A message of the actor to itself. */
  #deliver(
    activation: Activation,
    method: number,
    args: readonly unknown[],
    delivery?: Delivery,
  ): Letter | undefined {
    const isReadonly = activation.type.isReadonly(method);
    const letter = new Letter(this.#member.self, noRequest, method, args, activation, isReadonly, undefined);
    letter.delivery = delivery;
    return this.#admission.accept(activation, letter) === undefined ? letter : undefined;
  }

  /** A letter that waits is rejected. */
  #reject(letter: Letter, error: Error): void {
    if (letter.turn?.stream?.begun === true) {
      this.#member.fail(letter.from, letter.requestId, error);
      this.#asks.delete(letter);
      letter.requestId = noRequest;
      letter.abandon(error);
      return;
    }
    letter.home.giveUp(letter);
    this.#member.fail(letter.from, letter.requestId, error);
    this.#ground.done(letter);
  }
}
