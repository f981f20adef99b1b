/**
 * One incarnation of a member of the simulated grid: the shell around the protocol cores, as `TransactionService` and
 * core's `Member` are on real threads. It routes messages to participants and coordinators, lends status words, flushes,
 * and passes on that a member has died.
 *
 * Messages to itself are handled at once, within the call, as on real threads; so cores call each other back in the
 * middle of their own calls here, too. Clients never run within a call of a core: they are resumed in a later step.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import { CallOp, Family, familyOf, Snapshots } from '@troupe/core';
import {
  type Aged,
  type Coordinator,
  type Decision,
  type LogClient,
  type Outcome,
  Refusal,
  ReplyOp,
  StatusSlots,
  type TransactionId,
} from '@troupe/transactions';
import type { SeededRandom } from '../seeded-random.ts';
import {
  formatAddress,
  isSameMember,
  type MemberAddress,
  type MemberBehaviour,
  type MemberContext,
} from '../simulated-member.ts';
import { logName } from './log-server.ts';
import { type Frame, SimulatedOutbox } from './outbox.ts';
import { PartitionHost } from './partition-host.ts';
import { ProcedureServer } from './procedures.ts';
import { type CallAnswer, TableServer } from './table-server.ts';
import { type Task, until } from './task.ts';
import { runTurn } from './turns.ts';
import type { World } from './world.ts';

type Message = readonly unknown[];

/** Whom a coordinator tells. */
export interface AttemptListener {
  answered(step: number, partition: PartitionId, values: readonly unknown[]): void;
  ended(outcome: Outcome): void;
  /** A turn of this actor refused it; no key: of some actor. `ended` follows. */
  busy?(key: string | undefined, partition: PartitionId): void;
}

interface PendingCall {
  readonly to: MemberAddress;
  readonly settle: (answer: CallAnswer) => void;
}

export class GridMember implements MemberBehaviour<Frame> {
  readonly address: MemberAddress;
  readonly context: MemberContext<Frame>;
  readonly outbox: SimulatedOutbox;
  readonly host: PartitionHost;
  readonly snapshots: Snapshots;
  readonly slots: StatusSlots;
  readonly #world: World;
  readonly #turns: SeededRandom;
  readonly #log: LogClient | undefined;
  readonly #decision: Decision;
  readonly #server: TableServer;
  readonly #procedures: ProcedureServer;
  readonly #coordinators = new Map<TransactionId, Coordinator>();
  readonly #listeners = new Map<TransactionId, AttemptListener>();
  readonly #calls = new Map<number, PendingCall>();
  #nextRequest = 1;
  #waitingForSlot: (() => void)[] = [];
  #waitingForPeer: (() => void)[] = [];

