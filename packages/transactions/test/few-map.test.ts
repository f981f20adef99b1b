import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FewMap } from '../dist/locks/few-map.js';

test('a map for few does what a Map does, whatever comes and goes', () => {
  const step = fc.record({ key: fc.nat(15), value: fc.nat(), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const few = new FewMap<number, number>();
      const model = new Map<number, number>();
      for (const { key, value, isRemoval } of steps) {
        if (isRemoval) {
          few.delete(key);
          model.delete(key);
        } else if (!model.has(key)) {
          few.add(key, value);
          model.set(key, value);
        }
        expect([few.size, few.get(key), [...few.values()]]).toEqual([
          model.size,
          model.get(key),
          [...model.values()],
        ]);
      }
    }),
  );
});

test('entries may come and go while the values are looked through', () => {
  for (const count of [3, 12]) {
    const few = new FewMap<number, number>();
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
