import { copyValue, valuesEqual } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { supportedValue } from './arbitrary-value.ts';

describe('valuesEqual', () => {
  test('a value equals its copy, both ways', () => {
    fc.assert(
      fc.property(supportedValue, (value) => {
        const copy = copyValue(value, 'value');
        expect([valuesEqual(value, copy), valuesEqual(copy, value)]).toEqual([true, true]);
      }),
    );
  });

  test.each<[string, unknown, unknown]>([
    ['NaN', Number.NaN, Number.NaN],
    ['0 and -0', 0, -0],
    ['keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['an object without a prototype', { a: 1 }, Object.assign(Object.create(null), { a: 1 })],
    [
      'Map entries in another order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    [
      'Map keys that are objects',
      new Map([
        [{ a: 1 }, 1],
        [{ a: 2 }, 2],
      ]),
      new Map([
        [{ a: 2 }, 2],
        [{ a: 1 }, 1],
      ]),
    ],
    ['Set members that are objects', new Set([[1], [2]]), new Set([[2], [1]])],
    ['invalid dates', new Date(Number.NaN), new Date(Number.NaN)],
  ])('equal: %s', (_title, a, b) => {
    expect(valuesEqual(a, b)).toBe(true);
    expect(valuesEqual([a], [b])).toBe(true);
  });

  const global = /a/g;
  const moved = new RegExp(global);
  moved.lastIndex = 1;
  test.each<[string, unknown, unknown]>([
    ['1 and 1n', 1, 1n],
    ['1 and "1"', 1, '1'],
    ['null and undefined', null, undefined],
    ['null and an object', null, {}],
    ['a missing and an undefined key', {}, { a: undefined }],
    ['different keys with undefined', { a: undefined }, { b: undefined }],
    ['an inherited and an own key', { toString: undefined }, { a: undefined }],
    ['an array and an object', [], {}],
    ['arrays of different length', [1], [1, undefined]],
    ['a Map and a Set', new Map(), new Set()],
    ['Maps with another value', new Map([['a', 1]]), new Map([['a', 2]])],
    [
      'Maps where one key would match twice',
      new Map([
        [{ a: 1 }, 1],
        [{ a: 2 }, 1],
      ]),
      new Map([
        [{ a: 1 }, 1],
        [[1], 1],
      ]),
    ],
    ['Sets where one member would match twice', new Set([[1], [2]]), new Set([[1], [1]])],
    ['dates', new Date(1), new Date(2)],
    ['a date and its number', new Date(1), 1],
    ['flags', /a/g, /a/i],
    ['lastIndex', global, moved],
    ['a Buffer and a Uint8Array', Buffer.from([1]), new Uint8Array([1])],
    ['typed arrays of other kinds', new Uint8Array(2), new Int8Array(2)],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    ['an ArrayBuffer and its view', new ArrayBuffer(1), new Uint8Array(1)],
  ])('different: %s', (_title, a, b) => {
    expect(valuesEqual(a, b)).toBe(false);
    expect(valuesEqual(b, a)).toBe(false);
  });
});
