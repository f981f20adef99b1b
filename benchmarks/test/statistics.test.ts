import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMet, ratioOf, spreadOf, targetText } from '../dist/statistics.js';

describe('a spread', () => {
  test.each([
    [[7], { median: 7, min: 7, max: 7 }],
    [[10, 9, 100], { median: 10, min: 9, max: 100 }],
    [[4, 1, 3, 2], { median: 2.5, min: 1, max: 4 }],
  ])('of %j', (values, spread) => {
    expect(spreadOf(values)).toEqual(spread);
  });

  test('of nothing is refused', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  test('has as many values on one side of the median as on the other, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const { median, min, max } = spreadOf(values);
        const below = values.filter((value) => value < median).length;
        const above = values.filter((value) => value > median).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
        expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
      }),
    );
  });

  test('leaves what it is given as it was', () => {
    const values = [3, 1, 2];
    spreadOf(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('a ratio', () => {
  test('is taken within each round, so a slow round of both changes nothing', () => {
    expect(ratioOf([300, 30, 900], [100, 10, 300])).toEqual({ median: 3, min: 3, max: 3 });
  });

  test('is the median of the ratios and not the ratio of the medians', () => {
    expect(ratioOf([10, 20, 30], [10, 5, 3])).toEqual({ median: 4, min: 1, max: 10 });
  });

  test('leaves out a round in which either failed', () => {
    expect(ratioOf([undefined, 20, 30], [10, undefined, 10])).toEqual({ median: 3, min: 3, max: 3 });
  });

  test('to nothing is no ratio', () => {
    expect(ratioOf([1, 20], [0, 10])).toEqual({ median: 2, min: 2, max: 2 });
  });

  test('of no common round is none', () => {
    expect(ratioOf([undefined, 20], [10, undefined])).toBeUndefined();
  });
});

describe('a target', () => {
  test('for throughput is met from its value upwards', () => {
    expect([2.99, 3, 4].map((ratio) => isMet({ atLeast: 3 }, ratio))).toEqual([false, true, true]);
    expect(targetText({ atLeast: 3 })).toBe('≥ 3');
  });

  test('for latency is met up to its value', () => {
    expect([1.49, 1.5, 1.51].map((ratio) => isMet({ atMost: 1.5 }, ratio))).toEqual([true, true, false]);
    expect(targetText({ atMost: 1.5 })).toBe('≤ 1.5');
  });
});
