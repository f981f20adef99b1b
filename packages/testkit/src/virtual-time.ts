/**
 * Time that moves only when a test says so.
 *
 * Every event of a simulated run (a delivery, a timer, a fault) is one entry of one queue; `step()` runs
 * the next one and jumps to its time. Nothing runs in between, so an hour passes in a millisecond and
 * an invariant can be checked after every single step.
 *
 * Rule kept: the order is a function of the calls made and of the seed. Events at the same time run in
 * the order they were scheduled, or in a seeded order when a random stream is handed in; the second
 * finds code that relies on ties. `traceHash` folds the time, the number and the label of every event.
 *
 * Left out: promises. Code under test that awaits runs its continuations outside of the queue.
 */

import { EventQueue, type QueuedEvent } from './event-queue.ts';
import type { SeededRandom } from './seeded-random.ts';
import { TraceDigest } from './trace-digest.ts';

/** A timer that has not fired yet. */
export interface Timer {
  /** Takes the timer back; harmless when it fired or was cancelled before. */
  cancel(): void;
}

/** The clock that code under test is given instead of `Date.now` and `setTimeout`. */
export interface ClockPort {
  /** Milliseconds since the start of the run; never goes back. */
  nowMs(): number;
  /** Calls `run` once after the delay. */
  setTimer(delayMs: number, run: () => void): Timer;
}

/** How a {@link VirtualTime} starts. */
export interface VirtualTimeOptions {
  /** The time at the start, 0 if absent. */
  readonly startMs?: number;
  /** Draws the order of events at the same time; absent: the order they were scheduled in. */
  readonly tieBreaker?: SeededRandom;
}

/**
 * A queue of events with its own clock.
 *
 * To test your own actor or protocol, give it `time.clock()` as its clock, start it, then move the time:
 *
 * ```ts
 * const time = new VirtualTime();
 * const session = new Session({ clock: time.clock('session') });
 * time.advance(30_000);
 * expect(session.isExpired).toBe(true);
 * ```
 *
 * Run a test twice with one seed and compare `traceHash` to learn whether the code is deterministic.
 */
export class VirtualTime {
  readonly #queue = new EventQueue();
  readonly #digest = new TraceDigest();
  readonly #tieBreaker: SeededRandom | undefined;
  readonly #observers = new Set<() => void>();
  #nowMs: number;
  #sequence = 0;
  #steps = 0;

  constructor(options: VirtualTimeOptions = {}) {
    this.#nowMs = options.startMs ?? 0;
    this.#tieBreaker = options.tieBreaker;
  }

  /** The virtual time in milliseconds. */
  get now(): number {
    return this.#nowMs;
  }

  /** When the next event is due; undefined when nothing is waiting. */
  get nextAtMs(): number | undefined {
    return this.#queue.peek()?.atMs;
  }

  /** How many events ran so far. */
  get steps(): number {
    return this.#steps;
  }

  /** How many events are waiting. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Digest of every event so far; equal for equal seeds. */
  get traceHash(): string {
    return this.#digest.hash;
  }

  /** Runs `run` after the delay; the label goes into the trace. */
  schedule(delayMs: number, run: () => void, label = 'event'): Timer {
    if (!(delayMs >= 0) || delayMs === Infinity) {
      throw new RangeError(`A delay is a finite number of milliseconds from 0 on, not ${delayMs}.`);
    }
    const event: QueuedEvent = {
      atMs: this.#nowMs + delayMs,
      tie: this.#tieBreaker?.next() ?? 0,
      sequence: this.#sequence++,
      label,
      run,
      cancelled: false,
    };
    this.#queue.push(event);
    return new ScheduledTimer(this.#queue, event);
  }

  /** Runs the next event and its observers; false when nothing is waiting. */
  step(): boolean {
    const event = this.#queue.pop();
    if (event === undefined) return false;
    this.#nowMs = event.atMs;
    this.#steps += 1;
    this.#digest.foldNumber(event.atMs);
    this.#digest.foldNumber(event.sequence);
    this.#digest.foldText(event.label);
    // An event that ran can't be cancelled any more: the flag makes a late cancel() harmless.
    event.cancelled = true;
    event.run();
    for (const observe of this.#observers) observe();
    return true;
  }

  /**
   * Steps until nothing is waiting and returns the number of steps.
   * @throws when more than `limitSteps` are needed: something goes round in circles, or a timer repeats
   */
  runUntilIdle(limitSteps = 1_000_000): number {
    let taken = 0;
    while (this.#queue.size > 0) {
      if (taken === limitSteps) {
        const next = this.#queue.pendingLabels(5).join(', ');
        throw new Error(`Not idle after ${limitSteps} steps at ${this.#nowMs} ms; next are: ${next}.`);
      }
      this.step();
      taken += 1;
    }
    return taken;
  }

  /** Runs everything due within this many milliseconds, then stands at the end of them. */
  advance(ms: number): void {
    if (!(ms >= 0) || ms === Infinity) throw new RangeError(`Time can't advance by ${ms} ms.`);
    const endMs = this.#nowMs + ms;
    for (let next = this.#queue.peek(); next !== undefined && next.atMs <= endMs; next = this.#queue.peek()) {
      this.step();
    }
    this.#nowMs = endMs;
  }

  /** Calls `observe` after each step, to check invariants; the returned function ends that. */
  afterEachStep(observe: () => void): () => void {
    this.#observers.add(observe);
    return () => {
      this.#observers.delete(observe);
    };
  }

  /** Adds something that isn't an event (a drawn option, a message's content) to the trace. */
  trace(content: string | Uint8Array): void {
    if (typeof content === 'string') this.#digest.foldText(content);
    else this.#digest.foldBytes(content);
  }

  /** The clock for code under test; the name labels its timers in the trace. */
  clock(name = 'timer'): ClockPort {
    return {
      nowMs: () => this.#nowMs,
      setTimer: (delayMs, run) => this.schedule(delayMs, run, name),
    };
  }
}

class ScheduledTimer implements Timer {
  readonly #queue: EventQueue;
  readonly #event: QueuedEvent;

  constructor(queue: EventQueue, event: QueuedEvent) {
    this.#queue = queue;
    this.#event = event;
  }

  cancel(): void {
    if (!this.#event.cancelled) this.#queue.cancel(this.#event);
  }
}
