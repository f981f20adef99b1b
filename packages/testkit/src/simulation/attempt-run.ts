/**
 * One attempt of a transaction as its client code sees it: the counterpart of `Attempt` and `TransactionExecutor` on
 * real threads, for tasks instead of promises. What it has read and written lies in the real `Workspace`.
 */
import type { KeyRange, PartitionId } from '@troupe/core';
import {
  type Aged,
  type Cell,
  type Coordinator,
  type IdempotencyGuard,
  idempotencyTable,
  LockMode,
  LockRequests,
  type Outcome,
  type PartitionRequest,
  type Patience,
  type Savepoint,
  Workspace,
} from '@troupe/transactions';
import { ActorOp } from './actor-host.ts';
import type { BusyOne } from './busy-list.ts';
import type { GridMember } from './grid-member.ts';
import type { CallAnswer } from './table-server.ts';
import { type Task, until } from './task.ts';
import type { KnownAttempt } from './truth.ts';
import type { World } from './world.ts';

type List = readonly number[];
type Strength = 'read' | 'write';

interface Step {
  readonly requests: readonly PartitionRequest[];
  readonly mode: Strength;
  missing: number;
  readonly resume: () => void;
}

export class AttemptRun {
  readonly coordinator: Coordinator;
  readonly known: KnownAttempt;
  /** Set before the first lock where the transaction has an idempotency key. */
  once: IdempotencyGuard | undefined;
  /** It waits for turns of actors, holding nothing else. */
  isPatient = false;
  /** The actor whose turn refused it. */
  busy: BusyOne | undefined;
  /** Where the row was found that its key has. */
  foundAt: PartitionId | undefined;
  readonly #world: World;
  readonly #member: GridMember;
  readonly #workspace: Workspace;
  readonly #joined = new Set<string>();
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
      busy: (key, partition) => (begun().busy = { key, partition }),
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
  *lockKeys(keys: readonly string[], mode: Strength, patience: Patience = 'none'): Task<boolean> {
    const missing = new LockRequests(mode);
    for (const key of new Set(keys)) {
      const cell = this.#cell(key);
      if (!cell.written && cell.lock !== 'write' && cell.lock !== mode) missing.add(cell);
    }
    return yield* this.#lock(missing.requests, mode, patience);
  }

  /** Locks whole tables, all at once; false when the attempt has ended instead. */
  *lockTables(tables: readonly number[], mode: Strength, patience: Patience = 'none'): Task<boolean> {
    if (!(yield* this.#lockRows(this.#everywhere()))) return false;
    const requests = this.#everywhere();
    const lockMode = mode === 'read' ? LockMode.S : LockMode.X;
    return yield* this.#step(requests, requests.length * tables.length, mode, ({ partition }, step) => {
      for (const table of tables) {
        if (this.coordinator.state === 'running')
          this.coordinator.lockTable(partition, step, table, lockMode, patience);
      }
    });
  }

  /** Locks a range of a table's keys for reading; false when the attempt has ended instead. */
  *lockRange(table: number, range: KeyRange): Task<boolean> {
    if (!(yield* this.#lockRows(this.#everywhere()))) return false;
    const requests = this.#everywhere();
    return yield* this.#step(requests, requests.length, 'read', ({ partition }, step) => {
      this.coordinator.lockRange(partition, step, table, range);
    });
  }

  /** Locks an actor and learns its state; false when the attempt has ended instead. */
  *joinActor(key: string): Task<boolean> {
    if (!(yield* this.lockKeys([key], 'write'))) return false;
    if (this.#joined.has(key)) return true;
    const partition = this.#world.keys.partitionOf(key);
    const answer = yield* until<CallAnswer>((resume) => {
      this.#member.call(partition, [ActorOp.askIn, 0, 0, 0, key], resume);
    });
    // One that moved or died ends the attempt.
    if (answer.kind === 'answered') this.#cell(key).committed = answer.value;
    this.#joined.add(key);
    return this.#outcome === undefined;
  }

  #everywhere(): PartitionRequest[] {
    const { partitions } = this.#world.shape;
    return Array.from({ length: partitions }, (_, partition) => ({ partition, accesses: [], cells: [] }));
  }

