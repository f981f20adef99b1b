/** Space-Saving: counts of keys in constant memory, and how far they may be off. */

import { HotKeys } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function countsOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Few keys that come often, many that come once. */
const streams = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.string({ maxLength: 2 })), {
  maxLength: 400,
});

describe('hot keys', () => {
  test('are counted exactly while there are no more than places', () => {
    const hot = new HotKeys(3);
    for (const key of 'abcabcaab') hot.count(key);
    expect(hot.top(2)).toEqual([
      { key: 'a', count: 4, error: 0 },
      { key: 'b', count: 3, error: 0 },
    ]);
  });

  test('without a place take that of the smallest, and its count', () => {
    const hot = new HotKeys(2);
    for (const key of 'aaabbc') hot.count(key);
    expect(hot.top(9)).toEqual([
      { key: 'a', count: 3, error: 0 },
      { key: 'c', count: 3, error: 2 },
    ]);
  });

  test('have counts that are never too small, and too large by no more than they say', () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 20 }), (keys, capacity) => {
        const hot = new HotKeys(capacity);
        for (const key of keys) hot.count(key);
        const truth = countsOf(keys);
        const top = hot.top(capacity);
        for (const { key, count, error } of top) {
          const actual = truth.get(key as string) ?? 0;
          expect(count).toBeGreaterThanOrEqual(actual);
          expect(count - error).toBeLessThanOrEqual(actual);
          // The bound of the paper.
          expect(error).toBeLessThanOrEqual(keys.length / capacity);
        }
        expect(top.reduce((sum, { count }) => sum + count, 0)).toBe(keys.length);
        // Nobody who is asked for more often than one in `capacity` is missed.
        const listed = new Set(top.map(({ key }) => key));
        for (const [key, count] of truth) if (count > keys.length / capacity) expect(listed).toContain(key);
      }),
    );
  });
});
