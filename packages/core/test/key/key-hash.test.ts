import { hashKey, type Key, slotOf, toStorageKey } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('the hash of a key', () => {
  // These numbers are a contract: data that was stored by one version must be found by the next.
  test.each([
    ['', 90457223],
    ['a', 194382013],
    ['customer-42', 3798963096],
    ['Ω≠', 404880868],
    [0, 3221587496],
    [1, 3656700030],
    [-1, 4141218220],
    [2147483648, 1060385238],
    [0.5, 2471528676],
    [Number.POSITIVE_INFINITY, 295300084],
    [0n, 2246383618],
    [-123456789012345678901234567890n, 2492822763],
    [true, 2017085113],
    [false, 4024711238],
    [['customer', 42], 2119079863],
  ] as [Key, number][])('of %s never changes', (key, hash) => {
    expect(hashKey(toStorageKey(key))).toBe(hash);
  });

  test.each([
    ['consecutive numbers', (i: number): Key => i],
    ['multiples of 64', (i: number): Key => i * 64],
    ['fractions', (i: number): Key => i + 0.5],
    ['numbered names', (i: number): Key => `customer-${i}`],
    ['bigints', (i: number): Key => BigInt(i) << 64n],
    ['tuples', (i: number): Key => ['customer', i]],
  ])('spreads %s over partitions', (_, keyAt) => {
    const partitions = 64;
    const counts = Array.from({ length: partitions }, () => 0);
    for (let i = 0; i < 64_000; i++) {
      const partition = hashKey(toStorageKey(keyAt(i))) % partitions;
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    // 1,000 each on average; a fair spread stays within 6 standard deviations (about 32 each).
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });

  test('has the slot that the remainder would say', () => {
    const largest = 2 ** 32 - 1;
    const hashes = fc.oneof(fc.integer({ min: 0, max: largest }), fc.constantFrom(0, largest, largest - 1));
    fc.assert(
      fc.property(hashes, fc.integer({ min: 1, max: 2 ** 20 }), (hash, count) => {
        expect(slotOf(hash, count)).toBe(hash % count);
        const multiple = hash - (hash % count);
        if (multiple > 0) expect(slotOf(multiple - 1, count)).toBe(count - 1);
      }),
      { numRuns: 5_000 },
    );
  });
});
