/**
 * One attempt of one transaction, as the code that runs its body sees it: asks for locks become promises, the end of
 * the attempt (whoever ends it) rejects them all. The protocol itself is the coordinator's, whose port to the world
 * this is.
 */
import type { CallOptions, PartitionId, Timestamp } from '@troupe/core';
import { boundedWait, TransactionFinishedError } from '@troupe/core';
import { type AbortCause, Coordinator, type CoordinatorPorts, type Outcome } from './coordinator.ts';
import type { Decision } from './decision.ts';
import { LockMode } from './lock-mode.ts';
import type { TransactionId } from './status-word.ts';
import { type Cell, Workspace } from './workspace.ts';

/** What an attempt needs of its member. */
export interface AttemptGround {
  readonly decision: Decision;
  readonly partitionCount: number;
  /** No partition can live longer than this member. */
  readonly outlivesPartitions: boolean;
  incarnationOf(partition: PartitionId): number;
  now(): Timestamp;
  /** Sends to the owner of a partition; to one that is gone, nothing. */
  send(partition: PartitionId, message: unknown[]): void;
  /** The owner of this partition can be reached now. */
  isConnected(partition: PartitionId): boolean;
  /** Resolves when it can. */
  connected(partition: PartitionId): Promise<void>;
  /** The attempt has ended: its word may be lent to another once its decisions are on their way. */
  ended(attempt: Attempt): void;
  /** What the user is told about an attempt that ended without a commit. */
  abortError(attempt: Attempt, cause: AbortCause, partition: PartitionId | undefined): Error;
}

/** What is asked of one partition in one step. */
interface Request {
  readonly partition: PartitionId;
  /** [table, key, mode, …] */
  readonly accesses: unknown[];
  /** Where the values it answers belong, in the order of the accesses. */
  readonly cells: Cell[];
}

interface Step {
  readonly id: number;
  readonly mode: 'read' | 'write';
  readonly requests: readonly Request[];
  missing: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Collects keys to lock, partition by partition. */
export class LockRequests {
  readonly requests: Request[] = [];
  readonly mode: 'read' | 'write';

  constructor(mode: 'read' | 'write') {
    this.mode = mode;
  }

  add(cell: Cell): void {
    if (cell.askedBy === this) return;
    cell.askedBy = this;
    const { table, key, partition } = cell;
    const mode = this.mode === 'read' ? LockMode.S : LockMode.X;
    for (const request of this.requests) {
      if (request.partition !== partition) continue;
      request.accesses.push(table, key, mode);
      request.cells.push(cell);
      return;
    }
    this.requests.push({ partition, accesses: [table, key, mode], cells: [cell] });
  }
}

export class Attempt implements CoordinatorPorts {
  readonly coordinator: Coordinator;
  readonly workspace = new Workspace();
  readonly label: string | undefined;
  /** Operations that have begun and not ended: a body must have awaited them all. */
  operationsUnderWay = 0;
  /** What the first failed operation threw. */
  failure: unknown;
  readonly #ground: AttemptGround;
  #steps: Step[] = [];
  #nextStep = 1;
  #outcome: Outcome | undefined;
  #whenEnded: ((outcome: Outcome) => void)[] = [];

  constructor(id: TransactionId, age: TransactionId, slot: number, label: string | undefined, ground: AttemptGround) {
    this.#ground = ground;
    this.label = label;
    this.coordinator = new Coordinator(id, age, slot, this);
  }

  get id(): TransactionId {
    return this.coordinator.id;
  }

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** True while operations may join the transaction. */
  get isOpen(): boolean {
    return this.coordinator.state === 'running';
  }

  /** Throws when the transaction has ended, saying how. */
  assertOpen(): void {
    if (!this.isOpen) throw this.finishedError();
  }

  finishedError(): Error {
    const outcome = this.#outcome;
    if (outcome === undefined) return new TransactionFinishedError('the transaction is committing; no operation can join it any more');
    if (outcome.committed) return new TransactionFinishedError('the transaction has been committed; no operation can join it any more');
    const cause = this.#ground.abortError(this, outcome.cause, outcome.partition);
    return new TransactionFinishedError(`the transaction has ended: ${cause.message}`, { cause, details: { reason: outcome.cause } });
  }

