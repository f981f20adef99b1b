/**
 * How many partitions of a map-reduce are mapped, for who follows it: what hosts have reported of the attempts under
 * way, and what the answers say. An attempt that failed (its thread died) takes its reports with it.
 */
import type { MapProgress } from './map-reduce.ts';
import type { Attempt, CallFollower } from './outgoing-call.ts';

/** The count of one host's share. */
export interface ShareTally {
  /** Follows the attempts of this share. */
  readonly follower: CallFollower;
  /** An answer has come: so many partitions were mapped, so many are left out. */
  answered(done: number, failed: number): void;
}

interface Counts {
  done: number;
  failed: number;
  /** Of the attempt under way. */
  reported: number;
  attempt: Attempt | undefined;
}

export class MapTally {
  readonly #follower: CallFollower;
  readonly #total: number;
  readonly #shares: Counts[] = [];

  constructor(follower: CallFollower, total: number) {
    this.#follower = follower;
    this.#total = total;
    follower.count((requestId, report) => this.#reported(requestId, report as number));
    this.#tell();
  }

  share(): ShareTally {
    const counts: Counts = { done: 0, failed: 0, reported: 0, attempt: undefined };
    this.#shares.push(counts);
    return {
      follower: this.#followerOf(counts),
      answered: (done, failed) => {
        counts.done += done;
        counts.failed += failed;
        this.#forget(counts);
        this.#tell();
      },
    };
  }

  #followerOf(counts: Counts): CallFollower {
    const outer = this.#follower;
    return {
      get priority(): number {
        return outer.priority;
      },
      get isCanceling(): boolean {
        return outer.isCanceling;
      },
      attempting(attempt) {
        counts.attempt = attempt;
        outer.attempting(attempt);
      },
      failed: (attempt) => {
        this.#forget(counts);
        outer.failed(attempt);
      },
      again: () => outer.again(),
      count: (listener) => outer.count(listener),
      progressed: (report) => outer.progressed(report),
      answered: () => outer.answered(),
    };
  }

  #reported(requestId: number, report: number): void {
    const counts = this.#shares.find(({ attempt }) => attempt?.message[1] === requestId);
    if (counts === undefined) return;
    counts.reported = report;
    this.#tell();
  }

  #forget(counts: Counts): void {
    counts.reported = 0;
    counts.attempt = undefined;
  }

  #tell(): void {
    let done = 0;
    let failed = 0;
    for (const counts of this.#shares) {
      done += counts.done + counts.reported;
      failed += counts.failed;
    }
    const progress: MapProgress = { done, total: this.#total, failed };
    this.#follower.progressed(progress);
  }
}
