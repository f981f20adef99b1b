/**
 * Which job of one host runs next: the larger priority first, first in first out inside one, at most `concurrency` at
 * once, at most `lengthMax` waiting. Pure: the clock and the event loop are ports.
 *
 * A job starts at once, in the call that adds it, when there is room. A job that adds another one of its host doesn't
 * start it inside itself, so chains don't deepen the stack. Starting a job runs its synchronous part; when such parts
 * have taken `sliceMs` the queue rests until the event loop has gone round, so jobs never keep a thread from the
 * other work of its partitions for longer than that and one job.
 *
 * What waits carries its neighbours, so that leaving from the middle (a caller gave up) costs as little as starting.
 */
import { assert } from '@troupe/core';
import { JobLine, type QueueEntry } from './job-line.ts';

export type { QueueEntry };

/** The world of a queue. */
export interface QueuePorts {
  /** Milliseconds that never go back. */
  now(): number;
  /** Calls `run` in a later turn of the event loop. */
  later(run: () => void): void;
}

export interface JobQueueOptions<T> {
  readonly concurrency: number;
  readonly lengthMax: number;
  readonly sliceMs: number;
  readonly ports: QueuePorts;
  /** Starts a job, now; `ended()` follows, perhaps within. Must not throw. */
  readonly start: (job: T, nowMs: number) => void;
  /** Its synchronous part is over. */
  readonly begun?: (job: T, nowMs: number) => void;
}

export class JobQueue<T extends QueueEntry<T>> {
  readonly #options: JobQueueOptions<T>;
  readonly #resume = (): void => this.#wake();
  readonly #line = new JobLine<T>();
  #executing = 0;
  #starting = false;
  #resting = false;
  #spentMs = 0;

  constructor(options: JobQueueOptions<T>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#line.length;
  }

  get executing(): number {
    return this.#executing;
  }

  /** Adds a job behind those of its priority. False: the queue is full and nothing was added. */
  add(job: T): boolean {
    if (this.#line.length >= this.#options.lengthMax) return false;
    this.#line.add(job);
    this.#startNext();
    return true;
  }

  /** Takes out a job that waits here; it won't start. */
  remove(job: T): void {
    this.#line.remove(job);
  }

  /** A job that waits here goes behind those of another priority. */
  changePriority(job: T, priority: number): void {
    if (job.priority === priority) return;
    this.#line.remove(job);
    job.priority = priority;
    this.#line.add(job);
  }

  /** A job that was started has ended. */
  ended(): void {
    assert(this.#executing > 0, 'more jobs have ended than were started');
    this.#executing--;
    this.#startNext();
  }

  #startNext(): void {
    if (this.#starting) return;
    const { concurrency, ports, sliceMs, start, begun } = this.#options;
    this.#starting = true;
    while (!this.#resting && this.#executing < concurrency) {
      const job = this.#line.first;
      if (job === undefined) break;
      this.#line.remove(job);
      this.#executing++;
      const startedMs = ports.now();
      start(job, startedMs);
      const nowMs = ports.now();
      begun?.(job, nowMs);
      this.#spentMs += nowMs - startedMs;
      if (this.#spentMs >= sliceMs) this.#rest();
    }
    this.#starting = false;
  }

  #rest(): void {
    this.#resting = true;
    this.#options.ports.later(this.#resume);
  }

  #wake(): void {
    this.#resting = false;
    this.#spentMs = 0;
    this.#startNext();
  }
}
