/**
 * Draws by Zipf's law: the k-th of `count` items is `1 / k^exponent` as likely as the first. By inversion of the summed
 * weights, which lie in a table, so it is for thousands of items rather than for millions.
 */

/** A function that draws indexes from 0 to `count - 1`. `random` gives numbers from 0 up to 1. */
export function zipf(count: number, exponent: number, random: () => number = Math.random): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let index = 0; index < count; index++) {
    sum += 1 / (index + 1) ** exponent;
    sums[index] = sum;
  }
  return () => firstAbove(sums, random() * sum);
}

/** The first index whose sum is greater than `drawn`. */
function firstAbove(sums: Float64Array, drawn: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] as number) > drawn) high = middle;
    else low = middle + 1;
  }
  return low;
}
