/**
 * The partitions of one member: created at once, or when the log has told what they held; until then everything that
 * is meant for them waits, in order. Passes requests of coordinators on to the participants.
 */
import type { PartitionId } from '@troupe/core';
import {
  type LogClient,
  type Origin,
  type Participant,
  type ParticipantLog,
  Refusal,
  ReplyOp,
  RequestOp,
} from '@troupe/transactions';
import { formatAddress, type MemberAddress } from '../simulated-member.ts';
import { ActorHost, ActorOp } from './actor-host.ts';
import type { CallAnswer, ServedPartition } from './table-server.ts';
import { ObservedStore } from './truth.ts';
import type { Turn } from './turns.ts';
import type { World } from './world.ts';

type Message = readonly unknown[];

export interface PartitionHostPorts {
  /** Undefined where partitions live in memory only. */
  readonly log: LogClient | undefined;
  /** Calls `action` before the messages of this turn leave. */
  atTurnEnd(action: () => void): void;
  send(to: MemberAddress, message: Message): void;
  /** Calls `action` in a later step. */
  nextTurn(action: () => void): void;
  /** Runs an ordinary turn of an actor. */
  runTurn(turn: Turn, done: () => void): void;
}

export class PartitionHost {
  /** Partitions whose locks may have changed since they were checked. */
  readonly unchecked = new Set<ServedPartition>();
  readonly #world: World;
  readonly #ports: PartitionHostPorts;
  readonly #log: ParticipantLog | undefined;
  readonly #served = new Map<PartitionId, ServedPartition>();
  /** What waits for partitions that are being opened. */
  readonly #opening = new Map<PartitionId, (() => void)[]>();
  readonly #origins = new Map<string, Origin>();

  constructor(world: World, ports: PartitionHostPorts) {
    this.#world = world;
    this.#ports = ports;
    const { parts, shared } = world;
    const draw = parts.draws(shared);
    this.#log =
      ports.log && parts.participantLog(ports.log, { draw, atTurnEnd: (action) => ports.atTurnEnd(action) });
  }

  get served(): ReadonlyMap<PartitionId, ServedPartition> {
    return this.#served;
  }

  /** What is still under way here. */
  *unfinished(): Generator<string> {
    for (const id of this.#opening.keys()) yield `partition ${id} is still being opened`;
    for (const { id, participant, actors } of this.#served.values()) {
      yield* actors.unfinished();
      const records = [...participant.records()].map((record) => record.id);
      if (records.length > 0) yield `partition ${id} keeps ${records.join(', ')}`;
      if (!participant.locks.idle) yield `partition ${id} keeps locks`;
    }
  }

  create(id: PartitionId): void {
    const { log } = this.#ports;
    const incarnation = this.#world.shared.incarnationOf(id);
    if (log === undefined) {
      this.#create(id, incarnation, []);
      return;
    }
    this.#opening.set(id, []);
    log.open(id, incarnation, {
      opened: (state) => {
        this.#create(id, incarnation, state as Message);
        const waiting = this.#opening.get(id) ?? [];
        this.#opening.delete(id);
        for (const action of waiting) action();
      },
      // Only the whole process' end helps, which is about to come.
      unopened: () => undefined,
    });
  }

  /** True: the partition is being opened, and `action` waits for that. */
  defers(id: PartitionId, action: () => void): boolean {
    const waiting = this.#opening.get(id);
    waiting?.push(action);
    return waiting !== undefined;
  }

  tryServe(id: PartitionId): ServedPartition | undefined {
    const served = this.#served.get(id);
    if (served !== undefined) this.unchecked.add(served);
    return served;
  }

  /** A request of a coordinator. */
  request(received: Message, from: MemberAddress): void {
    const served = this.tryServe(received[2] as PartitionId);
    const origin = this.#originOf(from);
    if (served === undefined) {
      const wantsAnswer = received[0] !== RequestOp.decide && received[0] !== RequestOp.commit;
      if (wantsAnswer) origin.send([ReplyOp.refused, received[1], received[2], Refusal.incarnation]);
      return;
    }
    const { participant } = served;
    const message = this.#world.parts.request(received, served.incarnation);
    if (message[0] === RequestOp.lock || message[0] === RequestOp.lockOnce) participant.lock(message, origin);
    else if (message[0] === RequestOp.lockTable) participant.lockTable(message, origin);
    else if (message[0] === RequestOp.lockRange) participant.lockRange(message, origin);
    else if (message[0] === RequestOp.prepare) participant.prepare(message, origin);
    else if (message[0] === RequestOp.commitOne) participant.commitOne(message, origin);
    else if (message[0] === RequestOp.commit) participant.commit(message);
    else participant.decide(message);
  }

  /** A turn of an actor is asked for, or, by a transaction that has it, its state. */
  actor(message: Message, answer: (answer: CallAnswer) => void): void {
    const served = this.tryServe(message[2] as PartitionId);
    if (served === undefined || served.incarnation !== message[3]) answer({ kind: 'moved' });
    else if (message[0] === ActorOp.ask)
      served.actors.ask(this.#world.turns.get(message[4] as number), answer);
    else answer({ kind: 'answered', value: served.actors.state(message[4] as string) });
  }

  memberLost(lost: MemberAddress): void {
    for (const served of this.#served.values()) this.#originLost(served, lost);
    this.#origins.delete(formatAddress(lost));
    for (const [id, waiting] of this.#opening) {
      waiting.push(() => {
        const served = this.#served.get(id);
        if (served !== undefined) this.#originLost(served, lost);
      });
    }
  }

  #originLost(served: ServedPartition, lost: MemberAddress): void {
    const origin = this.#origins.get(formatAddress(lost));
    this.unchecked.add(served);
    if (origin !== undefined) this.#world.parts.originLost(served.participant, origin);
  }

  #originOf(from: MemberAddress): Origin {
    const label = formatAddress(from);
    let origin = this.#origins.get(label);
    if (origin === undefined) {
      const words = this.#world.parts.originWords(this.#world.memoryOf(from));
      origin = { words, send: (message) => this.#ports.send(from, message) };
      this.#origins.set(label, origin);
    }
    return origin;
  }

  /** `state`: [table, key, value, timestamp, …] as the log has it. */
  #create(id: PartitionId, incarnation: number, state: Message): void {
    const { shared, parts, truth } = this.#world;
    const store = new ObservedStore(
      shared,
      incarnation === 1 ? shared.draw() : parts.horizon(shared),
      (key, list, timestamp) => truth.installed(id, key, list, timestamp),
    );
    for (let i = 0; i < state.length; i += 4)
      store.recover(state[i] as number, state[i + 1] as string, state[i + 2], state[i + 3] as number);
    const draw = parts.draws(shared);
    const lookLater = (action: () => void): void => this.#ports.nextTurn(action);
    const ports = { draw, lookLater, ...(this.#log && { log: this.#log }) };
    const actors = new ActorHost(
      (turn, done) => this.#ports.runTurn(turn, done),
      () => participant,
    );
    const participant: Participant = parts.participant({ id, incarnation, store, actors }, ports);
    this.#served.set(id, { id, incarnation, store, participant, actors });
  }
}
