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
import { copiedReferences } from '../codec/value.ts';
import { InvariantError } from '../errors/errors.ts';
import { fromStorageKey, type StorageKey } from '../key/key.ts';
import { timerRetryMs } from '../limits.ts';
import type { Message } from '../link/outbox.ts';
import type { Client } from '../mesh/client.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { ActorStates } from '../partition/actor-states.ts';
import { Activation } from './activation.ts';
import type { ActivationPort } from './activation-port.ts';
import { ActorAddress } from './actor-address.ts';
import { type ContextClasses, type ContextHome, contextClasses, type OwnContext } from './actor-context.ts';
import { eventOf, publishActorEvent } from './actor-events.ts';
import type { KeptState } from './actor-life.ts';
import type { ActorPorts } from './actor-ports.ts';
import type { ActorServiceParts } from './actor-service-parts.ts';
import type { StreamStep } from './actor-stream.ts';
import { ActorStreams } from './actor-streams.ts';
import { ActorTimers } from './actor-timers.ts';
import type { ActorType, ActorTypes } from './actor-type.ts';
import { Admission } from './admission.ts';
import type { CallPath } from './call-path.ts';
import { type CurrentTurn, currentTurnOf } from './current-turn.ts';
import { CycleWatch } from './cycle-watch.ts';
import { type ActorLost, DeathWatch } from './death-watch.ts';
import { eventLoopPorts } from './event-loop-ports.ts';
import { FanOuts } from './fan-out.ts';
import { JoinedTurns } from './joined-turns.ts';
import { Letter, noRequest } from './letter.ts';
import { ActorOp } from './messages.ts';
import { OpenAsks } from './open-asks.ts';
import { OpenLetters } from './open-letters.ts';
import { closing, type Refusal, superseded } from './refusals.ts';
import { type ResidencyWatch, watchResidency } from './residency-watch.ts';
import { ResidentActors, type Residents } from './resident-actors.ts';
import { unobserved } from './tell.ts';
import { TurnQueue } from './turn-queue.ts';
import { WorkerCopies } from './worker-copies.ts';

/** Messages that become turns. */
const takenIn = new Set<number>([
  ActorOp.ask,
  ActorOp.tell,
  ActorOp.askIn,
  ActorOp.tellWaiting,
  ActorOp.stream,
]);

export class ActorService implements MessageFamily, ActivationPort {
  readonly current: CurrentTurn;
  readonly timers: ActorTimers;
  readonly deaths = new DeathWatch();
  readonly #member: Member;
  readonly #types: ActorTypes;
  readonly #client: () => Client;
  readonly #turns: TurnQueue;
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
  #tellsRefused = 0;

