/**
 * One attempt of one transaction, as the code that runs its body sees it: asks for locks become promises, the end of
 * the attempt (whoever ends it) rejects them all. The protocol itself is the coordinator's.
 */
import type { PartitionId, StorageKey } from '@troupe/core';
import { assert, TransactionFinishedError } from '@troupe/core';
import type { AbortCause, Coordinator, Outcome } from './coordinator.ts';
import { LockMode } from './lock-mode.ts';
import type { TransactionId } from './status-word.ts';
import type { Cell } from './workspace.ts';
import { Workspace } from './workspace.ts';

/** A key to lock, with its cell in the workspace. */
export interface Wanted {
  readonly table: number;
  readonly key: StorageKey;
  readonly cell: Cell;
}

interface Step {
  readonly mode: 'read' | 'write';
  /** What was asked of each partition, in the order of the values it will answer. */
  readonly cells: ReadonlyMap<PartitionId, readonly Cell[]>;
  missing: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface AttemptPorts {
  /** Resolves when the owners of these partitions are connected; undefined when they are now. */
  connected(partitions: Iterable<PartitionId>): Promise<void> | undefined;
  /** What the user is told about an attempt that ended without a commit. */
  abortError(attempt: Attempt, cause: AbortCause, partition: PartitionId | undefined): Error;
}

export class Attempt {
  readonly workspace = new Workspace();
  readonly label: string | undefined;
  readonly #ports: AttemptPorts;
  readonly #steps = new Map<number, Step>();
  #coordinator: Coordinator | undefined;
  #nextStep = 1;
  #ended: ((outcome: Outcome) => void) | undefined;
  #outcome: Outcome | undefined;
  /** Operations that have begun and not ended: a body must have awaited them all. */
  operationsUnderWay = 0;

  constructor(label: string | undefined, ports: AttemptPorts) {
    this.label = label;
    this.#ports = ports;
  }

  get id(): TransactionId {
    return this.coordinator.id;
  }

  get coordinator(): Coordinator {
    assert(this.#coordinator !== undefined, 'an attempt without its coordinator was used');
    return this.#coordinator;
  }

  start(coordinator: Coordinator): void {
    this.#coordinator = coordinator;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Throws when the transaction has ended, saying how. */
  assertOpen(): void {
    if (this.#outcome !== undefined || this.coordinator.state !== 'running') throw this.finishedError();
  }

  finishedError(): Error {
    const outcome = this.#outcome;
    if (outcome === undefined) return new TransactionFinishedError('the transaction is committing; no operation can join it any more');
    if (outcome.committed) return new TransactionFinishedError('the transaction has been committed; no operation can join it any more');
    const cause = this.#ports.abortError(this, outcome.cause, outcome.partition);
    return new TransactionFinishedError(`the transaction has ended: ${cause.message}`, { cause, details: { reason: outcome.cause } });
  }

  // ── locks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Locks these keys, all at once, and learns their values. */
  lockKeys(wanted: readonly Wanted[], mode: 'read' | 'write'): Promise<void> {
    const lockMode = mode === 'read' ? LockMode.S : LockMode.X;
    const cells = new Map<PartitionId, Cell[]>();
    const accesses = new Map<PartitionId, unknown[]>();
    for (const { table, key, cell } of wanted) {
      let list = accesses.get(cell.partition);
      if (list === undefined) {
        accesses.set(cell.partition, (list = []));
        cells.set(cell.partition, []);
      }
      list.push(table, key, lockMode);
      cells.get(cell.partition)?.push(cell);
    }
    return this.#step(mode, cells, (step) => {
      for (const [partition, list] of accesses) {
        if (this.coordinator.state === 'running') this.coordinator.lock(partition, step, list);
      }
    });
  }

  /** Locks a whole table in these partitions. */
  lockTable(table: number, mode: 'read' | 'write', partitions: readonly PartitionId[]): Promise<void> {
    const lockMode = mode === 'read' ? LockMode.S : LockMode.X;
    const cells = new Map(partitions.map((partition): [PartitionId, Cell[]] => [partition, []]));
    return this.#step(mode, cells, (step) => {
      for (const partition of partitions) {
        if (this.coordinator.state === 'running') this.coordinator.lockTable(partition, step, table, lockMode);
      }
    });
  }

  /** From the coordinator: the locks of a step are held in this partition. */
  answered(stepId: number, partition: PartitionId, values: readonly unknown[]): void {
    const step = this.#steps.get(stepId);
    if (step === undefined) return;
    const cells = step.cells.get(partition) ?? [];
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] as Cell;
      cell.committed = values[i];
      if (cell.lock !== 'write') cell.lock = step.mode;
    }
    step.missing--;
    if (step.missing > 0) return;
    this.#steps.delete(stepId);
    step.resolve();
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Commits what the workspace holds; resolves with the outcome, whatever it is. */
  commit(partitionCount: number): Promise<Outcome> {
    if (this.#outcome !== undefined) return Promise.resolve(this.#outcome);
    const writes = this.workspace.writes(partitionCount);
    const absent = this.#ports.connected(writes.keys());
    const finished = this.finished();
    if (absent === undefined) this.coordinator.commit(writes);
    else void absent.then(() => this.coordinator.state === 'running' && this.coordinator.commit(writes));
    return finished;
  }

  /** Resolves when the attempt has ended. */
  finished(): Promise<Outcome> {
    if (this.#outcome !== undefined) return Promise.resolve(this.#outcome);
    return new Promise((resolve) => {
      const earlier = this.#ended;
      this.#ended = (outcome) => {
        earlier?.(outcome);
        resolve(outcome);
      };
    });
  }

  /** From the coordinator. */
  end(outcome: Outcome): void {
    this.#outcome = outcome;
    if (!outcome.committed && this.#steps.size > 0) {
      const error = this.#ports.abortError(this, outcome.cause, outcome.partition);
      for (const step of this.#steps.values()) step.reject(error);
      this.#steps.clear();
    }
    this.#ended?.(outcome);
  }

  #step(mode: Step['mode'], cells: ReadonlyMap<PartitionId, Cell[]>, send: (step: number) => void): Promise<void> {
    const absent = this.#ports.connected(cells.keys());
    if (absent !== undefined) return absent.then(() => this.#stepNow(mode, cells, send));
    return this.#stepNow(mode, cells, send);
  }

  #stepNow(mode: Step['mode'], cells: ReadonlyMap<PartitionId, Cell[]>, send: (step: number) => void): Promise<void> {
    this.assertOpen();
    return new Promise((resolve, reject) => {
      const stepId = this.#nextStep++;
      // Registered before it is sent: a partition on this thread answers within the call.
      this.#steps.set(stepId, { mode, cells, missing: cells.size, resolve, reject });
      if (cells.size === 0) {
        this.#steps.delete(stepId);
        resolve();
      } else send(stepId);
    });
  }
}
