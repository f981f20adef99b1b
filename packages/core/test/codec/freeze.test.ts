import { copyValue, freezeDeep, frozenCopy, valuesEqual } from '@troupe/core';
import { describe, expect, test } from 'vitest';

function freezeValue<T>(value: T): T {
  freezeDeep(value);
  return value;
}

describe('freezeDeep', () => {
  test('freezes the tree to its leaves', () => {
    const value = {
      list: [{ n: 1 }],
      map: new Map([['k', { n: 1 }]]),
      keyed: new Map([[{ n: 1 }, 1]]),
      set: new Set([{ n: 1 }]),
    };
    expect(freezeDeep(value)).toBe(false);
    const inner = [value.list[0], value.map.get('k'), [...value.keyed.keys()][0], [...value.set][0]];
    for (const record of inner) expect(() => Object.assign(record as object, { n: 2 })).toThrow(TypeError);
    expect(() => value.list.push({ n: 2 })).toThrow(TypeError);
  });

  test('every method that changes a Map, Set or Date throws and changes nothing', () => {
    const map = freezeValue(new Map([['a', 1]]));
    const set = freezeValue(new Set([1]));
    const at = freezeValue(new Date(5));
    for (const change of [
      () => map.set('b', 2),
      () => map.delete('a'),
      () => map.clear(),
      () => set.add(2),
      () => set.delete(1),
      () => set.clear(),
      () => at.setTime(9),
      () => at.setUTCFullYear(2000),
    ])
      expect(change).toThrow(/read-only/);
    expect([[...map], [...set], at.getTime()]).toEqual([[['a', 1]], [1], 5]);
  });

  test('a frozen value is still equal to, and copied like, the original', () => {
    const value = { map: new Map([['a', new Date(5)]]), set: new Set(['x']), regExp: /a/g };
    const frozen = freezeValue(copyValue(value, 'value'));
    expect(valuesEqual(frozen, value)).toBe(true);
    const copy = copyValue(frozen, 'value');
    copy.map.set('b', new Date(6));
    expect(copy.map.size).toBe(2);
  });

  test('primitives and frozen values pass through', () => {
    for (const value of [5, 'text', null, undefined, Object.freeze({ a: 1 })])
      expect(freezeDeep(value)).toBe(false);
  });
});

describe('frozenCopy', () => {
  test.each([
    ['in an object', { bytes: Buffer.from('abc'), n: 1 }, (v: never) => (v as { bytes: Buffer }).bytes],
    [
      'in a Map',
      new Map([['bytes', Buffer.from('abc')]]),
      (v: never) => (v as Map<string, Buffer>).get('bytes'),
    ],
    ['in a Set', new Set([Buffer.from('abc')]), (v: never) => [...(v as Set<Buffer>)][0]],
    ['at the root', Buffer.from('abc'), (v: never) => v as Buffer],
  ])(
    'of a value with a binary %s, which freezing tells, can be written to and the value stays',
    (_where, value, bytesIn) => {
      expect(freezeDeep(value)).toBe(true);
      const copy = frozenCopy(value);
      (bytesIn(copy as never) as Buffer)[0] = 0;
      expect((bytesIn(value as never) as Buffer).toString()).toBe('abc');
    },
  );

  test('with a binary inside, the rest is frozen', () => {
    const copy = frozenCopy({ bytes: Buffer.from('abc'), list: [1] });
    expect(() => copy.list.push(2)).toThrow(TypeError);
  });
});
