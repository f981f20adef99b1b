/**
 * One attempt of a transaction as its client code sees it: the counterpart of `Attempt` and `TransactionExecutor` on
 * real threads, for tasks instead of promises. What it has read and written lies in the real `Workspace`.
 */
import type { KeyRange, PartitionId } from '@troupe/core';
import {
  type Aged,
  type Cell,
  type Coordinator,
  LockMode,
  type Outcome,
  type Savepoint,
  Workspace,
} from '@troupe/transactions';
import type { GridMember } from './grid-member.ts';
import { type Task, until } from './task.ts';
import type { KnownAttempt } from './truth.ts';
import type { World } from './world.ts';

type List = readonly number[];
type Strength = 'read' | 'write';

interface Step {
  readonly cells: ReadonlyMap<PartitionId, readonly Cell[]>;
  readonly mode: Strength;
  missing: number;
  readonly resume: () => void;
}

export class AttemptRun {
  readonly coordinator: Coordinator;
  readonly known: KnownAttempt;
  readonly #world: World;
  readonly #member: GridMember;
  readonly #workspace: Workspace;
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
    this.#workspace = world.parts.workspace();
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

  // ── the workspace ─────────────────────────────────────────────────────────────────────────────────────────────

  /** What the attempt sees under a key that it has locked. */
  list(key: string): List {
    return (Workspace.current(this.#cell(key)) as List | undefined) ?? [];
  }

  append(key: string, value: number): void {
    this.#workspace.write(this.#cell(key), [...this.list(key), value]);
  }

  /** Empties a table that is locked whole. */
  clear(table: number): void {
    this.#workspace.clear(table);
  }

  /** Where a nested transaction begins. */
  savepoint(): Savepoint {
    return this.#workspace.savepoint();
  }

  /** A nested transaction has failed: its writes are undone, its locks stay. */
  rollbackTo(savepoint: Savepoint): void {
    this.#workspace.rollbackTo(savepoint);
  }

  #cell(key: string): Cell {
    const { keys } = this.#world;
    return this.#workspace.cell(keys.tableOf(key), key, keys.partitionOf(key));
  }

  // ── locks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Locks keys, all at once; false when the attempt has ended instead. */
  *lockKeys(keys: readonly string[], mode: Strength): Task<boolean> {
    const cells = new Map<PartitionId, Cell[]>();
    for (const key of new Set(keys)) {
      const cell = this.#cell(key);
      if (cell.written || cell.lock === 'write' || cell.lock === mode) continue;
      const own = cells.get(cell.partition);
      if (own === undefined) cells.set(cell.partition, [cell]);
      else own.push(cell);
    }
    const lockMode = mode === 'read' ? LockMode.S : LockMode.X;
    return yield* this.#step(cells, cells.size, mode, (partition, step) => {
      const own = cells.get(partition) ?? [];
      this.coordinator.lock(
        partition,
        step,
        own.flatMap(({ table, key }) => [table, key, lockMode]),
      );
    });
  }

  /** Locks whole tables, all at once; false when the attempt has ended instead. */
  *lockTables(tables: readonly number[], mode: Strength): Task<boolean> {
    const cells = new Map<PartitionId, Cell[]>();
    for (let partition = 0; partition < this.#world.shape.partitions; partition++) cells.set(partition, []);
    const lockMode = mode === 'read' ? LockMode.S : LockMode.X;
    return yield* this.#step(cells, cells.size * tables.length, mode, (partition, step) => {
      for (const table of tables) {
        if (this.coordinator.state === 'running')
          this.coordinator.lockTable(partition, step, table, lockMode);
      }
    });
  }

  /** Locks a range of a table's keys for reading; false when the attempt has ended instead. */
  *lockRange(table: number, range: KeyRange): Task<boolean> {
    const cells = new Map<PartitionId, Cell[]>();
    for (let partition = 0; partition < this.#world.shape.partitions; partition++) cells.set(partition, []);
    return yield* this.#step(cells, cells.size, 'read', (partition, step) => {
      this.coordinator.lockRange(partition, step, table, range);
    });
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Commits what was written; returns when the attempt has ended. */
  *commit(): Task<Outcome> {
    const writes = this.#workspace.writes(this.#world.shape.partitions);
    yield* this.connected(writes.keys());
    if (this.#outcome === undefined && this.coordinator.state === 'running') {
      const values = new Map<string, number>();
      for (const { writes: list } of writes.values()) {
        for (let i = 0; i < list.length; i += 3) {
          const last = (list[i + 2] as List | undefined)?.at(-1);
          if (last !== undefined) values.set(list[i + 1] as string, last);
        }
      }
      this.#world.truth.wants(this.known, values);
      this.coordinator.commit(writes, this.#member.outlivesPartitions && this.#workspace.isLocked);
    }
    return yield* this.finished();
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
    cells: ReadonlyMap<PartitionId, readonly Cell[]>,
    missing: number,
    mode: Strength,
    send: (partition: PartitionId, step: number) => void,
  ): Task<boolean> {
    yield* this.connected(cells.keys());
    if (this.#outcome !== undefined || this.coordinator.state !== 'running') return false;
    if (cells.size === 0) return true;
    yield* until<void>((resume) => {
      const step = this.#nextStep++;
      this.#steps.set(step, { cells, mode, missing, resume: () => resume() });
      for (const partition of cells.keys()) if (this.coordinator.state === 'running') send(partition, step);
    });
    return this.#outcome === undefined;
  }

  #answered(stepId: number, partition: PartitionId, values: readonly unknown[]): void {
    const step = this.#steps.get(stepId);
    if (step === undefined) return;
    for (const [index, cell] of (step.cells.get(partition) ?? []).entries()) {
      cell.committed = values[index];
      if (cell.lock !== 'write') cell.lock = step.mode;
    }
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
