/**
 * One attempt of one transaction, as the code that runs its body sees it: asks for locks become promises, the end of
 * the attempt (whoever ends it) rejects them all. The protocol itself is the coordinator's, whose port to the world
 * this is.
 */
import type { CallOptions, KeyRange, PartitionId, ScanRange, StorageKey, Timestamp } from '@troupe/core';
import { boundedWait, partitionsOf, TransactionFinishedError } from '@troupe/core';
import type { Conflict } from './conflict.ts';
import {
  type AbortCause,
  Coordinator,
  type CoordinatorPorts,
  type Outcome,
  type PartitionWrites,
  type Patience,
} from './coordinator.ts';
import type { Decision } from './decision.ts';
import type { IdempotencyGuard } from './idempotency.ts';
import { type LockRequests, lockModeOf, type PartitionRequest } from './lock-requests.ts';
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

/** A table, or a range of its keys, to be locked. */
interface WholeLock {
  readonly table: number;
  readonly keys: KeyRange | undefined;
}

/** An actor, as transactions lock it; without a key all of its type. */
export interface PlacedActor {
  readonly table: number;
  readonly key: StorageKey | undefined;
  readonly partition: PartitionId;
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
  readonly requests: readonly PartitionRequest[];
  readonly waiter: LockWaiter;
  missing: number;
  next: Step | undefined;
}

/** Who has to know which attempt is under way even if this thread dies. */
export interface AttemptReport {
  /** Before anything is sent. False: nobody wants it any more. */
  begins(slot: number): boolean;
  /** Before the slot is lent again. */
  ends(slot: number, hasCommitted: boolean): void;
}

export class Attempt implements CoordinatorPorts {
  readonly coordinator: Coordinator;
  readonly workspace = new Workspace();
  readonly label: string | undefined;
  /** Operations that have begun and not ended: a body must have awaited them all. */
  operationsUnderWay = 0;
  /** What the first failed operation threw. */
  failure: unknown;
  /** What it waits for, once somebody has asked. */
  blockedBy: Conflict | undefined;
  /** Set before the first lock where the transaction has an idempotency key. */
  once: IdempotencyGuard | undefined;
  report: AttemptReport | undefined;
  /** Told of every write once there are nested transactions: which of them it belongs to shows at that moment. */
  wrote: (() => void) | undefined;
  /** The actor whose turn refused it. */
  busy: PlacedActor | undefined;
  readonly #ground: AttemptGround;
  #steps: Step | undefined;
  #nextStep = 1;
  #outcome: Outcome | undefined;
  #listener: AttemptListener | undefined;
  /** The body is done, only rows of the idempotency key are still to be locked. */
  #sealed = false;

