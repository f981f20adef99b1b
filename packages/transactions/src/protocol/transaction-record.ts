/** Who locks in a partition, as its participant keeps them: transactions, and plain operations that wait. */

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

/** Locks that were asked for together. */
export interface LockStep {
  readonly kind: 'lock';
  readonly step: number;
  /** [table, key, mode, …] */
  readonly accesses: readonly unknown[];
  /** The table, when it is locked whole. */
  readonly table: number | undefined;
  /** Its transaction holds nothing that anybody could wait for: it may wait for turns of actors to end. */
  readonly patient: boolean;
}

const noAccesses: readonly unknown[] = [];

/** As messages carry it: `patient` is 1 or left out. */
export function lockStep(
  step: number,
  accesses: readonly unknown[] | undefined,
  table: number | undefined,
  patient: unknown,
): LockStep {
  return { kind: 'lock', step, accesses: accesses ?? noAccesses, table, patient: patient === 1 };
}

/** What a transaction is doing here once its locks are granted. */
type Step =
  | LockStep
  | {
      readonly kind: 'prepare';
      readonly writes: readonly unknown[];
      readonly cleared: readonly number[];
      readonly decides: boolean;
      readonly durability: Durability | undefined;
    };

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
    // A first literal: an empty array would make room for seventeen.
    if (this.steps.length === 0) this.steps = [step];
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
