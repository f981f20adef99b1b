/**
 * Moves the floor below which the past isn't kept: the clock as it was `retentionMs` ago. Owners see it in shared memory
 * and treat it as a snapshot that somebody reads, so every timestamp from the floor on can be read.
 *
 * Coarse on purpose: the clock is looked at a few times per retention, so versions live up to a tick longer than they
 * must. A partition gives versions up while it is written to; `moved` is told so that idle ones can be swept.
 */
import type { Clock } from '../clock.ts';
import { retentionTickMsMax, retentionTickMsMin, retentionTicks } from '../limits.ts';
import type { SharedState, Timestamp } from '../mesh/shared-state.ts';

/** The time that a RetentionFloor lives in. */
export interface RetentionTime {
  nowMs(): number;
  /** Runs `action` again and again, which doesn't keep the process alive, until the function it returns is called. */
  every(periodMs: number, action: () => void): () => void;
}

/** The time of a member. */
export function retentionTime(clock: Clock): RetentionTime {
  return {
    nowMs: () => clock.now(),
    every(periodMs, action) {
      const timer = clock.every(periodMs, action);
      return () => clock.cancel(timer);
    },
  };
}

export interface RetentionOptions {
  readonly shared: Pick<SharedState, 'now' | 'raiseRetentionFloor'>;
  readonly retentionMs: number;
  /** Called after each tick. */
  readonly moved: () => void;
  readonly time: RetentionTime;
}

/** What the clock said when. */
interface Sample {
  readonly atMs: number;
  readonly timestamp: Timestamp;
}

export class RetentionFloor {
  readonly #options: RetentionOptions;
  readonly #time: RetentionTime;
  /** Younger than the retention, the oldest first. */
  readonly #samples: Sample[] = [];
  readonly #stop: () => void;

  /** From now on everything is kept for so long. */
  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#time = options.time;
    options.shared.raiseRetentionFloor(options.shared.now());
    this.#sample();
    this.#stop = this.#time.every(tickMs(options.retentionMs), () => this.#tick());
  }

  stop(): void {
    this.#stop();
  }

  #tick(): void {
    const { shared, retentionMs, moved } = this.#options;
    this.#sample();
    const dueMs = this.#time.nowMs() - retentionMs;
    let due: Sample | undefined;
    while ((this.#samples[0]?.atMs ?? Number.POSITIVE_INFINITY) <= dueMs) due = this.#samples.shift();
    if (due !== undefined) shared.raiseRetentionFloor(due.timestamp);
    moved();
  }

  #sample(): void {
    // The time first: what is drawn in between belongs to the sample and is kept a little longer.
    const atMs = this.#time.nowMs();
    this.#samples.push({ atMs, timestamp: this.#options.shared.now() });
  }
}

function tickMs(retentionMs: number): number {
  return Math.min(retentionTickMsMax, Math.max(retentionTickMsMin, retentionMs / retentionTicks));
}
