/**
 * One attempt of one transaction, as the code that runs its body sees it: asks for locks become promises, the end of
 * the attempt (whoever ends it) rejects them all. The protocol itself is the coordinator's, whose port to the world
 * this is.
 */
import type { CallOptions, PartitionId, ScanRange, Timestamp } from '@troupe/core';
import { boundedWait, partitionsOf } from '@troupe/core';
import type { Conflict } from '../protocol/conflict.ts';
import { Coordinator, type CoordinatorPorts } from '../protocol/coordinator.ts';
import type { Decision, Durability, PartitionWrites } from '../protocol/decision.ts';
import { LockRequests, type PartitionRequest, type Patience } from '../protocol/lock-requests.ts';
import { type Abort, finishedError, type Outcome } from '../protocol/outcome.ts';
import type { TransactionId } from '../protocol/status-word.ts';
import { Workspace } from '../protocol/workspace.ts';
import {
  type AttemptFate,
  type AttemptGround,
  type AttemptListener,
  type AttemptReport,
  both,
} from './attempt-ground.ts';
import {
  AttemptStep,
  type LockWaiter,
  learn,
  promised,
  refuseSteps,
  sendStep,
  tryStep,
  type WholeLock,
  withoutStep,
} from './attempt-steps.ts';
import type { PlacedActor } from './busy-actors.ts';
import type { IdempotencyGuard } from './idempotency.ts';

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
  /** What its commit waits for; undefined: the grid's. */
  durability: Durability | undefined;
  /** The actor whose turn refused it. */
  busy: PlacedActor | undefined;
  readonly #ground: AttemptGround;
  #steps: AttemptStep | undefined;
  #nextStep = 1;
  #outcome: Outcome | undefined;
  #listener: AttemptListener | undefined;
  /** The body is done, only blind writes and rows of the idempotency key are still to be locked. */
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
    return finishedError(this.#outcome, (abort) => this.abortError(abort));
  }

  /** What is told to whoever waited for part of it when it ended. */
  abortError({ cause, partition }: Abort): Error {
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
    return boundedWait(this.#ground.clock, work, options, 'the transaction was aborted', (reason) => {
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
    if (writes.size > 1 && !this.workspace.isLocked) {
      this.#lockBlindWrites();
      return;
    }
    if (this.once !== undefined && !this.#addRows(this.once, writes)) return;
    const unasked = this.#ground.commitsUnasked && this.workspace.isLocked;
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

  diesWithUs(partition: PartitionId): boolean {
    return this.#ground.diesWithUs(partition);
  }

  send(partition: PartitionId, message: unknown[]): void {
    this.#ground.send(partition, message);
  }

  whenHandedOver(then: () => void): void {
    this.#ground.whenHandedOver(then);
  }

  answered(stepId: number, partition: PartitionId, values: readonly unknown[]): void {
    const step = tryStep(this.#steps, stepId);
    if (step === undefined) return;
    learn(step, partition, values, this.once);
    if (this.once?.isAnswered === true) {
      // Before the body is told anything: what it wants to do has been done.
      this.coordinator.abort('already');
      return;
    }
    step.missing--;
    if (step.missing > 0) return;
    this.#steps = withoutStep(this.#steps, step);
    step.waiter.locksHeld();
  }

  ended(outcome: Outcome): void {
    this.#outcome = outcome;
    this.report?.ends(this.coordinator.slot, fateIn(outcome));
    this.#ground.ended(this);
    if (!outcome.committed && this.#steps !== undefined) {
      refuseSteps(this.#steps, this.abortError(outcome));
      this.#steps = undefined;
    }
    this.#listener?.attemptEnded(outcome);
  }

  /**
   * Of several partitions none may vote before all locks are held: while it waited for one of them, snapshots would wait
   * for it in the others. With a decision without votes it costs no message: the writes travel with the decision.
   */
  #lockBlindWrites(): void {
    const requests = new LockRequests('write', false);
    for (const cell of this.workspace.unlocked()) requests.add(cell);
    this.#sealAndLock(requests.requests);
  }

  /** The body is done; `commit` goes on when these are locked. */
  #sealAndLock(requests: readonly PartitionRequest[]): void {
    this.#sealed = true;
    this.#step('write', requests, undefined, 'none', {
      locksHeld: () => this.commit(),
      locksRefused: () => this.coordinator.abort('participant-lost'),
    });
  }

  /** Adds the rows of the key to the writes; false when some must be locked first: after blind writes, or no work. */
  #addRows(once: IdempotencyGuard, writes: Map<PartitionId, PartitionWrites>): boolean {
    const missing = once.missing(writes.keys());
    if (missing.length === 0) {
      once.addRows(writes);
      return true;
    }
    this.#sealAndLock(missing);
    return false;
  }

  /** Asks for a table or a range of it where `whole` is given, else for the accesses of each request. */
  #step(
    mode: 'read' | 'write',
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
    else {
      const step = new AttemptStep(this.#nextStep++, mode, requests, waiter, this.#steps);
      // Registered before it is sent: a partition on this thread answers, or refuses, within the call.
      this.#steps = step;
      sendStep(step, whole, patience, this.coordinator, this.once);
    }
  }
}

function fateIn(outcome: Outcome): AttemptFate {
  if (outcome.committed) return 'committed';
  return outcome.cause === 'storage-unknown' ? 'unknown' : 'aborted';
}
