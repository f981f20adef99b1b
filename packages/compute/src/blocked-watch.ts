/**
 * Finds threads that are kept from everything else: their event loop has not turned between several looks in a row.
 * Looks are counted instead of time, so that a process that was itself suspended blames nobody. Pure: who looks, when,
 * and what follows are the business of `thread-watch.ts`.
 */

/** A thread at the time of a look. */
export interface WatchedThread {
  readonly host: number;
  readonly incarnation: number;
  /** How often its event loop has turned; 0: it doesn't say. */
  readonly beats: number;
}

interface Standing {
  readonly incarnation: number;
  readonly beats: number;
  readonly looks: number;
}

export class BlockedWatch {
  readonly #looksMax: number;
  readonly #standing = new Map<number, Standing>();

  /** `looksMax`: at how many looks a thread must not have moved since the one before. */
  constructor(looksMax: number) {
    this.#looksMax = looksMax;
  }

  /** One look at all threads. Answers those that are blocked now; each once for as long as it stays so. */
  look<T extends WatchedThread>(threads: readonly T[]): T[] {
    return threads.filter((thread) => this.#looksAt(thread) === this.#looksMax);
  }

  /** At how many looks the thread has stood still. */
  #looksAt({ host, incarnation, beats }: WatchedThread): number {
    const last = this.#standing.get(host);
    const stands = beats > 0 && last?.incarnation === incarnation && last.beats === beats;
    const looks = stands ? last.looks + 1 : 0;
    this.#standing.set(host, { incarnation, beats, looks });
    return looks;
  }
}