  constructor(world: World, context: MemberContext<Frame>, memory: SharedArrayBuffer) {
    const { shared, parts } = world;
    this.#world = world;
    this.context = context;
    this.address = context.address;
    this.slots = new StatusSlots(memory);
    this.#turns = context.random.fork('flush');
    this.outbox = new SimulatedOutbox({
      schedule: (flush) => this.#later(flush),
      post: (to, frame) => context.send(to, frame),
    });
    this.#log = world.mode === 'memory' ? undefined : parts.logClient((message) => this.#toLog(message));
    this.#decision = parts.decision(
      this.slots.words,
      (partition) => shared.incarnationOf(partition),
      () => shared.draw(),
      this.#log,
    );
    const time = {
      nowMs: () => context.clock.nowMs(),
      after: (delayMs: number, action: () => void) => void context.clock.setTimer(delayMs, action),
    };
    this.snapshots = new Snapshots(shared, world.memberIdOf(this.address.name), time, world.delay(500));
    this.host = new PartitionHost(world, {
      log: this.#log,
      atTurnEnd: (action) => this.outbox.beforeFlush(action),
      send: (to, message) => this.#send(to, message),
      nextTurn: (action) => void context.clock.setTimer(this.#untilNextTurn(), action),
      runTurn: (turn, done) => runTurn(world, this, turn, done),
    });
    this.#server = new TableServer({
      shared,
      tryPartition: (id) => this.host.tryServe(id),
      answer: (to, requestId, answer) => this.#reply(to, requestId, answer),
    });
    this.#procedures = new ProcedureServer(world, this);
    for (const id of world.partitionsOf(this.address.name)) this.host.create(id);
  }

  /** See `TransactionService`. */
  get commitsUnasked(): boolean {
    return this.#log === undefined || this.#world.isMain(this.address);
  }

  get random(): MemberContext<Frame>['random'] {
    return this.context.random;
  }

  /** What is still under way here; empty when everything has ended. */
  unfinished(): string[] {
    const left: string[] = [];
    const name = formatAddress(this.address);
    if (this.#coordinators.size > 0)
      left.push(`${name} coordinates ${[...this.#coordinators.keys()].join(', ')}`);
    if (this.slots.used > 0) left.push(`${name} has ${this.slots.used} status words in use`);
    if (this.#calls.size > 0) left.push(`${name} waits for ${this.#calls.size} calls`);
    if (this.#server.waiting > 0) left.push(`${name} lets ${this.#server.waiting} requests wait`);
    if (this.#log !== undefined && this.#log.pending > 0) left.push(`${name} waits for the log`);
    left.push(...this.host.unfinished());
    return left;
  }

  // ── for clients ───────────────────────────────────────────────────────────────────────────────────────────────

  isConnected(partition: PartitionId): boolean {
    return this.#addressOf(partition) !== undefined;
  }

  /** Waits for the owner of a partition. */
  *connected(partition: PartitionId): Task {
    while (!this.isConnected(partition)) {
      yield* until<void>((resume) => this.whenConnected(() => resume()));
    }
  }

  /** Calls `resume` when another member was connected. */
  whenConnected(resume: () => void): void {
    this.#waitingForPeer.push(resume);
  }

  /** Transactions wait for a status word. */
  get isShortOfWords(): boolean {
    return this.#world.parts.isShortOfWords(this.#waitingForSlot.length);
  }

  whenSlotFree(resume: () => void): void {
    this.#waitingForSlot.push(resume);
  }

  /** Begins an attempt; undefined while every status word is in use. */
  tryBegin(first: Aged | undefined, headStart: number, listener: AttemptListener): Coordinator | undefined {
    const { shared, parts } = this.#world;
    const slot = this.slots.tryTake();
    if (slot === undefined) return undefined;
    const id = parts.attemptId(first?.id, () => shared.draw());
    this.slots.words.begin(slot, id);
    const coordinator = parts.coordinator(id, first?.age ?? id - headStart, slot, {
      decision: this.#decision,
      incarnationOf: (partition) => shared.incarnationOf(partition),
      now: () => shared.now(),
      send: (partition, message) => {
        const to = this.#addressOf(partition);
        if (to !== undefined) this.#send(to, message);
      },
      diesWithUs: (partition) => {
        const { address } = this;
        return this.#world.isMain(address) || this.#world.ownerOf(partition) === address.name;
      },
      whenHandedOver: (then) => this.#whenHandedOver(then),
      answered: (step, partition, values) => listener.answered(step, partition, values),
      ended: (outcome) => {
        this.#coordinators.delete(id);
        this.#listeners.delete(id);
        this.#releaseSlot(slot);
        listener.ended(outcome);
      },
    });
    this.#coordinators.set(id, coordinator);
    this.#listeners.set(id, listener);
    return coordinator;
  }

  /** Sends a request to the owner of a partition, which must be connected. Returns the incarnation it is meant for. */
  call(partition: PartitionId, message: unknown[], settle: (answer: CallAnswer) => void): number {
    const to = this.#addressOf(partition);
    const incarnation = this.#world.shared.incarnationOf(partition);
    if (to === undefined) settle({ kind: 'moved' });
    else {
      const requestId = this.#nextRequest++;
      this.#calls.set(requestId, { to, settle });
      message[1] = requestId;
      message[2] = partition;
      message[3] = incarnation;
      this.#send(to, message);
    }
    return incarnation;
  }

  // ── from the network ──────────────────────────────────────────────────────────────────────────────────────────

  receive(frame: Frame, from: MemberAddress): void {
    for (const message of frame) this.#dispatch(message, from);
  }

  memberStarted(): void {
    const waiting = this.#waitingForPeer;
    this.#waitingForPeer = [];
    for (const resume of waiting) resume();
  }

  memberLost(lost: MemberAddress): void {
    this.#world.noticed(lost);
    this.host.memberLost(lost);
    this.#procedures.callerLost(lost);
    for (const coordinator of this.#coordinators.values()) {
      for (const { partition } of coordinator.touched) {
        if (this.#world.ownerOf(partition) === lost.name) coordinator.partitionLost(partition);
      }
    }
    this.#server.callerLost(lost);
    for (const [requestId, { to, settle }] of this.#calls) {
      if (!isSameMember(to, lost)) continue;
      this.#calls.delete(requestId);
      settle({ kind: 'lost' });
    }
  }

  #dispatch(message: Message, from: MemberAddress): void {
    const again = (): void => this.#dispatch(message, from);
    switch (familyOf(message[0] as number)) {
      case Family.call:
        this.#answered(message);
        break;
      case Family.table:
        if (!this.host.defers(message[2] as PartitionId, again)) this.#server.receive(message, from);
        break;
      case Family.transactionRequest:
        if (!this.host.defers(message[2] as PartitionId, again)) this.host.request(message, from);
        break;
      case Family.actor:
        this.host.actor(message, (answer) => this.#reply(from, message[1] as number, answer));
        break;
      case Family.procedure:
        this.#procedures.receive(message, from, (answer) => this.#reply(from, message[1] as number, answer));
        break;
      case Family.logReply:
        this.#log?.receive(message);
        break;
      default:
        this.#toCoordinator(message);
    }
  }

  #answered(message: Message): void {
    const [requestId] = message[1] as [number];
    const [answer] = message[2] as [CallAnswer];
    const call = this.#calls.get(requestId);
    this.#calls.delete(requestId);
    call?.settle(answer);
  }

  #toCoordinator(message: Message): void {
    const coordinator = this.#coordinators.get(message[1] as TransactionId);
    if (coordinator === undefined) return;
    const partition = message[2] as PartitionId;
    if (message[0] === ReplyOp.answer)
      coordinator.answer(partition, message[3] as number, message[4] as Message);
    else if (message[0] === ReplyOp.vote) coordinator.vote(partition, message[3] as Timestamp);
    else if (message[0] === ReplyOp.done) coordinator.done(message[3] as Timestamp);
    else {
      if (message[3] === Refusal.busy)
        this.#listeners.get(coordinator.id)?.busy?.(message[5] as string | undefined, partition);
      coordinator.refused(partition, message[3] as Refusal);
    }
  }

  // ── ways out ──────────────────────────────────────────────────────────────────────────────────────────────────

  #reply(to: MemberAddress, requestId: number, answer: CallAnswer): void {
    this.#send(to, [CallOp.replies, [requestId], [answer]]);
  }

  #toLog(message: Message): void {
    const incarnation = this.context.knownIncarnation(logName);
    if (incarnation !== undefined) this.#send({ name: logName, incarnation }, message);
  }

  #send(to: MemberAddress, message: Message): void {
    if (isSameMember(to, this.address)) this.#dispatch(message, to);
    else this.outbox.push(to, message);
  }

  #addressOf(partition: PartitionId): MemberAddress | undefined {
    const name = this.#world.ownerOf(partition);
    const incarnation = this.context.knownIncarnation(name);
    return incarnation === undefined ? undefined : { name, incarnation };
  }

  /** Time passes between two turns, now and then much of it: code of a user holds the thread up. */
  #untilNextTurn(): number {
    const isHeldUp = this.#turns.next() < 0.1;
    return this.#turns.next() * this.#world.delay(isHeldUp ? 20 : 1);
  }

  #later(action: () => void): void {
    const delay = this.#turns.next() * this.#world.delay(this.#world.shape.flushDelay);
    this.context.clock.setTimer(delay, action);
  }

  /** A host may be held up, or die, between the flush and what follows it. */
  #whenHandedOver(then: () => void): void {
    if (this.#world.parts.handOver === 'at once') then();
    else this.outbox.afterFlush(() => this.#later(then));
  }

  #releaseSlot(slot: number): void {
    const release = (): void => {
      this.slots.release(slot);
      this.#waitingForSlot.shift()?.();
    };
    if (this.#world.parts.slotRelease === 'at once') release();
    else this.outbox.afterFlush(release);
  }
}
