/** Percentiles of the times that a sample of operations took. */

/** One operation in so many is timed: reading the clock for each would be felt at a million per second. */
export const timedOneIn = 8;

export class Latencies {
  #times = new Float64Array(4_096);
  #count = 0;

  add(us: number): void {
    if (this.#count === this.#times.length) {
      const grown = new Float64Array(this.#times.length * 2);
      grown.set(this.#times);
      this.#times = grown;
    }
    this.#times[this.#count++] = us;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Undefined when nothing was timed. */
  summary(): { readonly p50: number; readonly p99: number } | undefined {
    if (this.#count === 0) return undefined;
    const sorted = this.#times.subarray(0, this.#count).toSorted();
    const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
