/**
 * What is made of the figures of several rounds. Speeds of one machine swing from minute to minute, and rounds put
 * subjects side by side in time; so a ratio is taken within each round, and only then are rounds summed up.
 */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median, least and greatest. Throws for no values at all. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const min = sorted[0];
  const max = sorted.at(-1);
  if (upper === undefined || lower === undefined || min === undefined || max === undefined) {
    throw new RangeError('there is no spread of no values');
  }
  return { median: (lower + upper) / 2, min, max };
}

/**
 * The spread of `values` in relation to `reference`, round by round. A round in which one of them is missing (it
 * failed), or in which nothing was measured to compare with, counts for nothing; undefined when no round has both.
 */
export function ratioOf(
  values: readonly (number | undefined)[],
  reference: readonly (number | undefined)[],
): Spread | undefined {
  const ratios = values.flatMap((value, round) => {
    const beside = reference[round];
    return value === undefined || beside === undefined || beside === 0 ? [] : [value / beside];
  });
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}

/** A goal for a ratio, or for a figure that is compared with nothing. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

export function isMet(target: Target, ratio: number): boolean {
  return 'atLeast' in target ? ratio >= target.atLeast : ratio <= target.atMost;
}

export function targetText(target: Target): string {
  return 'atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}
