/**
 * How often a number was about how large: counts in buckets whose bounds double. Recording is two additions and a
 * comparison in a typed array. A percentile read from it is off by less than a factor of two.
 */

/** What a histogram says. Times in milliseconds. */
export interface HistogramSummary {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  /** Half of what was recorded is at most this. Exact to the bucket, so within a factor of two, as the other two are. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** The buckets that hold something, smallest first: more than half of `upTo`, and at most `upTo`. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[];
}

const buckets = 40;
const countAt = buckets;
const sumAt = buckets + 1;
const maxAt = buckets + 2;

export class Histogram {
  readonly #unit: number;
  readonly #cells = new Float64Array(buckets + 3);

  /** `unit`: the bound of the first bucket; what is smaller is counted there. */
  constructor(unit: number) {
    this.#unit = unit;
  }

  record(value: number): void {
    const cells = this.#cells;
    const bucket = bucketOf(value / this.#unit);
    cells[bucket] = (cells[bucket] as number) + 1;
    cells[countAt] = (cells[countAt] as number) + 1;
    cells[sumAt] = (cells[sumAt] as number) + value;
    if (value > (cells[maxAt] as number)) cells[maxAt] = value;
  }

  /** Everything in it, to be sent. */
  cells(): number[] {
    return Array.from(this.#cells);
  }

  /** Adds what another one with the same unit has recorded. */
  add(cells: readonly number[]): void {
    const own = this.#cells;
    const max = Math.max(own[maxAt] as number, cells[maxAt] as number);
    for (let i = 0; i < own.length; i++) own[i] = (own[i] as number) + (cells[i] as number);
    own[maxAt] = max;
  }

  summary(): HistogramSummary {
    const cells = this.#cells;
    const count = cells[countAt] as number;
    const filled: { upTo: number; count: number }[] = [];
    for (let i = 0; i < buckets; i++) {
      const inBucket = cells[i] as number;
      if (inBucket > 0) filled.push({ upTo: this.#unit * 2 ** i, count: inBucket });
    }
    return {
      count,
      mean: count === 0 ? 0 : (cells[sumAt] as number) / count,
      max: cells[maxAt] as number,
      p50: this.#percentile(0.5),
      p90: this.#percentile(0.9),
      p99: this.#percentile(0.99),
      buckets: filled,
    };
  }

  /** The bound of the bucket that the share of all values reaches into; no more than the largest value. */
  #percentile(share: number): number {
    const cells = this.#cells;
    let left = share * (cells[countAt] as number);
    for (let i = 0; i < buckets; i++) {
      left -= cells[i] as number;
      if (left <= 0) return Math.min(this.#unit * 2 ** i, cells[maxAt] as number);
    }
    return cells[maxAt] as number;
  }
}

/** Bucket n holds what is more than 2^(n-1) and at most 2^n. */
function bucketOf(units: number): number {
  if (!(units > 1)) return 0;
  if (units > 2 ** 31) return Math.min(buckets - 1, Math.ceil(Math.log2(units)));
  return 32 - Math.clz32(Math.ceil(units) - 1);
}
