/**
 * The steps of an attempt: locks that were asked for together, of one partition or several, and have not all been
 * answered. They are a chain, mostly of one, so that a step costs one object and no list.
 *
 * With an idempotency key the first message to a partition begins with the row there (`idempotency.ts`).
 */
import type { KeyRange, PartitionId } from '@troupe/core';
import type { Coordinator } from '../protocol/coordinator.ts';
import { lockModeOf, type PartitionRequest, type Patience } from '../protocol/lock-requests.ts';
import type { Cell } from '../protocol/workspace.ts';
import type { IdempotencyGuard } from './idempotency.ts';

/** Who is told how a step goes. */
export interface LockWaiter {
  /** Every lock is held and every value known. */
  locksHeld(): void;
  locksRefused(error: Error): void;
}

/** A table, or a range of its keys, to be locked. */
export interface WholeLock {
  readonly table: number;
  readonly keys: KeyRange | undefined;
}

export class AttemptStep {
  readonly id: number;
  readonly mode: 'read' | 'write';
  readonly requests: readonly PartitionRequest[];
  readonly waiter: LockWaiter;
  /** Partitions that have not answered. */
  missing: number;
  next: AttemptStep | undefined;

  constructor(
    id: number,
    mode: 'read' | 'write',
    requests: readonly PartitionRequest[],
    waiter: LockWaiter,
    next: AttemptStep | undefined,
  ) {
    this.id = id;
    this.mode = mode;
    this.requests = requests;
    this.waiter = waiter;
    this.missing = requests.length;
    this.next = next;
  }
}

/** The same as a promise. */
export function promised(ask: (waiter: LockWaiter) => void): Promise<void> {
  return new Promise((resolve, reject) => ask({ locksHeld: resolve, locksRefused: reject }));
}

// ── the chain ───────────────────────────────────────────────────────────────────────────────────────────────────

export function tryStep(steps: AttemptStep | undefined, id: number): AttemptStep | undefined {
  let step = steps;
  while (step !== undefined && step.id !== id) step = step.next;
  return step;
}

/** The chain without one of its steps. */
export function withoutStep(steps: AttemptStep | undefined, done: AttemptStep): AttemptStep | undefined {
  if (steps === done) return done.next;
  for (let step = steps; step !== undefined; step = step.next) if (step.next === done) step.next = done.next;
  return steps;
}

/** Tells every waiter that it won't get its locks. */
export function refuseSteps(steps: AttemptStep | undefined, error: Error): void {
  for (let step = steps; step !== undefined; step = step.next) step.waiter.locksRefused(error);
}

// ── one step ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends its requests: for `whole` where it is given, else for the accesses of each request. */
export function sendStep(
  { id, mode, requests }: AttemptStep,
  whole: WholeLock | undefined,
  patience: Patience,
  coordinator: Coordinator,
  once: IdempotencyGuard | undefined,
): void {
  for (const request of requests) {
    // A partition on this thread may have refused the one before within the call.
    if (coordinator.state !== 'running') return;
    const { partition, accesses } = request;
    if (whole !== undefined) sendWhole(partition, id, whole, mode, patience, coordinator);
    else if (once?.asks(request) === true) coordinator.lockOnce(partition, id, accesses, patience);
    else coordinator.lock(partition, id, accesses, patience);
  }
}

function sendWhole(
  partition: PartitionId,
  id: number,
  { table, keys }: WholeLock,
  mode: 'read' | 'write',
  patience: Patience,
  coordinator: Coordinator,
): void {
  if (keys === undefined) coordinator.lockTable(partition, id, table, lockModeOf(mode), patience);
  else coordinator.lockRange(partition, id, table, keys);
}

/** Learns what a partition has answered. */
export function learn(
  { requests, mode }: AttemptStep,
  partition: PartitionId,
  values: readonly unknown[],
  once: IdempotencyGuard | undefined,
): void {
  for (const request of requests) {
    if (request.partition !== partition) continue;
    fill(request.cells, values, mode);
    once?.answered(request);
  }
}

/** The values that come with locks. */
function fill(cells: readonly Cell[], values: readonly unknown[], mode: 'read' | 'write'): void {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as Cell;
    cell.committed = values[i];
    if (cell.lock !== 'write') cell.lock = mode;
  }
}
