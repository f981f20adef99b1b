/**
 * The shell around the protocol cores at one member: routes messages to the participants of the partitions it owns
 * and to the coordinators it runs, lends status words, and passes on that a thread has died.
 */
import type { Clock, CoreMember, PartitionId, Peer, StorageKey, Timestamp } from '@troupe/core';
import {
  Family,
  OverloadedError,
  PartitionLostError,
  TransactionAbortedError,
  TransientMap,
} from '@troupe/core';
import { Attempt } from './attempt/attempt.ts';
import type { AttemptGround } from './attempt/attempt-ground.ts';
import type { PlacedActor } from './attempt/busy-actors.ts';
import { type IdempotencyGround, IdempotencyGuard } from './attempt/idempotency.ts';
import { IdempotencySweeper } from './attempt/idempotency-sweeper.ts';
import { ageOf } from './locks/lock-order.ts';
import type { LockStrategy } from './locks/lock-strategy.ts';
import { MemberLog } from './log/member-log.ts';
import { OneLogDecision } from './log/one-log-decision.ts';
import { conflictIn, nameOf, toldConflict } from './protocol/conflict.ts';
import { type Decision, MemoryDecision, type StorageRefusal } from './protocol/decision.ts';
import { Refusal, ReplyOp, RequestOp } from './protocol/messages.ts';
import type { AbortCause } from './protocol/outcome.ts';
import { Participant } from './protocol/participant.ts';
import { StatusSlots, StatusWords, type TransactionId } from './protocol/status-word.ts';
import { storageError } from './protocol/storage-errors.ts';
import type { Origin } from './protocol/transaction-record.ts';
import { askWhatBlocks } from './view/blocker-question.ts';
import { TransactionMeter } from './view/transaction-metrics.ts';

/** How transactions of a grid are run; the same on every member. */
export interface TransactionSettings {
  /** How conflicts are settled. */
  readonly strategy: LockStrategy;
  /** How long the answer of a call with an idempotency key is kept. */
  readonly idempotencyRetentionMs: number;
  /** False: no code on this thread has a client yet; see `Transactions.follow`. Default true. */
  readonly followed?: boolean;
}

export class TransactionService implements AttemptGround {
  readonly decision: Decision;
  /** Where commits go, in a grid with storage. */
  readonly log: MemberLog | undefined;
  readonly partitionCount: number;
  readonly commitsUnasked: boolean;
  readonly clock: Clock;
  readonly meter: TransactionMeter;
  readonly #core: CoreMember;
  readonly #strategy: LockStrategy;
  readonly #slots: StatusSlots;
  readonly #attempts = new TransientMap<TransactionId, Attempt>((id) => id);
  readonly #participants = new Map<PartitionId, Participant>();
  readonly #origins = new Map<Peer, Origin>();
  readonly #idempotency: IdempotencyGround;
  readonly #sweeper: IdempotencySweeper;
  /** Slots of ended attempts whose decisions wait to be handed to the links. */
  #slotsToRelease: number[] = [];

