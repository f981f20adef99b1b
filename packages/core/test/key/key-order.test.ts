import {
  afterPrefix,
  compareKeys,
  firstTuple,
  isInRange,
  type Key,
  type KeyPart,
  type KeyRange,
  type KeyRangeOptions,
  keyRangeOf,
  rangeToText,
  toStorageKey,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

// Few texts, so that equal and nearly equal keys come up; some look like the marks of the storage form.
const text = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.string({
    unit: fc.constantFrom('\u0000', 's', ':', ';', '1', 'n', 'z', '\uffff', '\ud800'),
    maxLength: 4,
  }),
);
const number = fc.oneof(fc.integer({ min: -3, max: 12 }), fc.double({ noNaN: true }), fc.constantFrom(0, -0));
const part: fc.Arbitrary<KeyPart> = fc.oneof(text, number, fc.bigInt({ min: -12n, max: 12n }), fc.boolean());
const tuple = fc.array(part, { minLength: 1, maxLength: 4 });
const key = fc.oneof(part, tuple) as fc.Arbitrary<Key>;

const kinds = ['boolean', 'number', 'bigint', 'string'];

/** The order as the documents say it. */
function byTheBook(a: Key, b: Key): number {
  if (Array.isArray(a) !== Array.isArray(b)) return Array.isArray(a) ? 1 : -1;
  if (!Array.isArray(a) || !Array.isArray(b)) return partsByTheBook(a as KeyPart, b as KeyPart);
  const [left, right] = [a as readonly KeyPart[], b as readonly KeyPart[]];
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = partsByTheBook(one, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function partsByTheBook(a: KeyPart, b: KeyPart): number {
  const byKind = kinds.indexOf(typeof a) - kinds.indexOf(typeof b);
  if (byKind !== 0) return byKind;
  return a < b ? -1 : a > b ? 1 : 0;
}

function rangeOf(options: KeyRangeOptions<Key>): KeyRange {
  const range = keyRangeOf(options);
  if (range === undefined) throw new Error('These options name no range.');
  return range;
}

describe('the order of keys', () => {
  test('is the documented one', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(toStorageKey(a), toStorageKey(b)))).toBe(Math.sign(byTheBook(a, b)));
      }),
      { numRuns: 3_000 },
    );
  });

  test('goes by kind, then by value, then part by part', () => {
    const sorted: Key[] = [
      false,
      true,
      Number.NEGATIVE_INFINITY,
      -1,
      0,
      0.5,
      2,
      10,
      Number.POSITIVE_INFINITY,
      -5n,
      1n,
      20n,
      '',
      '\u0000',
      '\u0000s:',
      '10',
      '2',
      'a',
      'aa',
      '\ud83d\ude00',
      '\uffff',
      [false],
      [7],
      [7, 0],
      [7, 0, 'x'],
      [7, Number.POSITIVE_INFINITY],
      [7, 1n],
      [7, 'a'],
      [10],
      ['7'],
    ];
    const stored = sorted.map((one) => toStorageKey(one));
    expect([...stored].reverse().sort(compareKeys)).toEqual(stored);
  });

  test('has every tuple with a prefix in one piece, which ends at afterPrefix', () => {
    fc.assert(
      fc.property(tuple, tuple, (prefix, other) => {
        const begins = prefix.every((one, index) => one === other[index]);
        const stored = toStorageKey(other as unknown as Key);
        const start = toStorageKey(prefix as unknown as Key) as string;
        const inside = compareKeys(start, stored) <= 0 && compareKeys(stored, afterPrefix(start)) < 0;
        expect(inside).toBe(begins);
        expect(compareKeys(firstTuple, stored)).toBeLessThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a range of keys', () => {
  test('has what is not before `from` and before `to`', () => {
    const range = rangeOf({ from: [7, 0], to: [7, 5] });
    const inside = (one: Key): boolean => isInRange(range, toStorageKey(one));
    const within: Key[] = [
      [7, 0],
      [7, -0],
      [7, 4.9],
      [7, 0, 'more'],
    ];
    const without: Key[] = [[7], [7, -1], [7, 5], [8, 0], 7, 'a'];
    expect(within.filter((one) => !inside(one))).toEqual([]);
    expect(without.filter(inside)).toEqual([]);
  });

  test('goes on to the end where a bound is missing, and is empty where both are equal', () => {
    expect(isInRange(rangeOf({ from: 3 }), toStorageKey(['x']))).toBe(true);
    expect(isInRange(rangeOf({ to: 3 }), toStorageKey(false))).toBe(true);
    expect(isInRange(rangeOf({ from: 3, to: 3 }), 3)).toBe(false);
    expect(keyRangeOf({})).toBeUndefined();
  });

  test('of a text has the strings that begin with it', () => {
    fc.assert(
      fc.property(text, key, (prefix, one) => {
        const begins = typeof one === 'string' && one.startsWith(prefix);
        expect(isInRange(rangeOf({ prefix }), toStorageKey(one))).toBe(begins);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    [{ from: 5, to: 4 }, /from must not come after to, got 5 and 4; keys go in the order/],
    [{ from: 'a', to: 1 }, /from must not come after to, got "a" and 1/],
    [{ from: Number.NaN }, /from must be a string, number \(not NaN\)/],
    [{ to: [1, [2]] }, /to\[1\] must be a string, number/],
    [{ prefix: [] }, /prefix must be a string, number .* non-empty flat array/],
    [{ prefix: 7 }, /prefix must be a string or the first parts of a tuple, got 7 \(number\)/],
    [{ prefix: 'a', from: 'a' }, /prefix must be given without `from` and `to`/],
  ])('is refused when it is wrong: %j', (options, message) => {
    expect(() => keyRangeOf(options as unknown as KeyRangeOptions<Key>)).toThrow(message);
  });

  test('has a text for people', () => {
    const textOf = (options: KeyRangeOptions<Key>): string => rangeToText(rangeOf(options));
    expect(textOf({ prefix: [7, 'a'] })).toBe('[7, "a", …]');
    expect(textOf({ prefix: 'ab' })).toBe('"ab" to "ac"');
    expect(textOf({ prefix: '' })).toBe('"" to the first tuple');
    expect(textOf({ from: 1, to: 2n })).toBe('1 to 2n');
    expect([textOf({ from: 1 }), textOf({ to: 2 })]).toEqual(['from 1', 'up to 2']);
    expect(rangeToText({ from: undefined, to: undefined })).toBe('all keys');
  });
});
