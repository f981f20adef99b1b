import { TransientMap } from '@troupe/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

/** Few of them, so that entries meet. */
const hashOf = (key: number): number => key % 7;

test.each([
  ['few', fc.nat(15), hashOf],
  ['many', fc.nat(200), hashOf],
  ['large', fc.integer({ min: 2 ** 40, max: 2 ** 40 + 100 }), (key: number) => key],
])('a map of %s keys does what a Map does, whatever comes and goes', (_, key, hashOf) => {
  const step = fc.record({ key, value: fc.nat(), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const few = new TransientMap<number, number>(hashOf);
      const model = new Map<number, number>();
      for (const { key, value, isRemoval } of steps) {
        if (isRemoval) {
          few.delete(key);
          model.delete(key);
        } else if (!model.has(key)) {
          few.add(key, value);
          model.set(key, value);
        }
        expect([few.size, few.get(key), sorted(few.values())]).toEqual([
          model.size,
          model.get(key),
          sorted(model.values()),
        ]);
      }
    }),
  );
});

test('entries may come and go while the values are looked through', () => {
  for (const count of [3, 12]) {
    const few = new TransientMap<number, number>(hashOf);
    for (let key = 0; key < count; key++) few.add(key, key);
    const seen: number[] = [];
    for (const value of few.values()) {
      seen.push(value);
      few.delete(value);
      few.add(100 + value, value);
    }
    expect([seen.length, few.size]).toEqual([count, count]);
  }
});

function sorted(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}