  constructor(parts: ActorServiceParts) {
    this.#member = parts.member;
    this.#types = parts.types;
    this.#client = parts.client;
    const ports = parts.ports ?? eventLoopPorts();
    this.current = currentTurnOf(parts.member.shared);
    this.#ports = ports;
    this.#open = new OpenLetters(parts.member.work);
    this.#turns = new TurnQueue(ports);
    this.timers = new ActorTimers({
      ports,
      deliver: (activation, method, args) => this.#deliver(activation, method, args),
    });
    this.#fanOuts = new FanOuts(parts.member);
    this.#residency = watchResidency(parts.types.idleMsMin, parts.residentsMax, ports);
    this.#actors = new ResidentActors({
      types: parts.types,
      owned: parts.owned,
      revive: (form) => parts.member.revive(form),
      residency: this.#residency,
      make: (type, key, residents, stored) => {
        const own = fromStorageKey(key);
        const context = (home: ContextHome): OwnContext => this.contexts.own(own, home);
        return new Activation(type, key, context, residents.partition.concurrency, residents, this, stored);
      },
    });
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
      turns: this.#turns,
    });
    this.#streams = new ActorStreams({
      member: parts.member,
      later: (run) => ports.later(run),
      waits: (letter) => this.#cycles.add(letter),
      gone: ({ residents }) => {
        const { id, incarnation } = (residents as Residents).partition;
        return this.#actors.of(id, incarnation) === residents ? undefined : superseded(id);
      },
      failed: (activation, letter, error) => this.failed(activation, letter, error),
      done: (letter) => this.#done(letter),
    });
    this.#joined = new JoinedTurns({
      member: parts.member,
      joins: parts.joins,
      detached: (run) => ports.detached(run),
      current: this.current,
      contexts: () => this.contexts,
      ended: () => this.#open.finished(1),
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
    return this.#tellsRefused;
  }

  /** Refuses new messages from now on; those in mailboxes still have their turns. */
  close(): void {
    this.#closed = true;
    this.#residency?.close();
    this.timers.close();
    this.deaths.close();
  }

  /** The classes of what methods get first. */
  get contexts(): ContextClasses {
    this.#contexts ??= contextClasses(this.#client(), this.current);
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
    if (op !== ActorOp.ask && op !== ActorOp.tell && !takenIn.has(op as number)) {
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

  runnable(activation: Activation): void {
    this.#turns.add(activation);
  }

  ended(activation: Activation, letter: Letter, answer: unknown): void {
    const stream = letter.turn?.stream;
    if (stream !== undefined) {
      this.#streams.stepped(activation, letter, stream, answer as StreamStep);
      return;
    }
    if (letter.requestId !== noRequest) this.#answer(activation.type, letter, answer);
    this.#done(letter);
  }

  failed(activation: Activation, letter: Letter, error: unknown): void {
    letter.turn?.stream?.fail();
    if (letter.requestId !== noRequest) this.#member.fail(letter.from, letter.requestId, error);
    else
      publishActorEvent(() => eventOf('tell-failed', activation.type, activation.key, letter.method, error));
    this.#done(letter);
  }

  /** Calls `listener` once when the actor's memory is lost, unless the answer is called before. */
  watch(reference: unknown, listener: (lost: ActorLost) => void): () => void {
    return this.deaths.add(ActorAddress.watchedOf(reference), listener);
  }

  watchFor(watcher: Activation, reference: unknown, method: number, args: readonly unknown[]): () => void {
    const { type, key } = watcher;
    const residents = watcher.residents as Residents;
    const tell = (lost: ActorLost): void => {
      // Active again, or no more if its partition is gone.
      const { id, incarnation } = residents.partition;
      if (this.#closed || this.#actors.of(id, incarnation) !== residents) return;
      const activation = this.#actors.activation(residents, type, key);
      // A full mailbox only delays it.
      if (this.#deliver(activation, method, [lost, ...args]) === undefined)
        this.#ports.after(timerRetryMs, () => tell(lost));
    };
    return this.watch(reference, tell);
  }

  admitted(letter: Letter): void {
    if (!letter.tellWaits) return;
    this.#asks.delete(letter);
    this.#member.replyOwned(letter.from, letter.requestId, undefined);
    letter.tellWaits = false;
    letter.requestId = noRequest;
  }

  used(activation: Activation): void {
    this.#actors.used(activation);
  }

  takeState(activation: Activation): KeptState | undefined {
    return this.#actors.takeState(activation);
  }

  passivated(activation: Activation, state: unknown): void {
    this.#actors.packAway(activation, state);
  }

  notPassivated(activation: Activation, error: unknown): void {
    this.#actors.spare(activation);
    publishActorEvent(() => eventOf('passivation-failed', activation.type, activation.key, -1, error));
  }

  over(activation: Activation): void {
    this.#actors.remove(activation);
  }

  unlocked(activation: Activation): void {
    this.#turns.runNow(activation, () => activation.takeTurn());
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
    const method = message[6] as number;
    const path = message[8] as CallPath | undefined;
    const letter = new Letter(
      from,
      message[1] as number,
      method,
      message[7] as readonly unknown[],
      activation,
      activation.type.isReadonly(method),
      path,
    );
    if (message[0] === ActorOp.tellWaiting) return this.#admission.acceptTell(activation, letter);
    if (message[0] === ActorOp.stream) this.#streams.open(letter, message[9] as number, activation);
    return this.#admission.accept(activation, letter);
  }

  /** A message of the actor to itself. */
  #deliver(activation: Activation, method: number, args: readonly unknown[]): Letter | undefined {
    const isReadonly = activation.type.isReadonly(method);
    const letter = new Letter(this.#member.self, noRequest, method, args, activation, isReadonly, undefined);
    return this.#admission.accept(activation, letter) === undefined ? letter : undefined;
  }

  #answer(type: ActorType, letter: Letter, answer: unknown): void {
    let copy: unknown;
    try {
      copy = copyToHandOver(answer, type.answerNames[letter.method] ?? 'the answer');
      const references = copiedReferences();
      if (references !== undefined) ActorAddress.mustBeOf(this.#member, references);
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
    this.#done(letter);
  }

  #done(letter: Letter): void {
    if (letter.listed) this.#asks.delete(letter);
    this.#open.finished(1);
  }
}
