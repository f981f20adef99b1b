import {
  fromStorageKey,
  InvalidArgumentError,
  type Key,
  type KeyPart,
  keyToText,
  toStorageKey,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

// Texts that could be mistaken for the marks of the storage form are as likely as others.
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('\u0000', 's', ':', ';', '1', 'n', 't', 'f') }),
);
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.constantFrom(0, -0, 1, -1));
const part: fc.Arbitrary<KeyPart> = fc.oneof(text, number, fc.bigInt(), fc.boolean());
const key = fc.oneof(part, fc.array(part, { minLength: 1, maxLength: 4 })) as fc.Arbitrary<Key>;

function samePart(a: KeyPart, b: KeyPart): boolean {
  return a === b; // there is no NaN, and -0 is 0
}

function sameKey(a: Key, b: Key): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return samePart(a as KeyPart, b as KeyPart);
  return a.length === b.length && a.every((one, index) => samePart(one, b[index]));
}

describe('a storage key', () => {
  test('gives back the key it was made from', () => {
    fc.assert(fc.property(key, (one) => sameKey(fromStorageKey(toStorageKey(one)), one)));
  });

  test('is equal exactly when the keys are', () => {
    fc.assert(
      fc.property(key, key, (a, b) => Object.is(toStorageKey(a), toStorageKey(b)) === sameKey(a, b)),
      { numRuns: 2_000 },
    );
  });

  test('of a plain string, number, bigint or boolean is the key itself', () => {
    for (const one of ['a', 7, 7n, true] as const) expect(toStorageKey(one)).toBe(one);
  });

  test.each([
    ['1', 1],
    [1, 1n],
    [true, 1],
    [['a', 'b'], ['ab']],
    [['1'], [1]],
    ['\u0000s1:a', ['a']],
    ['\u0000s:', '\u0000s'],
    [['a'], 'a'],
  ] as [Key, Key][])('keeps %s and %s apart', (a, b) => {
    expect(toStorageKey(a)).not.toBe(toStorageKey(b));
  });

  test('of -0 is that of 0, alone and in a tuple', () => {
    expect(Object.is(toStorageKey(-0), 0)).toBe(true);
    expect(toStorageKey([-0])).toBe(toStorageKey([0]));
  });

  test.each([
    undefined,
    null,
    Number.NaN,
    [],
    {},
    Object.create(null),
    Symbol('s'),
    () => 1,
    [[1]],
    ['a', null],
  ])('is refused for %s with an error that names the argument', (wrong: unknown) => {
    expect(() => toStorageKey(wrong, 'from')).toThrow(InvalidArgumentError);
    expect(() => toStorageKey(wrong, 'from')).toThrow(/^from(\[\d\])? must be a string, number/);
  });
});

describe('the text of a key', () => {
  test.each([
    ['a"b', '"a\\"b"'],
    [1, '1'],
    [2n, '2n'],
    [['x', 1, 2n, true], '["x", 1, 2n, true]'],
  ] as [Key, string][])('of %s is %s', (one, shown) => {
    expect(keyToText(toStorageKey(one))).toBe(shown);
  });
});
