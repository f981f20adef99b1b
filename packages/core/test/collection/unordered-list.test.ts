import { UnorderedList } from '@troupe/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('holds what a Set would hold, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 30 }), { maxLength: 300 }), (toggles) => {
      const items = Array.from({ length: 31 }, (_, name) => ({ name, listedAt: -1 }));
      const list = new UnorderedList<(typeof items)[number]>();
      const model = new Set<(typeof items)[number]>();
      for (const toggle of toggles) {
        const item = items[toggle] as (typeof items)[number];
        expect(list.remove(item)).toBe(model.delete(item));
        if (toggle % 3 !== 0) {
          list.add(item);
          model.add(item);
        }
        expect(list.size).toBe(model.size);
      }
      expect(new Set(list.all())).toEqual(model);
      for (const item of items) expect(list.some((listed) => listed === item)).toBe(model.has(item));
    }),
  );
});
