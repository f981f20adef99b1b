// One phase of a run: what it does is timed, counted and shown while it goes.
//
// Latencies go into Node's own HDR histogram, in nanoseconds. What an operation is, each phase says: a row, a
// transaction, a job.
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Progress } from '../progress.ts';

export interface PhaseResult {
  readonly name: string;
  readonly operations: number;
  readonly seconds: number;
  /** Latencies of single operations; absent when they are not timed one by one. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Attempts that lost a conflict and were made again. */
  readonly retries: number;
  /** Transactions whose own code gave up, with all of their writes. */
  readonly rollbacks: number;
}

/** Counts what a phase does. Handed to the phase's work. */
export class PhaseMeter {
  operations = 0;
  retries = 0;
  rollbacks = 0;
  readonly latencies: RecordableHistogram = createHistogram();
  readonly #advanced: (count: number) => void;

  constructor(advanced: (count: number) => void) {
    this.#advanced = advanced;
  }

  /** Takes the time of a piece of work, also when it fails. */
  async time<T>(work: () => Promise<T>): Promise<T> {
    const start = process.hrtime.bigint();
    try {
      return await work();
    } finally {
      this.latencies.record(process.hrtime.bigint() - start);
    }
  }

  /** Counts finished operations. */
  done(count = 1): void {
    this.operations += count;
    this.#advanced(count);
  }
}

export interface PhasePlan {
  readonly name: string;
  /** How many operations there will be, and what one of them is called. */
  readonly total: number;
  readonly unit: string;
}

/** Runs a phase: the answer of its work, and what the meter says. */
export async function runPhase<T>(
  plan: PhasePlan,
  progress: Progress,
  work: (meter: PhaseMeter) => Promise<T>,
): Promise<{ readonly value: T; readonly result: PhaseResult }> {
  const bar = progress.start(plan);
  const meter = new PhaseMeter((count) => bar.advance(count));
  const start = performance.now();
  try {
    const value = await work(meter);
    const result = toResult(plan.name, meter, (performance.now() - start) / 1000);
    bar.finish(result);
    return { value, result };
  } catch (error) {
    bar.fail();
    throw error;
  }
}

function toResult(name: string, meter: PhaseMeter, seconds: number): PhaseResult {
  const { operations, retries, rollbacks, latencies } = meter;
  const ms = (percentile: number) => latencies.percentile(percentile) / 1e6;
  return {
    name,
    operations,
    seconds: Number(seconds.toFixed(6)),
    ...(latencies.count === 0 ? {} : { p50Ms: ms(50), p99Ms: ms(99) }),
    retries,
    rollbacks,
  };
}
