/**
 * Turns of the jobs that give way: a job goes on for its slice, then stands in line; one leaves the line in each turn
 * of the event loop. So however many long jobs there are, they take one slice of each turn together. Pure: the clock
 * and the event loop are ports.
 */
import type { QueuePorts } from './job-queue.ts';

export class TimeSlices {
  readonly #ports: QueuePorts;
  readonly #sliceMs: number;
  readonly #next = (): void => this.#resume();
  #line: (() => void)[] = [];

  constructor(ports: QueuePorts, sliceMs: number) {
    this.#ports = ports;
    this.#sliceMs = sliceMs;
  }

  /** A job begins, or goes on. */
  begin(): Slice {
    return new Slice(this.#ports, this.#sliceMs, (resume) => this.#stand(resume));
  }

  #stand(resume: () => void): void {
    this.#line.push(resume);
    if (this.#line.length === 1) this.#ports.later(this.#next);
  }

  #resume(): void {
    this.#line.shift()?.();
    if (this.#line.length > 0) this.#ports.later(this.#next);
  }
}

/** The time of one job. */
export class Slice {
  readonly #ports: QueuePorts;
  readonly #sliceMs: number;
  readonly #stand: (resume: () => void) => void;
  #startedMs: number;

  constructor(ports: QueuePorts, sliceMs: number, stand: (resume: () => void) => void) {
    this.#ports = ports;
    this.#sliceMs = sliceMs;
    this.#stand = stand;
    this.#startedMs = ports.now();
  }

  get isSpent(): boolean {
    return this.#ports.now() - this.#startedMs >= this.#sliceMs;
  }

  /** Resolves when it is this job's turn again. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => this.#stand(resolve));
    this.#startedMs = this.#ports.now();
  }
}
