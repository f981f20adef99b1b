/**
 * One attempt of a transaction as its client code sees it: the counterpart of `Attempt` on real threads, for tasks
 * instead of promises. Writes are kept here until the end, as in a workspace.
 */
import type { KeyRange, PartitionId } from '@troupe/core';
import {
  type Aged,
  type Coordinator,
  LockMode,
  type Outcome,
  type PartitionWrites,
} from '@troupe/transactions';
import type { GridMember } from './grid-member.ts';
import { type Task, until } from './task.ts';
import type { KnownAttempt } from './truth.ts';
import type { World } from './world.ts';

type List = readonly number[];

interface Step {
  readonly keys: ReadonlyMap<PartitionId, readonly string[]>;
  readonly mode: 'read' | 'write';
  missing: number;
  readonly resume: () => void;
}

/** What the attempt knows of a key. */
interface Known {
  lock: 'read' | 'write';
  list: List;
}

export class AttemptRun {
  readonly coordinator: Coordinator;
  readonly known: KnownAttempt;
  readonly #world: World;
  readonly #member: GridMember;
  readonly #keys = new Map<string, Known>();
  readonly #written = new Map<string, List>();
  readonly #steps = new Map<number, Step>();
  #nextStep = 1;
  #resume: (() => void) | undefined;
  #outcome: Outcome | undefined;

  /** Begins when a status word is free. */
  static *begin(
    world: World,
    member: GridMember,
    first: Aged | undefined,
    headStart: number,
  ): Task<AttemptRun> {
    for (;;) {
      const run = AttemptRun.#tryBegin(world, member, first, headStart);
      if (run !== undefined) return run;
      yield* until<void>((resume) => member.whenSlotFree(() => resume()));
    }
  }