  // ── locks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Locks these keys, all at once, and learns their values. */
  lockKeys({ requests, mode }: LockRequests): Promise<void> {
    return this.#step(mode, requests, (step, { partition, accesses }) => this.coordinator.lock(partition, step, accesses));
  }

  /** Locks a whole table in every partition. */
  lockTable(table: number, mode: 'read' | 'write'): Promise<void> {
    const lockMode = mode === 'read' ? LockMode.S : LockMode.X;
    const { partitionCount } = this.#ground;
    const requests = Array.from({ length: partitionCount }, (_, partition): Request => ({ partition, accesses: [], cells: [] }));
    return this.#step(mode, requests, (step, { partition }) => this.coordinator.lockTable(partition, step, table, lockMode));
  }

  /**
   * Waits for part of the transaction within the options of its call. When they end the wait they end the transaction
   * too: what the part would still have done must not join it later.
   */
  bounded<T>(work: Promise<T>, options: CallOptions | undefined): Promise<T> {
    if (options?.timeoutMs === undefined && options?.signal === undefined) return work;
    return boundedWait(work, options, 'the transaction was aborted', () => this.coordinator.abort('timeout'));
  }

  /** An operation failed; the transaction can't go on as if nothing had happened. */
  fail(error: unknown): void {
    this.failure ??= error;
    this.coordinator.abort('user');
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Commits what the workspace holds. The outcome is told by `whenEnded`. */
  commit(): void {
    if (this.#outcome !== undefined) return;
    const writes = this.workspace.writes(this.#ground.partitionCount);
    const unasked = this.#ground.outlivesPartitions && this.workspace.isLocked;
    for (const partition of writes.keys()) {
      if (this.#ground.isConnected(partition)) continue;
      this.#ground.connected(partition).then(
        () => this.isOpen && this.commit(),
        () => this.coordinator.abort('participant-lost'),
      );
      return;
    }
    this.coordinator.commit(writes, unasked);
  }

  /** Calls back with the outcome, at once if the attempt has ended. */
  whenEnded(callback: (outcome: Outcome) => void): void {
    if (this.#outcome !== undefined) callback(this.#outcome);
    else this.#whenEnded.push(callback);
  }

  /** The outcome as a promise. */
  finished(): Promise<Outcome> {
    return new Promise((resolve) => this.whenEnded(resolve));
  }

  // ── the coordinator's port ────────────────────────────────────────────────────────────────────────────────────

  get decision(): Decision {
    return this.#ground.decision;
  }

  incarnationOf(partition: PartitionId): number {
    return this.#ground.incarnationOf(partition);
  }

  now(): Timestamp {
    return this.#ground.now();
  }

  send(partition: PartitionId, message: unknown[]): void {
    this.#ground.send(partition, message);
  }

  answered(stepId: number, partition: PartitionId, values: readonly unknown[]): void {
    const step = this.#steps.find(({ id }) => id === stepId);
    if (step === undefined) return;
    const cells = step.requests.find((request) => request.partition === partition)?.cells ?? [];
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] as Cell;
      cell.committed = values[i];
      if (cell.lock !== 'write') cell.lock = step.mode;
    }
    step.missing--;
    if (step.missing > 0) return;
    this.#steps.splice(this.#steps.indexOf(step), 1);
    step.resolve();
  }

  ended(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#ground.ended(this);
    if (!outcome.committed && this.#steps.length > 0) {
      const error = this.#ground.abortError(this, outcome.cause, outcome.partition);
      for (const step of this.#steps) step.reject(error);
      this.#steps = [];
    }
    for (const callback of this.#whenEnded) callback(outcome);
  }

  #step(mode: Step['mode'], requests: readonly Request[], send: (step: number, request: Request) => void): Promise<void> {
    for (const { partition } of requests) {
      if (this.#ground.isConnected(partition)) continue;
      return this.#ground.connected(partition).then(() => this.#step(mode, requests, send));
    }
    return this.#stepNow(mode, requests, send);
  }

  #stepNow(mode: Step['mode'], requests: readonly Request[], send: (step: number, request: Request) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.assertOpen();
      if (requests.length === 0) {
        resolve();
        return;
      }
      const stepId = this.#nextStep++;
      // Registered before it is sent: a partition on this thread answers, or refuses, within the call.
      this.#steps.push({ id: stepId, mode, requests, missing: requests.length, resolve, reject });
      for (const request of requests) if (this.isOpen) send(stepId, request);
    });
  }
}
