/**
 * Calls with an idempotency key: which plan a key stands for, who called with it, and what became of that. A call may be
 * repeated by any client, at any time, also while the first one is under way; a repeat has the same plan, with values
 * and fresh keys of its own, so that what survives tells which of the calls took effect.
 *
 * Held against decision 0020: of two attempts with one key that both committed, the later would have found the row of the
 * earlier in any partition that both touched and that lived on, and at the home of the key. So each of those has died
 * between them; where deaths lose nothing there is no such pair. Whoever is told a stored answer is told that of a transaction that has committed,
 * as its body gave it. Rows stand in the history too, each as a list to which the id of its attempt is appended.
 *
 * Not simulated: rows that expire, and one key used for two procedures.
 */
import type { PartitionId } from '@troupe/core';
import { hashKey } from '@troupe/core';
import type { Touched } from '@troupe/transactions';
import type { ListAppendMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { KeySpace } from './key-space.ts';
import type { Action, TransactionPlan } from './transaction-body.ts';
import type { KnownAttempt } from './truth.ts';

/** What the body of a transaction with a key answers. */
export interface KeyedAnswer {
  /** The id of the attempt. */
  readonly by: number;
  readonly mops: readonly ListAppendMop[];
}

/** An attempt whose body has come to its end. */
interface EndedAttempt {
  readonly attempt: KnownAttempt;
  readonly answer: string;
  /** The home of the key, as it was then. */
  readonly home: Touched;
}

/** One key, and all that was done under it. */
export interface KeyedCall {
  readonly key: string;
  readonly plan: TransactionPlan;
  readonly isProcedure: boolean;
  readonly attempts: EndedAttempt[];
}

export interface KeyedCallPorts {
  problem(text: string): void;
  /** Its commit can't be undone any more by anything. */
  hasCommitted(attempt: KnownAttempt): boolean;
  incarnationOf(partition: PartitionId): number;
  readonly partitionCount: number;
  /** The death of a partition takes away what it held. */
  readonly deathsLose: boolean;
}

/** A repeat is of one of the latest. */
const recentMax = 4;
/** Above the values that the workload draws. */
const repeatedValuesFrom = 1_000_000;

export class KeyedCalls {
  readonly #ports: KeyedCallPorts;
  readonly #calls: KeyedCall[] = [];

  constructor(ports: KeyedCallPorts) {
    this.#ports = ports;
  }

  begin(plan: TransactionPlan, isProcedure: boolean): KeyedCall {
    const call: KeyedCall = { key: `key-${this.#calls.length}`, plan, isProcedure, attempts: [] };
    this.#calls.push(call);
    return call;
  }

  /** One of the latest, to be repeated. */
  tryRecent(random: SeededRandom): KeyedCall | undefined {
    return this.#calls.length === 0 ? undefined : random.pick(this.#calls.slice(-recentMax));
  }

  /** The body of an attempt has come to its end. */
  ended({ key, attempts }: KeyedCall, attempt: KnownAttempt, answer: KeyedAnswer): void {
    const partition = hashKey(key) % this.#ports.partitionCount;
    const home = { partition, incarnation: this.#ports.incarnationOf(partition) };
    attempts.push({ attempt, answer: JSON.stringify(answer), home });
  }

  /** A caller is told what is stored. */
  told({ key, attempts }: KeyedCall, answer: KeyedAnswer): void {
    const first = attempts.find(({ attempt }) => attempt.coordinator.id === answer.by);
    if (first === undefined)
      this.#ports.problem(`idempotency: ${key} was answered with another key's answer`);
    else if (!this.#ports.hasCommitted(first.attempt))
      this.#ports.problem(
        `idempotency: ${key} was answered with that of ${answer.by}, which has not committed`,
      );
    else if (first.answer !== JSON.stringify(answer))
      this.#ports.problem(`idempotency: ${key} was answered with other than what ${answer.by} had answered`);
  }

  /** At the end: no key took effect twice. */
  check(): void {
    for (const { key, attempts } of this.#calls) {
      const committed = attempts.filter(({ attempt }) => this.#ports.hasCommitted(attempt));
      committed.forEach((one, index) => {
        for (const other of committed.slice(index + 1)) this.#checkPair(key, one, other);
      });
    }
  }

  #checkPair(key: string, one: EndedAttempt, other: EndedAttempt): void {
    const { id } = one.attempt.coordinator;
    const { id: otherId } = other.attempt.coordinator;
    for (const { partition, incarnation } of rowsOf(one)) {
      const also = rowsOf(other).find((touch) => touch.partition === partition);
      if (also === undefined || (this.#ports.deathsLose && also.incarnation !== incarnation)) continue;
      this.#ports.problem(
        `idempotency: ${key} took effect twice, by ${id} and ${otherId}, with the row at partition ${partition}`,
      );
      return;
    }
  }
}

/** Where its rows are to be. */
function rowsOf({ attempt, home }: EndedAttempt): readonly Touched[] {
  const { touched } = attempt.coordinator;
  return touched.some(({ partition }) => partition === home.partition) ? touched : [...touched, home];
}

/** The same again: the same keys in the same order, other values, other fresh keys. */
export function repeated({ kind, actions, blind }: TransactionPlan, keys: KeySpace): TransactionPlan {
  return {
    kind,
    actions: actions.map((action): Action => {
      if (action[0] !== 'append') return action;
      return ['append', action[1], repeatedValuesFrom + keys.nextValue()];
    }),
    blind: blind.map(([name, , value]) => [name, keys.freshKey(), value]),
  };
}

/** What a commit did to the rows of its key: each was not there, and is now. */
export function writtenRows(key: string, by: number, partitions: Iterable<PartitionId>): ListAppendMop[] {
  return Array.from(partitions, (partition) => rowName(key, partition)).flatMap((row) => [
    ['r', row, []],
    ['append', row, by],
  ]);
}

/** What was read of the row that was found. */
export function foundRow(key: string, by: number, partition: PartitionId): ListAppendMop[] {
  return [['r', rowName(key, partition), [by]]];
}

/** The partition comes first, as the key space wants it. */
function rowName(key: string, partition: PartitionId): string {
  return `i${partition}/${key}`;
}
