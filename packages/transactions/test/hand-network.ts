/**
 * Real coordinators, participants and words, and a network that the test steps by hand: a message stays on its link until
 * `run` is called, and a link whose next message is held back keeps everything behind it. For moments at which real
 * threads can't be stopped, such as between a vote and the decision.
 */
import { type PartitionId, PartitionStore, SharedState, type Timestamp } from '@troupe/core';
import {
  Coordinator,
  type LockMode,
  MemoryDecision,
  type Origin,
  type Outcome,
  Participant,
  type PartitionWrites,
  Refusal,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
} from '@troupe/transactions';

const names = new Map<number, string>(
  [...Object.entries(RequestOp), ...Object.entries(ReplyOp)].map(([name, op]) => [op, name]),
);

interface Transit {
  readonly link: string;
  readonly name: string;
  readonly deliver: () => void;
}

interface HandPartition {
  readonly store: PartitionStore;
  readonly participant: Participant;
}

/** One transaction: its coordinator, what it was answered, and how it ended. */
export interface HandTransaction {
  readonly coordinator: Coordinator;
  readonly words: StatusWords;
  readonly answers: unknown[];
  readonly outcome: Outcome | undefined;
  lock(partition: PartitionId, key: string, mode: LockMode): void;
}

/** The table that all keys are in. */
export const table = 0;

export class HandNetwork {
  readonly shared = SharedState.create(1, 2);
  /** Names of messages that stay on their links. */
  readonly held = new Set<string>();
  readonly #incarnations: number[];
  readonly #partitions: HandPartition[];
  readonly #origins = new Map<string, Origin>();
  readonly #transactions = new Map<number, { readonly member: string; readonly coordinator: Coordinator }>();
  readonly #gone = new Set<string>();
  #transit: Transit[] = [];

  constructor(partitions: number) {
    this.#incarnations = Array.from({ length: partitions }, () => 1);
    // Ids of tests are small; timestamps are larger than all of them.
    while (this.shared.now() < 100) this.shared.draw();
    this.#partitions = this.#incarnations.map((incarnation, id) => this.#newPartition(id, incarnation));
  }

  partition(id: PartitionId): HandPartition {
    const partition = this.#partitions[id];
    if (partition === undefined) throw new Error(`no partition ${id}`);
    return partition;
  }

  /** Puts a value in place, as if long committed. */
  put(partition: PartitionId, key: string, value: unknown): void {
    this.partition(partition).store.write(table, key, value, this.shared.draw());
  }

  /** The newest installed value. */
  read(partition: PartitionId, key: string): unknown {
    return this.partition(partition).store.read(table, key);
  }

  /** A transaction coordinated at a member; the smaller its id, the older it is. */
  begin(id: number, member: string): HandTransaction {
    const origin = this.#originOf(member);
    const slot = id;
    origin.words.begin(slot, id);
    const answers: unknown[] = [];
    let outcome: Outcome | undefined;
    const coordinator = new Coordinator(id, id, slot, {
      decision: new MemoryDecision(
        origin.words,
        (partition) => this.#incarnations[partition] ?? 0,
        () => this.shared.draw(),
      ),
      incarnationOf: (partition) => this.#incarnations[partition] ?? 0,
      now: () => this.shared.now(),
      diesWithUs: () => false,
      send: (partition, message) => this.#toPartition(member, partition, message),
      whenHandedOver: (then) => then(),
      answered: (_step, _partition, values) => answers.push(...values),
      ended: (told) => {
        outcome = told;
      },
    });
    this.#transactions.set(id, { member, coordinator });
    return {
      coordinator,
      words: origin.words,
      answers,
      get outcome() {
        return outcome;
      },
      lock: (partition, key, mode) => coordinator.lock(partition, 1, [table, key, mode]),
    };
  }