  constructor(
    id: TransactionId,
    age: number,
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

  /** Some partition has not answered it: it may wait for locks there. */
  get isWaiting(): boolean {
    return this.#steps !== undefined || this.coordinator.state === 'preparing';
  }

  /** The lock that it lost, or waited for, as far as anybody has said. */
  get conflict(): Conflict | undefined {
    const outcome = this.#outcome;
    const lost = outcome === undefined || outcome.committed ? undefined : outcome.conflict;
    return lost ?? this.blockedBy;
  }

  /** Throws when the transaction has ended, saying how. */
  assertOpen(): void {
    if (!this.isOpen || this.#sealed) throw this.finishedError();
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
    return this.#lockWhole({ table, keys: undefined }, mode, undefined, patience);
  }

  /** Locks the range of a table for reading, in the partitions that may have entries of it; undefined: all of it. */
  lockRange(table: number, range: ScanRange | undefined): Promise<void> {
    return this.#lockWhole({ table, keys: range?.keys }, 'read', range, 'none');
  }

  #lockWhole(
    whole: WholeLock,
    mode: 'read' | 'write',
    range: ScanRange | undefined,
    patience: Patience,
  ): Promise<void> {
    const requests = partitionsOf(range, this.#ground.partitionCount).map(
      (partition): PartitionRequest => ({ partition, accesses: [], cells: [] }),
    );
    const lock = (): Promise<void> =>
      promised((waiter) => this.#step(mode, requests, whole, patience, waiter));
    // With a key the first message to each partition is that for the row there.
    const { once } = this;
    if (once === undefined) return lock();
    const rows = once.missing(requests.map(({ partition }) => partition));
    return promised((waiter) => this.#step('write', rows, undefined, 'none', waiter)).then(lock);
  }

  /**
   * Waits for part of the transaction within the options of its call. When they end the wait they end the transaction
   * too: what the part would still have done must not join it later.
   */
  bounded<T>(work: Promise<T>, options: CallOptions | undefined): Promise<T> {
    if (options?.timeoutMs === undefined && options?.signal === undefined) return work;
    return boundedWait(work, options, 'the transaction was aborted', (reason) => {
      if (options.signal?.aborted === true) this.fail(reason);
      else this.coordinator.abort('timeout');
    });
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
    if (this.once !== undefined && !this.#addRows(this.once, writes)) return;
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
      if (request.partition === partition) {
        learn(request.cells, values, step.mode);
        this.once?.answered(request);
      }
    if (this.once?.isAnswered === true) {
      // Before the body is told anything: what it wants to do has been done.
      this.coordinator.abort('already');
      return;
    }
    step.missing--;
    if (step.missing > 0) return;
    this.#drop(step);
    step.waiter.locksHeld();
  }

  ended(outcome: Outcome): void {
    this.#outcome = outcome;
    this.report?.ends(this.coordinator.slot, outcome.committed);
    this.#ground.ended(this);
    if (!outcome.committed && this.#steps !== undefined) {
      const error = this.abortError(outcome);
      for (let step: Step | undefined = this.#steps; step !== undefined; step = step.next)
        step.waiter.locksRefused(error);
      this.#steps = undefined;
    }
    this.#listener?.attemptEnded(outcome);
  }

  /** Adds the rows of the key to the writes; false when some must be locked first: after blind writes, or no work. */
  #addRows(once: IdempotencyGuard, writes: Map<PartitionId, PartitionWrites>): boolean {
    const missing = once.missing(writes.keys());
    if (missing.length === 0) {
      once.addRows(writes);
      return true;
    }
    this.#sealed = true;
    this.#step('write', missing, undefined, 'none', {
      locksHeld: () => this.commit(),
      locksRefused: () => this.coordinator.abort('participant-lost'),
    });
    return false;
  }

  /** Asks for a table or a range of it where `whole` is given, else for the accesses of each request. */
  #step(
    mode: Step['mode'],
    wanted: readonly PartitionRequest[],
    whole: WholeLock | undefined,
    patience: Patience,
    waiter: LockWaiter,
  ): void {
    const requests = this.once === undefined || whole !== undefined ? wanted : this.once.guarded(wanted);
    for (const { partition } of requests) {
      if (this.#ground.isConnected(partition)) continue;
      this.#ground.connected(partition).then(
        () => this.#step(mode, wanted, whole, patience, waiter),
        (error: Error) => waiter.locksRefused(error),
      );
      return;
    }
    if (!this.isOpen) waiter.locksRefused(this.finishedError());
    else if (requests.length === 0) waiter.locksHeld();
    else this.#ask(mode, requests, whole, patience, waiter);
  }

  #ask(
    mode: Step['mode'],
    requests: readonly PartitionRequest[],
    whole: WholeLock | undefined,
    patience: Patience,
    waiter: LockWaiter,
  ): void {
    const id = this.#nextStep++;
    // Registered before it is sent: a partition on this thread answers, or refuses, within the call.
    this.#steps = { id, mode, requests, waiter, missing: requests.length, next: this.#steps };
    for (const request of requests) {
      if (!this.isOpen) return;
      const { partition, accesses } = request;
      if (whole !== undefined) this.#askWhole(partition, id, whole, mode, patience);
      else if (this.once?.asks(request) === true)
        this.coordinator.lockOnce(partition, id, accesses, patience);
      else this.coordinator.lock(partition, id, accesses, patience);
    }
  }

  #askWhole(
    partition: PartitionId,
    id: number,
    { table, keys }: WholeLock,
    mode: Step['mode'],
    patience: Patience,
  ): void {
    if (keys === undefined) this.coordinator.lockTable(partition, id, table, lockModeOf(mode), patience);
    else this.coordinator.lockRange(partition, id, table, keys);
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
