import { describe, expect, test } from 'vitest';
import { zipf } from '../dist/measuring/zipf.js';

/** How often each of `items` comes in `draws` draws with numbers spread evenly from 0 to 1. */
function counted(items: number, exponent: number, draws: number): number[] {
  let n = 0;
  const draw = zipf(items, exponent, () => (n++ + 0.5) / draws);
  const counts = Array.from({ length: items }, () => 0);
  for (let drawn = 0; drawn < draws; drawn++) {
    const index = draw();
    counts[index] = (counts[index] ?? Number.NaN) + 1;
  }
  return counts;
}

describe('zipf', () => {
  test('draws the k-th item 1/k times as often as the first', () => {
    expect(counted(3, 1, 11_000)).toEqual([6_000, 3_000, 2_000]);
  });

  test('draws all alike with exponent 0', () => {
    expect(counted(4, 0, 400)).toEqual([100, 100, 100, 100]);
  });

  test('never draws beyond the last item', () => {
    const draw = zipf(5, 1, () => 1 - Number.EPSILON / 2);
    expect(draw()).toBe(4);
  });
});