  constructor(core: CoreMember, { strategy, idempotencyRetentionMs }: TransactionSettings) {
    const { member } = core;
    this.#core = core;
    this.clock = member.clock;
    this.meter = new TransactionMeter(member.clock);
    this.#strategy = strategy;
    this.#slots = new StatusSlots(member.self.memory);
    this.partitionCount = core.placement.partitionCount;
    const nowMs = (): number => member.clock.epochNow();
    this.#idempotency = {
      partitionCount: this.partitionCount,
      retentionMs: idempotencyRetentionMs,
      nowMs,
    };
    this.#sweeper = new IdempotencySweeper(idempotencyRetentionMs, member.clock);
    this.log = core.storage === undefined ? undefined : new MemberLog(core, core.storage);
    // Of a host that died with a commit in the log, the others would not have the writes: there they are asked.
    this.commitsUnasked = this.log === undefined || !core.isHost;
    this.decision = this.#decisionOf(this.log);
    member.register(Family.transactionRequest, {
      receive: (message, from) => this.#request(message, from),
      peerLost: (peer) => this.#peerLost(peer),
      closed: () => this.#sweeper.stop(),
    });
    member.register(Family.transactionReply, { receive: (message) => this.#reply(message) });
  }

  /** The participant of a partition this member owns: also its concurrency control. */
  createParticipant(partition: ConstructorParameters<typeof Participant>[0]): Participant {
    const draw = (): Timestamp => this.#core.member.shared.draw();
    const ports = {
      draw,
      lookLater: (action: () => void, vain: number): void => {
        // In vain that often, its thread has no core: this one must not keep it from getting one.
        if (vain < looksAtOnce) this.clock.nextTurn(action);
        else this.clock.after(lookPauseMs, action);
      },
      meter: this.meter,
      ...(this.log && { log: this.log.participation }),
    };
    const participant = new Participant(partition, ports, this.#strategy);
    this.#participants.set(partition.id, participant);
    this.#sweeper.add(partition.store, participant);
    return participant;
  }

  /** The death of a host loses nothing. */
  get keepsData(): boolean {
    return this.log !== undefined;
  }

  /** Answers under idempotency keys were read back from the storage. */
  recoveredAnswers(): void {
    this.#sweeper.start();
  }

  /** Where fates are decided. Without storage nothing of the log is touched. */
  #decisionOf(log: MemberLog | undefined): Decision {
    const { shared } = this.#core.member;
    const incarnationOf = (partition: PartitionId): number => shared.incarnationOf(partition);
    const draw = (): Timestamp => shared.draw();
    const { words } = this.#slots;
    return log === undefined
      ? new MemoryDecision(words, incarnationOf, draw)
      : new OneLogDecision(words, incarnationOf, draw, log.client);
  }

  /** The participants of this member's partitions. */
  get participants(): ReadonlyMap<PartitionId, Participant> {
    return this.#participants;
  }

  /** What an attempt waits for in partitions of this member. */
  blockedBy(id: TransactionId): unknown[] | undefined {
    for (const participant of this.#participants.values()) {
      const conflict = participant.blockedBy(id);
      if (conflict !== undefined) return conflict;
    }
    return undefined;
  }

  /** See `askWhatBlocks`. */
  askWhatBlocks(attempt: Attempt | undefined, then: () => void): void {
    askWhatBlocks(this.#core, attempt, then);
  }

  /** For an attempt of a transaction that has an idempotency key. */
  guard(key: string, procedure: string | undefined): IdempotencyGuard {
    return new IdempotencyGuard(key, procedure, this.#idempotency);
  }

  /** Transactions wait for a word. */
  get isShortOfWords(): boolean {
    return this.#slots.areAwaited;
  }

  /** Begins an attempt. `age`: that of the first one, when this is a retry. Waits while every word is in use. */
  async begin(age: number | undefined, label: string | undefined, priority?: number): Promise<Attempt> {
    for (;;) {
      const attempt = this.tryBegin(age, label, priority);
      if (attempt !== undefined) return attempt;
      await this.#slots.freed();
    }
  }

  tryBegin(age: number | undefined, label: string | undefined, priority?: number): Attempt | undefined {
    const slot = this.#slots.tryTake();
    if (slot === undefined) return undefined;
    const id = this.#core.member.shared.draw();
    this.#slots.words.begin(slot, id);
    const firstAge = priority === undefined ? id : ageOf(id, priority);
    const attempt = new Attempt(id, age ?? firstAge, slot, label, this);
    this.#attempts.add(id, attempt);
    this.meter.attempted();
    return attempt;
  }

  incarnationOf(partition: PartitionId): number {
    return this.#core.member.shared.incarnationOf(partition);
  }

  now(): Timestamp {
    return this.#core.member.shared.now();
  }

  send(partition: PartitionId, message: unknown[]): void {
    const peer = this.#core.member.tryPeer(this.#core.placement.ownerOf(partition));
    if (peer !== undefined) this.#core.member.sendProtocol(peer, message);
  }

  diesWithUs(partition: PartitionId): boolean {
    const { isHost, member, placement } = this.#core;
    // The threads of hosts end with the main thread.
    return !isHost || placement.ownerOf(partition) === member.self.id;
  }

  whenHandedOver(then: () => void): void {
    this.#core.member.flusher.afterFlush(then);
  }

  ended({ id, coordinator }: Attempt): void {
    this.#attempts.delete(id);
    this.#releaseSlot(coordinator.slot);
  }

  isConnected(partition: PartitionId): boolean {
    return this.#core.member.tryPeer(this.#core.placement.ownerOf(partition)) !== undefined;
  }

  async connected(partition: PartitionId): Promise<void> {
    await this.#core.member.whenConnected(this.#core.placement.ownerOf(partition));
  }

  /** A timestamp of its own for a transaction that takes no locks. */
  drawId(): TransactionId {
    return this.#core.member.shared.draw();
  }

  /** What the caller of a run is told that was ended from outside, maybe between two attempts. */
  stoppedError(attempt: Attempt | undefined, cause: 'timeout' | 'killed'): Error {
    if (attempt !== undefined) return this.abortError(attempt, cause, undefined);
    return new TransactionAbortedError(`a transaction was aborted: ${causeText[cause]}`, {
      details: { reason: cause },
    });
  }

  abortError(
    attempt: Attempt,
    abortCause: AbortCause,
    partition: PartitionId | undefined,
    cause: unknown = attempt.failure,
  ): Error {
    const { id, label } = attempt;
    const named = nameOf(id, label);
    const conflict = toldConflict(attempt.conflict, abortCause, this.#core.definitions);
    switch (abortCause) {
      case 'participant-lost':
        return new PartitionLostError(
          `${named} was aborted: partition ${partition ?? '?'} died with its thread, and with it what the transaction had locked there`,
          {
            // Nothing was lost but its locks.
            retryable: this.keepsData,
            details: { reason: abortCause, transaction: id, partition },
            cause,
          },
        );
      case 'line-full':
        return new OverloadedError(
          'QUEUE_FULL',
          `${named} was refused: too many wait for locks in partition ${partition ?? '?'}`,
          {
            details: { transaction: id, partition },
          },
        );
      case 'storage-full':
      case 'storage-unknown':
      case 'storage-closed':
        return storageError(abortCause, named);
      default:
        return new TransactionAbortedError(`${named} was aborted: ${causeText[abortCause]}${conflict.text}`, {
          details: {
            reason: abortCause,
            transaction: id,
            ...(label === undefined ? {} : { label }),
            ...conflict.details,
          },
          cause,
        });
    }
  }

  /** Ends every attempt of this member, after the partitions. */
  close(): void {
    for (const { coordinator } of this.#attempts.values())
      if (!coordinator.abort('killed')) coordinator.allLost();
  }

  /** A slot is lent again only when the decisions of its transaction have left this thread: a death may not lose them. */
  #releaseSlot(slot: number): void {
    this.#slotsToRelease.push(slot);
    if (this.#slotsToRelease.length > 1) return;
    this.#core.member.flusher.afterFlush(() => {
      const slots = this.#slotsToRelease;
      this.#slotsToRelease = [];
      for (const freed of slots) this.#slots.release(freed);
    });
  }

  #request(message: readonly unknown[], from: Peer): void {
    const participant = this.#participants.get(message[2] as PartitionId);
    const origin = this.#originOf(from);
    if (participant === undefined) {
      if (message[0] !== RequestOp.decide && message[0] !== RequestOp.commit)
        origin.send([ReplyOp.refused, message[1], message[2], Refusal.incarnation]);
      return;
    }
    switch (message[0]) {
      case RequestOp.lock:
        participant.lock(message, origin);
        break;
      case RequestOp.lockOnce:
        this.#sweeper.start();
        participant.lock(message, origin);
        break;
      case RequestOp.lockTable:
        participant.lockTable(message, origin);
        break;
      case RequestOp.lockRange:
        participant.lockRange(message, origin);
        break;
      case RequestOp.prepare:
        participant.prepare(message, origin);
        break;
      case RequestOp.commitOne:
        participant.commitOne(message, origin);
        break;
      case RequestOp.commit:
        participant.commit(message);
        break;
      case RequestOp.decide:
        participant.decide(message);
        break;
      default:
    }
  }

  #reply(message: readonly unknown[]): void {
    // An attempt that has ended is gone from the map: what comes late finds nobody.
    const attempt = this.#attempts.get(message[1] as TransactionId);
    if (attempt === undefined) return;
    const { coordinator } = attempt;
    const partition = message[2] as PartitionId;
    switch (message[0]) {
      case ReplyOp.answer:
        coordinator.answer(partition, message[3] as number, message[4] as readonly unknown[]);
        break;
      case ReplyOp.vote:
        coordinator.vote(partition, message[3] as number);
        break;
      case ReplyOp.done:
        coordinator.done(message[3] as number);
        break;
      case ReplyOp.refused:
        this.#refused(attempt, message);
        break;
      default:
    }
  }

  #refused(attempt: Attempt, message: readonly unknown[]): void {
    const isBusy = message[3] === Refusal.busy;
    if (isBusy) attempt.busy = busyActor(message);
    const conflict = isBusy ? undefined : conflictIn(message, 4);
    attempt.coordinator.refused(message[2] as PartitionId, message[3] as Refusal, conflict);
  }

