/** Who locks in a partition, as its participant keeps them: transactions, and plain operations that wait. */

import { arrayOf } from '@troupe/core';
import { LockOwner } from '../locks/lock-manager.ts';
import type { Waiter } from '../locks/lock-waits.ts';
import type { Durability, Vote } from './decision.ts';
import type { StatusWords, TransactionId } from './status-word.ts';

/** Where a transaction's messages come from and its answers go: one incarnation of its coordinator's member. */
export interface Origin {
  /** The words in which its transactions' fates stand. */
  readonly words: StatusWords;
  send(message: unknown[]): void;
}

const noAccesses: readonly unknown[] = [];

/** Locks that were asked for together. */
export class LockStep {
  readonly kind = 'lock';
  readonly step: number;
  /** [table, key, mode, …] */
  readonly accesses: readonly unknown[];
  /** The table, when it is locked whole. */
  readonly table: number | undefined;
  /** Its transaction holds nothing that anybody could wait for: it may wait for turns of actors to end. */
  readonly patient: boolean;

  /** As messages carry it: `patient` is 1 or left out. */
  constructor(
    step: number,
    accesses: readonly unknown[] | undefined,
    table: number | undefined,
    patient: unknown,
  ) {
    this.step = step;
    this.accesses = accesses ?? noAccesses;
    this.table = table;
    this.patient = patient === 1;
  }
}

/** Its last request: what it has written. */
export class PrepareStep {
  readonly kind = 'prepare';
  readonly writes: readonly unknown[];
  readonly cleared: readonly number[];
  readonly decides: boolean;
  readonly durability: Durability | undefined;

  constructor(
    writes: readonly unknown[],
    cleared: readonly number[],
    decides: boolean,
    durability: Durability | undefined,
  ) {
    this.writes = writes;
    this.cleared = cleared;
    this.decides = decides;
    this.durability = durability;
  }
}

/** What a transaction is doing here once its locks are granted. */
type Step = LockStep | PrepareStep;

const noSteps: Step[] = [];

/** One transaction at this partition. */
export class TransactionRecord extends LockOwner implements Waiter {
  readonly origin: Origin;
  readonly slot: number;
  readonly label: string | undefined;
  waitingSinceMs: number | undefined = undefined;
  /** Steps whose locks are not all granted yet, in the order they came. */
  steps: Step[] = noSteps;
  /** It has been told something; from now on it can only be aborted, not queued again. */
  answered = false;
  /** It has locked actors, or asked for some. */
  locksActors = false;
  /** It has its locks and waits for a turn of an actor to end. */
  awaitsTurn = false;
  /** Set with the vote, or when its commit is announced. */
  vote: Vote | undefined;
  /** Its writes have come before its word said COMMITTED. */
  announced = false;

  constructor(id: TransactionId, age: number, origin: Origin, slot: number, label: string | undefined) {
    super(id, age);
    this.label = label;
    this.origin = origin;
    this.slot = slot;
  }

  addStep(step: Step): void {
    // A first one of its size: an empty array would make room for seventeen.
    if (this.steps.length === 0) this.steps = arrayOf(step);
    else this.steps.push(step);
  }

  takeSteps(): readonly Step[] {
    const { steps } = this;
    this.steps = noSteps;
    return steps;
  }
}

/** A plain operation that waits for its key, or has written it and waits until that is durable. */
export class PlainOperation extends LockOwner implements Waiter {
  readonly resume: () => void;
  waitingSinceMs: number | undefined = undefined;
  /** Its write is on its way to the log: it keeps its lock until that has answered. */
  isKept = false;

  constructor(id: TransactionId, age: number, resume: () => void) {
    super(id, age);
    this.resume = resume;
  }
}
