import { describe, expect, test } from 'vitest';
import { formatCents, tryParseCents } from '../dist/money.js';

describe('an amount', () => {
  test.each([
    [0.99, 99],
    [0.07, 7],
    [1.1, 110],
    [13.86, 1_386],
    [2, 200],
    ['0.99', 99],
    ['12.5', 1_250],
    ['7.120', 712],
    [0, 0],
  ])('%j is %i cents', (amount, cents) => {
    expect(tryParseCents(amount)).toBe(cents);
  });

  test('of every number of cents up to a thousand units is read back exactly', () => {
    const cents = Array.from({ length: 100_001 }, (_, index) => index);
    expect(cents.filter((amount) => tryParseCents(amount / 100) !== amount)).toEqual([]);
  });

  test.each([0.999, -1, '1,50', '', 'x', 1e21, Number.NaN, null, undefined, true, '1.'])(
    '%j is none',
    (amount) => {
      expect(tryParseCents(amount)).toBeUndefined();
    },
  );

  test.each([
    [0, '0.00'],
    [7, '0.07'],
    [99, '0.99'],
    [232_860, '2,328.60'],
    [123_456_789, '1,234,567.89'],
    [-5, '-0.05'],
    [-123_456, '-1,234.56'],
  ])('of %i cents is written %s', (cents, text) => {
    expect(formatCents(cents)).toBe(text);
  });
});
