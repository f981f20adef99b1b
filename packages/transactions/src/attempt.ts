/**
 * One attempt of one transaction, as the code that runs its body sees it: asks for locks become promises, the end of
 * the attempt (whoever ends it) rejects them all. The protocol itself is the coordinator's, whose port to the world
 * this is.
 */
import type { CallOptions, PartitionId, StorageKey, Timestamp } from '@troupe/core';
import { boundedWait, TransactionFinishedError } from '@troupe/core';
import {
  type AbortCause,
  Coordinator,
  type CoordinatorPorts,
  type Outcome,
  type Patience,
} from './coordinator.ts';
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

/** An actor, as transactions lock it; without a key all of its type. */
export interface PlacedActor {
  readonly table: number;
  readonly key: StorageKey | undefined;
  readonly partition: PartitionId;
}

/** What is asked of one partition in one step. */
interface Request {
  readonly partition: PartitionId;
  /** [table, key, mode, …] */
  readonly accesses: unknown[];
  /** Where the values it answers belong, in the order of the accesses. */
  readonly cells: Cell[];
}

/** Who is told how a step goes. */
export interface LockWaiter {
  /** Every lock is held and every value known. */
  locksHeld(): void;
  locksRefused(error: Error): void;
}

/** Who is told how an attempt ends. */
export interface AttemptListener {
  attemptEnded(outcome: Outcome): void;
}

/** What was asked for and isn't held yet; a chain, mostly of one. */
interface Step {
  readonly id: number;
  readonly mode: 'read' | 'write';
  readonly requests: readonly Request[];
  readonly waiter: LockWaiter;
  missing: number;
  next: Step | undefined;
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
    const mode = lockModeOf(this.mode);
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
  /** Told of every write once there are nested transactions: which of them it belongs to shows at that moment. */
  wrote: (() => void) | undefined;
  /** The actor whose turn refused it. */
  busy: PlacedActor | undefined;
  readonly #ground: AttemptGround;
  #steps: Step | undefined;
  #nextStep = 1;
  #outcome: Outcome | undefined;
  #listener: AttemptListener | undefined;

  constructor(
    id: TransactionId,
    age: TransactionId,
    slot: number,
    label: string | undefined,
    ground: AttemptGround,
  ) {
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
    if (outcome === undefined)
      return new TransactionFinishedError('the transaction is committing; no operation can join it any more');
    if (outcome.committed)
      return new TransactionFinishedError(
        'the transaction has been committed; no operation can join it any more',
      );
    const cause = this.abortError(outcome);
    return new TransactionFinishedError(`the transaction has ended: ${cause.message}`, {
      cause,
      details: { reason: outcome.cause },
    });
  }

  /** What is told to whoever waited for part of it when it ended. */
  abortError({ cause, partition }: Extract<Outcome, { readonly committed: false }>): Error {
    return this.#ground.abortError(this, cause, partition);
  }

  // ── locks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Locks these keys, all at once, and learns their values. */
  lockKeys(requests: LockRequests): Promise<void> {
    return promised((waiter) => this.lockKeysFor(requests, waiter));
  }

  /** The same, telling `waiter`; maybe within the call. */
  lockKeysFor({ requests, mode }: LockRequests, waiter: LockWaiter): void {
    this.#step(mode, requests, undefined, 'none', waiter);
  }

  /** Locks actors, waiting for their turns that are under way. Only while it has no other locks, or it may wait for itself. */
  lockPatiently({ mode, requests }: LockRequests): Promise<void> {
    return promised((waiter) => this.#step(mode, requests, undefined, 'turns', waiter));
  }

  /** Locks a whole table in every partition. */
  lockTable(table: number, mode: 'read' | 'write', patience: Patience = 'none'): Promise<void> {
    const { partitionCount } = this.#ground;
    const requests = Array.from(
      { length: partitionCount },
      (_, partition): Request => ({ partition, accesses: [], cells: [] }),
    );
    return promised((waiter) => this.#step(mode, requests, table, patience, waiter));
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

  /** Tells `listener` the outcome, at once if the attempt has ended. */
  whenEnded(listener: AttemptListener): void {
    if (this.#outcome !== undefined) {
      listener.attemptEnded(this.#outcome);
      return;
    }
    const earlier = this.#listener;
    this.#listener = earlier === undefined ? listener : both(earlier, listener);
  }

  /** The outcome as a promise. */
  finished(): Promise<Outcome> {
    return new Promise((resolve) => this.whenEnded({ attemptEnded: resolve }));
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
    const step = this.#tryStep(stepId);
    if (step === undefined) return;
    for (const request of step.requests)
      if (request.partition === partition) learn(request.cells, values, step.mode);
    step.missing--;
    if (step.missing > 0) return;
    this.#drop(step);
    step.waiter.locksHeld();
  }

  ended(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#ground.ended(this);
    if (!outcome.committed && this.#steps !== undefined) {
      const error = this.abortError(outcome);
      for (let step: Step | undefined = this.#steps; step !== undefined; step = step.next)
        step.waiter.locksRefused(error);
      this.#steps = undefined;
    }
    this.#listener?.attemptEnded(outcome);
  }

  /** Asks for a whole table where `table` is given, else for the accesses of each request. */
  #step(
    mode: Step['mode'],
    requests: readonly Request[],
    table: number | undefined,
    patience: Patience,
    waiter: LockWaiter,
  ): void {
    for (const { partition } of requests) {
      if (this.#ground.isConnected(partition)) continue;
      this.#ground.connected(partition).then(
        () => this.#step(mode, requests, table, patience, waiter),
        (error: Error) => waiter.locksRefused(error),
      );
      return;
    }
    if (!this.isOpen) waiter.locksRefused(this.finishedError());
    else if (requests.length === 0) waiter.locksHeld();
    else this.#ask(mode, requests, table, patience, waiter);
  }

  #ask(
    mode: Step['mode'],
    requests: readonly Request[],
    table: number | undefined,
    patience: Patience,
    waiter: LockWaiter,
  ): void {
    const id = this.#nextStep++;
    // Registered before it is sent: a partition on this thread answers, or refuses, within the call.
    this.#steps = { id, mode, requests, waiter, missing: requests.length, next: this.#steps };
    for (const { partition, accesses } of requests) {
      if (!this.isOpen) return;
      if (table === undefined) this.coordinator.lock(partition, id, accesses, patience);
      else this.coordinator.lockTable(partition, id, table, lockModeOf(mode), patience);
    }
  }

  #tryStep(id: number): Step | undefined {
    let step = this.#steps;
    while (step !== undefined && step.id !== id) step = step.next;
    return step;
  }

  #drop(done: Step): void {
    if (this.#steps === done) {
      this.#steps = done.next;
      return;
    }
    for (let step = this.#steps; step !== undefined; step = step.next)
      if (step.next === done) step.next = done.next;
  }
}

function lockModeOf(mode: 'read' | 'write'): typeof LockMode.S | typeof LockMode.X {
  return mode === 'read' ? LockMode.S : LockMode.X;
}

/** The values that come with locks. */
function learn(cells: readonly Cell[], values: readonly unknown[], mode: 'read' | 'write'): void {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as Cell;
    cell.committed = values[i];
    if (cell.lock !== 'write') cell.lock = mode;
  }
}

function promised(ask: (waiter: LockWaiter) => void): Promise<void> {
  return new Promise((resolve, reject) => ask({ locksHeld: resolve, locksRefused: reject }));
}

function both(first: AttemptListener, second: AttemptListener): AttemptListener {
  return {
    attemptEnded(outcome) {
      first.attemptEnded(outcome);
      second.attemptEnded(outcome);
    },
  };
}
