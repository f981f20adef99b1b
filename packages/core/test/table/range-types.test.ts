// What the compiler accepts as a range of keys; the lines marked as errors fail the type check if they were none.
import type { Key, KeyPrefix, RangeBound, ScanOptions, Table } from '@troupe/core';
import { expect, expectTypeOf, test } from 'vitest';

type Play = readonly [customer: number, at: number, shop: string];

// Never called: only its types matter.
export function uses(
  plays: Table<Play, object>,
  names: Table<string, object>,
  all: Table<Key, object>,
): void {
  void plays.size({ from: [7], to: [7, Number.POSITIVE_INFINITY], affinity: 7, timeoutMs: 10 });
  void plays.keys({ prefix: [7, 0] });
  void names.values({ prefix: 'a', to: undefined });
  void all.entries({ from: 1, to: [1, 'x', 2n] });
  // @ts-expect-error the first part is a number
  void plays.keys({ prefix: ['7'] });
  // @ts-expect-error a prefix has one part at least
  void plays.keys({ prefix: [] });
  // @ts-expect-error a tuple has no text to begin with
  void plays.keys({ prefix: '7' });
  // @ts-expect-error keys are strings
  void names.keys({ from: 7 });
}

test('the bounds of a range are keys or what keys begin with', () => {
  expectTypeOf<KeyPrefix<string>>().toEqualTypeOf<string>();
  expectTypeOf<KeyPrefix<number>>().toEqualTypeOf<never>();
  expectTypeOf<RangeBound<number>>().toEqualTypeOf<number>();
  expectTypeOf<readonly [7]>().toExtend<RangeBound<Play>>();
  expectTypeOf<readonly [number, number]>().toExtend<KeyPrefix<Play>>();
  expectTypeOf<Play>().toExtend<RangeBound<Play>>();
  expectTypeOf<{ timeoutMs: number }>().toExtend<ScanOptions<Play>>();
  expect(uses).toBeTypeOf('function');
});
