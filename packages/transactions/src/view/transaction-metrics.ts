/**
 * What a member counts of its transactions, and the sum over all members that users see.
 *
 * Counting is part of every transaction, so it is additions in typed arrays: no object, no closure. The clock is read
 * when a transaction begins (views tell its age). Its end is measured for the first thousand, then for one in eight:
 * a clock read is a visible part of the smallest transactions. Waits for locks are measured all.
 */

import { type Clock, Histogram, type HistogramSummary, systemClock } from '@troupe/core';
import type { LockMeter } from '../locks/lock-waits.ts';
import type { AbortCause } from '../protocol/outcome.ts';

/** What became of the transactions of all members since their threads began. */
export interface TransactionMetrics {
  /** Transactions that may write, whoever began them: bodies, procedures, `begin()`, `setMany`, `deleteMany`, `clear`. */
  readonly begun: number;
  readonly underWay: number;
  readonly committed: number;
  /** Those that ended without effect, by reason; retries that went on don't count. */
  readonly aborted: {
    /** Lost a conflict, and had no retry left. */
    readonly wounded: number;
    /** A turn of an actor that it called was under way, and it had no retry left. */
    readonly busy: number;
    readonly timeout: number;
    readonly killed: number;
    /** The body threw, an operation failed, the user rolled back or aborted the signal. */
    readonly user: number;
    readonly partitionLost: number;
    readonly queueFull: number;
    /** The storage had no room, or has failed. */
    readonly storage: number;
  };
  /** Every try of every transaction. */
  readonly attempts: number;
  /** Tries after the first. */
  readonly retries: number;
  readonly attemptsPerTransaction: HistogramSummary;
  /** How long transactions took, in milliseconds, retries included. Measured for all at first, later for one in eight. */
  readonly durationMs: HistogramSummary;
  /** Read-only transactions begun. */
  readonly snapshots: number;
  readonly locks: {
    /** How often a transaction or a plain operation had to wait for locks. */
    readonly waits: number;
    /** How long they waited, in milliseconds; without those who wait still. */
    readonly waitMs: HistogramSummary;
    /** Younger transactions that had to begin again because an older one needed their locks. */
    readonly wounds: number;
    /** Younger ones that only went back into line. */
    readonly givenBack: number;
  };
}

/** What travels between members. */
export interface RawMetrics {
  readonly counts: readonly number[];
  readonly attempts: readonly number[];
  readonly durations: readonly number[];
  readonly waits: readonly number[];
}

const Counter = {
  begun: 0,
  committed: 1,
  wounded: 2,
  timeout: 3,
  killed: 4,
  user: 5,
  partitionLost: 6,
  queueFull: 7,
  attempts: 8,
  retries: 9,
  snapshots: 10,
  waits: 11,
  wounds: 12,
  givenBack: 13,
  busy: 14,
  storage: 15,
} as const;
const counters = 16;

const counterOf: Record<AbortCause, number> = {
  wounded: Counter.wounded,
  timeout: Counter.timeout,
  killed: Counter.killed,
  user: Counter.user,
  'participant-lost': Counter.partitionLost,
  'line-full': Counter.queueFull,
  // The key was used for something else; a repeat that got its answer counts as committed.
  already: Counter.user,
  busy: Counter.busy,
  'storage-full': Counter.storage,
  'storage-unknown': Counter.storage,
  'storage-closed': Counter.storage,
};

const microsecondMs = 0.001;
const measuredAlways = 1024;
const measuredOneIn = 8;

/** The counts of one member. */
export class TransactionMeter implements LockMeter {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #counts = new Float64Array(counters);
  readonly #attempts = new Histogram(1);
  readonly #durations = new Histogram(microsecondMs);
  readonly #waits = new Histogram(microsecondMs);
  #ended = 0;

  constructor(clock: Pick<Clock, 'now'> = systemClock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.now();
  }

  begun(): void {
    this.#add(Counter.begun);
  }

  attempted(): void {
    this.#add(Counter.attempts);
  }

  retried(): void {
    this.#add(Counter.retries);
  }

  snapshotBegun(): void {
    this.#add(Counter.snapshots);
  }

  committed(attempts: number, beganAtMs: number): void {
    this.#add(Counter.committed);
    this.#over(attempts, beganAtMs);
  }

  aborted(cause: AbortCause, attempts: number, beganAtMs: number): void {
    this.#add(counterOf[cause]);
    this.#over(attempts, beganAtMs);
  }

  waitBegan(): void {
    this.#add(Counter.waits);
  }

  waitEnded(waitedMs: number): void {
    this.#waits.record(waitedMs);
  }

  wounded(outcome: 'aborted' | 'given-back'): void {
    this.#add(outcome === 'aborted' ? Counter.wounds : Counter.givenBack);
  }

  raw(): RawMetrics {
    return {
      counts: Array.from(this.#counts),
      attempts: this.#attempts.cells(),
      durations: this.#durations.cells(),
      waits: this.#waits.cells(),
    };
  }

  #over(attempts: number, beganAtMs: number): void {
    this.#attempts.record(attempts);
    const ended = this.#ended++;
    if (ended < measuredAlways || ended % measuredOneIn === 0)
      this.#durations.record(this.nowMs() - beganAtMs);
  }

  #add(counter: number): void {
    this.#counts[counter] = (this.#counts[counter] as number) + 1;
  }
}

/** The sum of what members counted. */
export function mergeMetrics(members: readonly RawMetrics[]): TransactionMetrics {
  const attempts = new Histogram(1);
  const durations = new Histogram(microsecondMs);
  const waits = new Histogram(microsecondMs);
  for (const raw of members) {
    attempts.add(raw.attempts);
    durations.add(raw.durations);
    waits.add(raw.waits);
  }
  const sum = (counter: number): number =>
    members.reduce((total, { counts }) => total + (counts[counter] ?? 0), 0);
  const ends = [...new Set([Counter.committed, ...Object.values(counterOf)])];
  return {
    begun: sum(Counter.begun),
    underWay: sum(Counter.begun) - ends.reduce((total, counter) => total + sum(counter), 0),
    committed: sum(Counter.committed),
    aborted: {
      wounded: sum(Counter.wounded),
      busy: sum(Counter.busy),
      timeout: sum(Counter.timeout),
      killed: sum(Counter.killed),
      user: sum(Counter.user),
      partitionLost: sum(Counter.partitionLost),
      queueFull: sum(Counter.queueFull),
      storage: sum(Counter.storage),
    },
    attempts: sum(Counter.attempts),
    retries: sum(Counter.retries),
    attemptsPerTransaction: attempts.summary(),
    durationMs: durations.summary(),
    snapshots: sum(Counter.snapshots),
    locks: {
      waits: sum(Counter.waits),
      waitMs: waits.summary(),
      wounds: sum(Counter.wounds),
      givenBack: sum(Counter.givenBack),
    },
  };
}