  /** With a key the first message to each partition is that for the row there. */
  *#lockRows(requests: Iterable<{ readonly partition: PartitionId }>): Task<boolean> {
    const partitions = Array.from(requests, ({ partition }) => partition);
    return this.once === undefined || (yield* this.#lock(this.once.missing(partitions), 'write', 'none'));
  }

  *#lock(wanted: readonly PartitionRequest[], mode: Strength, patience: Patience): Task<boolean> {
    const { once } = this;
    const requests = once === undefined ? wanted : once.guarded(wanted);
    return yield* this.#step(requests, requests.length, mode, (request, step) => {
      const { partition, accesses } = request;
      if (once?.asks(request) === true) this.coordinator.lockOnce(partition, step, accesses, patience);
      else this.coordinator.lock(partition, step, accesses, patience);
    });
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Commits what was written; returns when the attempt has ended. */
  *commit(): Task<Outcome> {
    const writes = this.#workspace.writes(this.#world.shape.partitions);
    if (writes.size > 1 && !this.#workspace.isLocked && !(yield* this.#lockBlindWrites()))
      return yield* this.finished();
    if (this.once !== undefined) {
      const targets = Array.from(writes.keys(), (partition) => ({ partition }));
      if (!(yield* this.#lockRows(targets))) return yield* this.finished();
      this.once.addRows(writes);
    }
    yield* this.connected(writes.keys());
    if (this.#outcome === undefined && this.coordinator.state === 'running') {
      const values = new Map<string, number>();
      for (const { writes: list } of writes.values()) {
        for (let i = 0; i < list.length; i += 3) {
          if (list[i] === idempotencyTable) continue;
          const last = (list[i + 2] as List | undefined)?.at(-1);
          if (last !== undefined) values.set(list[i + 1] as string, last);
        }
      }
      this.#world.truth.wants(this.known, values);
      this.coordinator.commit(writes, this.#member.commitsUnasked && this.#workspace.isLocked);
    }
    return yield* this.finished();
  }

  /** None of several partitions votes before all locks are held. */
  *#lockBlindWrites(): Task<boolean> {
    const missing = new LockRequests('write', false);
    for (const cell of this.#workspace.unlocked()) missing.add(cell);
    return yield* this.#lock(missing.requests, 'write', 'none');
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
    requests: readonly PartitionRequest[],
    missing: number,
    mode: Strength,
    send: (request: PartitionRequest, step: number) => void,
  ): Task<boolean> {
    yield* this.connected(requests.map(({ partition }) => partition));
    if (this.#outcome !== undefined || this.coordinator.state !== 'running') return false;
    if (requests.length === 0) return true;
    yield* until<void>((resume) => {
      const step = this.#nextStep++;
      this.#steps.set(step, { requests, mode, missing, resume: () => resume() });
      for (const request of requests) if (this.coordinator.state === 'running') send(request, step);
    });
    return this.#outcome === undefined;
  }

  #answered(stepId: number, partition: PartitionId, values: readonly unknown[]): void {
    const step = this.#steps.get(stepId);
    if (step === undefined) return;
    for (const request of step.requests)
      if (request.partition === partition) this.#learn(request, values, step.mode);
    if (this.once?.isAnswered === true) {
      this.foundAt ??= partition;
      this.coordinator.abort('already');
      return;
    }
    step.missing -= 1;
    if (step.missing > 0) return;
    this.#steps.delete(stepId);
    step.resume();
  }

  #learn(request: PartitionRequest, values: readonly unknown[], mode: Strength): void {
    for (const [index, cell] of request.cells.entries()) {
      cell.committed = values[index];
      if (cell.lock !== 'write') cell.lock = mode;
    }
    this.once?.answered(request);
  }

  #end(outcome: Outcome): void {
    this.#outcome = outcome;
    this.known.outcome = outcome;
    for (const step of this.#steps.values()) step.resume();
    this.#steps.clear();
    this.#resume?.();
  }
}
