import { isDeepStrictEqual } from 'node:util';
import { FrameCodec } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlainFrame, tryCopyPlain } from '../../dist/link/plain-frame.js';
import { supportedValue } from '../codec/arbitrary-value.ts';

const never = (): boolean => false;

describe('a plain frame', () => {
  test('crosses a port exactly as a packed one does', () => {
    const codec = new FrameCodec();
    let plain = 0;
    fc.assert(
      fc.property(supportedValue, (value) => {
        const messages = [[5, [1], [value]]];
        if (!isPlainFrame(messages)) return;
        plain++;
        // Not toStrictEqual, which takes a key named `constructor` for the type.
        expect(isDeepStrictEqual(structuredClone(messages), codec.decode(codec.encode(messages)))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  test('is copied inside a thread exactly as a packed one is, and shares nothing', () => {
    const codec = new FrameCodec();
    let plain = 0;
    fc.assert(
      fc.property(supportedValue, (value) => {
        const messages = [[5, [1], [value]]];
        const copy = tryCopyPlain(messages, never);
        if (copy === undefined) return;
        plain++;
        expect(isDeepStrictEqual(copy, codec.decode(codec.encode(messages)))).toBe(true);
        expect(sharesAnything(copy, messages)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
    expect(plain).toBeGreaterThan(50);
  });

  test('hands over what belongs to nobody else', () => {
    const [owned, other] = [
      [5, 1],
      [5, 2],
    ];
    const copies = tryCopyPlain([owned, other], (message) => message === owned);
    expect(copies).toEqual([owned, other]);
    expect(copies?.[0]).toBe(owned);
    expect(copies?.[1]).not.toBe(other);
  });

  test.each([
    ['a key that sets the prototype', { ['__proto__']: 1 }],
    ['an object without a prototype', Object.create(null) as object],
    ['an instance', new (class Point {})()],
    ['bytes, deep inside', { a: [{ b: new Uint8Array(1) }] }],
    ['a function', () => 1],
    ['ten levels', Array.from({ length: 10 }).reduce<unknown>((inner) => [inner], 1)],
  ])('is none with %s', (_what, value) => {
    expect(tryCopyPlain([[5, [7], [value]]], never)).toBeUndefined();
  });

  test.each([
    ['a call', [[16, 7, 3, 1, 0, 'user:1']], true],
    ['an answer with a record', [[5, [7], [{ name: 'Ann', tags: ['a', null], n: 1n }]]], true],
    ['many messages', Array.from({ length: 4 }, () => [1]), false],
    ['a long text', [[5, [7], ['x'.repeat(300)]]], false],
    ['a large array', [[5, [7], [Array.from({ length: 40 }, (_, i) => i)]]], false],
    ['a Map', [[5, [7], [new Map()]]], false],
    ['bytes', [[5, [7], [new Uint8Array(3)]]], false],
    ['a Date', [[5, [7], [new Date()]]], false],
    ['deep nesting', [[5, [7], [{ a: { b: { c: 1 } } }]]], false],
  ])('is %s: %#', (_what, messages, expected) => {
    expect(isPlainFrame(messages)).toBe(expected);
  });
});

/** True when some object is reached from both. */
function sharesAnything(a: unknown, b: unknown): boolean {
  const seen = new Set<unknown>();
  const walk = (value: unknown, visit: (object: object) => boolean): boolean =>
    typeof value === 'object' &&
    value !== null &&
    (visit(value) || Object.values(value).some((member) => walk(member, visit)));
  walk(a, (object) => !seen.add(object));
  return walk(b, (object) => seen.has(object));
}
