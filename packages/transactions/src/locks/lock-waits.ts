/**
 * How long owners wait for locks. A wait begins when something an owner asked for is not free, and ends when it holds
 * all it asked for, or ends itself. Nothing is measured, and no clock read, where nobody waits.
 */

/** Told what happens at locks, with a clock to measure waits. */
export interface LockMeter {
  nowMs(): number;
  waitBegan(): void;
  waitEnded(waitedMs: number): void;
  /** A holder had to give way: it was aborted, or went back into line. */
  wounded(outcome: 'aborted' | 'given-back'): void;
}

/** Who can wait. */
export interface Waiter {
  /** When its present wait began, while it waits and is measured. */
  waitingSinceMs: number | undefined;
}

export class LockWaits {
  readonly #meter: LockMeter | undefined;

  constructor(meter: LockMeter | undefined) {
    this.#meter = meter;
  }

  begin(waiter: Waiter): void {
    if (this.#meter === undefined || waiter.waitingSinceMs !== undefined) return;
    waiter.waitingSinceMs = this.#meter.nowMs();
    this.#meter.waitBegan();
  }

  end(waiter: Waiter): void {
    if (waiter.waitingSinceMs === undefined) return;
    if (this.#meter !== undefined) this.#meter.waitEnded(this.#meter.nowMs() - waiter.waitingSinceMs);
    waiter.waitingSinceMs = undefined;
  }

  wounded(outcome: 'aborted' | 'given-back'): void {
    this.#meter?.wounded(outcome);
  }
}
