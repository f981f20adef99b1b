import { decodeStoredKey, encodeStoredKey, type StorageKey } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';

const hexOf = (key: StorageKey) => Buffer.from(encodeStoredKey(key)).toString('hex');

describe('the bytes of a stored key', () => {
  test.each<[string, StorageKey]>([
    ['73', ''],
    ['736162007e7f', 'ab\0~\x7f'],
    ['73c3a9', 'é'],
    ['7361c3a9', 'aé'],
    ['73f09f9880', '😀'],
    ['77610000d8', 'a\ud800'],
    ['6e3ff8000000000000', 1.5],
    ['692d37', -7n],
    ['74', true],
    ['66', false],
  ])('are %s where they should be', (hex, key) => {
    expect(hexOf(key)).toBe(hex);
  });

  // Around the length from which texts are encoded in another way.
  test.each([63, 64, 65, 1_000])('of %i characters are one each', (length) => {
    const text = 'k'.repeat(length);
    expect(hexOf(text)).toBe(`73${'6b'.repeat(length)}`);
    expect(hexOf(`${text}é`)).toBe(`73${'6b'.repeat(length)}c3a9`);
  });

  it('give the key back', () => {
    const key = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.string({ maxLength: 100 }),
      fc.double({ noNaN: true }).filter((number) => !Object.is(number, -0)),
      fc.bigInt(),
      fc.boolean(),
    );
    fc.assert(
      fc.property(key, (given) => {
        expect(decodeStoredKey(encodeStoredKey(given))).toBe(given);
      }),
    );
  });
});
