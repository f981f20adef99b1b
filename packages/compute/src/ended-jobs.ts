/** The executions that have ended lately on one thread, for `compute.list()`: for a while, and the last ones only. */
import type { HostedJob } from './hosted-job.ts';

export class EndedJobs {
  readonly #keptMs: number;
  readonly #countMax: number;
  /** A ring: the oldest gives its place to the newest. */
  readonly #jobs: HostedJob[] = [];
  #next = 0;

  constructor(keptMs: number, countMax: number) {
    this.#keptMs = keptMs;
    this.#countMax = countMax;
  }

  add(job: HostedJob): void {
    if (this.#keptMs === 0) return;
    this.#jobs[this.#next] = job;
    this.#next = this.#next + 1 === this.#countMax ? 0 : this.#next + 1;
  }

  /** Those that are still to be shown. */
  at(nowMs: number): HostedJob[] {
    return this.#jobs.filter(({ endedMs }) => nowMs - endedMs < this.#keptMs);
  }
}