  static #tryBegin(
    world: World,
    member: GridMember,
    first: Aged | undefined,
    headStart: number,
  ): AttemptRun | undefined {
    let run: AttemptRun | undefined;
    const begun = (): AttemptRun => {
      if (run === undefined) throw new Error('An attempt was told something before it began.');
      return run;
    };
    const coordinator = member.tryBegin(first, headStart, {
      answered: (step, partition, values) => begun().#answered(step, partition, values),
      ended: (outcome) => begun().#end(outcome),
    });
    if (coordinator === undefined) return undefined;
    run = new AttemptRun(world, member, coordinator);
    return run;
  }

  private constructor(world: World, member: GridMember, coordinator: Coordinator) {
    this.#world = world;
    this.#member = member;
    this.coordinator = coordinator;
    const { words } = member.slots;
    this.known = { coordinator, words, outcome: undefined, writes: new Map(), installedAt: undefined };
    world.truth.began(this.known);
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** The incarnation in which the attempt touched the partition of a key. */
  incarnationOf(key: string): number {
    const partition = this.#world.keys.partitionOf(key);
    return this.coordinator.touched.find((one) => one.partition === partition)?.incarnation ?? 0;
  }

  /** What the attempt sees under a key that it has locked. */
  list(key: string): List {
    return this.#written.get(key) ?? this.#keys.get(key)?.list ?? [];
  }

  append(key: string, value: number): void {
    this.#written.set(key, [...this.list(key), value]);
  }

  /** A scan has found this under a table lock. */
  found(key: string, list: List): void {
    if (!this.#keys.has(key)) this.#keys.set(key, { lock: 'read', list });
  }

  /** Locks keys, all at once; false when the attempt has ended instead. */
  *lockKeys(keys: readonly string[], mode: 'read' | 'write'): Task<boolean> {
    const byPartition = new Map<PartitionId, string[]>();
    for (const key of new Set(keys)) {
      const held = this.#keys.get(key)?.lock;
      if (held === 'write' || held === mode) continue;
      const partition = this.#world.keys.partitionOf(key);
      const list = byPartition.get(partition);
      if (list === undefined) byPartition.set(partition, [key]);
      else list.push(key);
    }
    const lockMode = mode === 'read' ? LockMode.S : LockMode.X;
    return yield* this.#step(byPartition, mode, (partition, step) => {
      const own = byPartition.get(partition) ?? [];
      this.coordinator.lock(
        partition,
        step,
        own.flatMap((key) => [this.#world.keys.tableOf(key), key, lockMode]),
      );
    });
  }

  /** Locks a table, or a range of its keys, for reading; false when the attempt has ended instead. */
  *lockTable(table: number, range?: KeyRange): Task<boolean> {
    const byPartition = new Map<PartitionId, string[]>();
    for (let partition = 0; partition < this.#world.shape.partitions; partition++)
      byPartition.set(partition, []);
    return yield* this.#step(byPartition, 'read', (partition, step) => {
      if (range === undefined) this.coordinator.lockTable(partition, step, table, LockMode.S);
      else this.coordinator.lockRange(partition, step, table, range);
    });
  }

  /** Commits what was appended; returns when the attempt has ended. */
  *commit(): Task<Outcome> {
    const writes = new Map<PartitionId, PartitionWrites>();
    const values = new Map<string, number>();
    for (const [key, list] of this.#written) {
      const partition = this.#world.keys.partitionOf(key);
      const target = writes.get(partition) ?? { writes: [], cleared: [] };
      writes.set(partition, target);
      target.writes.push(this.#world.keys.tableOf(key), key, list);
      values.set(key, list.at(-1) ?? 0);
    }
    yield* this.connected(writes.keys());
    if (this.#outcome === undefined && this.coordinator.state === 'running') {
      this.#world.truth.wants(this.known, values);
      this.coordinator.commit(writes, this.#member.outlivesPartitions && this.#isLocked());
    }
    return yield* this.finished();
  }

  /** Every write has its lock already, so no partition need be asked. */
  #isLocked(): boolean {
    return [...this.#written.keys()].every((key) => this.#keys.get(key)?.lock === 'write');
  }

  *finished(): Task<Outcome> {
    if (this.#outcome === undefined) yield* until<void>((resume) => (this.#resume = () => resume()));
    if (this.#outcome === undefined) throw new Error('An attempt went on before its end.');
    return this.#outcome;
  }

  /** Waits for the owners of partitions; what follows it in the same step finds them connected. */
  *connected(partitions: Iterable<PartitionId>): Task {
    const all = [...partitions];
    while (this.#outcome === undefined && !all.every((partition) => this.#member.isConnected(partition))) {
      yield* until<void>((resume) => this.#member.whenConnected(() => resume()));
    }
  }

  *#step(
    keys: ReadonlyMap<PartitionId, readonly string[]>,
    mode: Step['mode'],
    send: (partition: PartitionId, step: number) => void,
  ): Task<boolean> {
    yield* this.connected(keys.keys());
    if (this.#outcome !== undefined) return false;
    if (keys.size === 0) return true;
    yield* until<void>((resume) => {
      const step = this.#nextStep++;
      this.#steps.set(step, { keys, mode, missing: keys.size, resume: () => resume() });
      for (const partition of keys.keys()) if (this.coordinator.state === 'running') send(partition, step);
    });
    return this.#outcome === undefined;
  }

  #answered(stepId: number, partition: PartitionId, values: readonly unknown[]): void {
    const step = this.#steps.get(stepId);
    if (step === undefined) return;
    const keys = step.keys.get(partition) ?? [];
    keys.forEach((key, index) => {
      this.#keys.set(key, { lock: step.mode, list: (values[index] as List | undefined) ?? [] });
    });
    step.missing -= 1;
    if (step.missing > 0) return;
    this.#steps.delete(stepId);
    step.resume();
  }

  #end(outcome: Outcome): void {
    this.#outcome = outcome;
    this.known.outcome = outcome;
    for (const step of this.#steps.values()) step.resume();
    this.#steps.clear();
    this.#resume?.();
  }
}