  /** Delivers whatever isn't held back, and what follows from it, until nothing moves any more. */
  run(): void {
    for (;;) {
      const stopped = new Set<string>();
      const next = this.#transit.findIndex(({ link, name }) => {
        if (stopped.has(link)) return false;
        if (this.held.has(name)) stopped.add(link);
        return !stopped.has(link);
      });
      const [message] = next < 0 ? [] : this.#transit.splice(next, 1);
      if (message === undefined) return;
      message.deliver();
    }
  }

  /** Delivers one message of this name, held back or not: the first that was sent. */
  step(name: string): void {
    const position = this.#transit.findIndex((message) => message.name === name);
    const [message] = position < 0 ? [] : this.#transit.splice(position, 1);
    if (message === undefined) throw new Error(`no ${name} is under way`);
    message.deliver();
  }

  /** The thread of a partition dies: its successor is empty, and nothing on its links arrives. */
  killPartition(id: PartitionId): void {
    this.#incarnations[id] = (this.#incarnations[id] ?? 0) + 1;
    this.#transit = this.#transit.filter(({ link }) => !link.split(' ').includes(`p${id}`));
    this.#partitions[id] = this.#newPartition(id, this.#incarnations[id]);
    for (const { member, coordinator } of this.#transactions.values())
      if (!this.#gone.has(member)) coordinator.partitionLost(id);
  }

  /** The thread of a member dies with its coordinators; what they had sent and was not delivered is lost. */
  killMember(member: string): void {
    this.#gone.add(member);
    this.#transit = this.#transit.filter(({ link }) => !link.split(' ').includes(member));
    for (const { participant } of this.#partitions) participant.originLost(this.#originOf(member));
  }

  #newPartition(id: PartitionId, incarnation: number): HandPartition {
    const store = new PartitionStore(this.shared, this.shared.draw());
    const ports = { draw: (): Timestamp => this.shared.draw(), lookLater: (): void => undefined };
    return { store, participant: new Participant({ id, incarnation, store }, ports) };
  }

  #originOf(member: string): Origin {
    const known = this.#origins.get(member);
    if (known !== undefined) return known;
    const words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(100)));
    const origin: Origin = { words, send: (message) => this.#toCoordinator(member, message) };
    this.#origins.set(member, origin);
    return origin;
  }

  #toPartition(member: string, partition: PartitionId, message: unknown[]): void {
    const op = message[0] as number;
    const name = names.get(op) ?? String(op);
    const deliver = (): void => {
      const { participant } = this.partition(partition);
      const origin = this.#originOf(member);
      if (op === RequestOp.lock) participant.lock(message, origin);
      else if (op === RequestOp.prepare) participant.prepare(message, origin);
      else if (op === RequestOp.commitOne) participant.commitOne(message, origin);
      else if (op === RequestOp.commit) participant.commit(message);
      else if (op === RequestOp.decide) participant.decide(message);
      else throw new Error(`nobody delivers ${name}`);
    };
    this.#transit.push({ link: `${member} p${partition}`, name, deliver });
  }

  #toCoordinator(member: string, message: unknown[]): void {
    const [op, id, partition, ...rest] = message as [number, number, number, ...unknown[]];
    const name = names.get(op) ?? String(op);
    const deliver = (): void => {
      const coordinator = this.#transactions.get(id)?.coordinator;
      if (op === ReplyOp.answer) coordinator?.answer(partition, rest[0] as number, rest[1] as unknown[]);
      else if (op === ReplyOp.vote) coordinator?.vote(partition, rest[0] as number);
      else if (op === ReplyOp.done) coordinator?.done(rest[0] as number);
      else coordinator?.refused(partition, (rest[0] as Refusal | undefined) ?? Refusal.wounded);
    };
    this.#transit.push({ link: `p${partition} ${member}`, name, deliver });
  }
}

/** Writes of a transaction, one key in each of these partitions. */
export function writesTo(
  keys: readonly (readonly [partition: PartitionId, key: string])[],
  value: unknown,
): Map<PartitionId, PartitionWrites> {
  return new Map(keys.map(([partition, key]) => [partition, { writes: [table, key, value], cleared: [] }]));
}