  #peerLost(peer: Peer): void {
    const origin = this.#origins.get(peer);
    this.#origins.delete(peer);
    if (origin !== undefined)
      for (const participant of this.#participants.values()) participant.originLost(origin);
    for (const attempt of this.#attempts.values()) {
      for (const { partition } of attempt.coordinator.touched) {
        if (this.#core.placement.ownerOf(partition) === peer.id) attempt.coordinator.partitionLost(partition);
      }
    }
  }

  #originOf(peer: Peer): Origin {
    let origin = this.#origins.get(peer);
    if (origin === undefined) {
      const { member } = this.#core;
      origin = { words: new StatusWords(peer.memory), send: (message) => member.sendProtocol(peer, message) };
      this.#origins.set(peer, origin);
    }
    return origin;
  }
}

/** Looks at a word, turn by turn, before a pause is made between them. */
const looksAtOnce = 3;
const lookPauseMs = 1;

const causeText: Record<Exclude<AbortCause, 'participant-lost' | 'line-full' | StorageRefusal>, string> = {
  wounded: 'an older transaction needed what it had locked',
  killed: 'it was ended from outside',
  timeout: 'it did not finish in time',
  already: 'it was done before, under the same idempotencyKey; its caller gets the answer of then',
  busy: 'a turn of an actor it called was under way',
  user: 'one of its operations failed or it was rolled back',
};

function busyActor(message: readonly unknown[]): PlacedActor {
  return {
    partition: message[2] as PartitionId,
    table: message[4] as number,
    key: message[5] as StorageKey | undefined,
  };
}
