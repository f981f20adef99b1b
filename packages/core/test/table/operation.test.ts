import {
  applyOperation,
  InvalidArgumentError,
  isWrite,
  lockFor,
  type OneKeyOp,
  TableOp,
  WriteSlot,
} from '@troupe/core';
import { describe, expect, test } from 'vitest';

type Outcome = readonly [answer: unknown, write: 'unchanged' | 'remove' | { readonly put: unknown }];

function apply(op: OneKeyOp, current: unknown, ...args: readonly unknown[]): Outcome {
  const slot = new WriteSlot();
  slot.changed = true;
  slot.value = 'left over from the operation before';
  const answer = applyOperation(op, 'k', current, ['skipped', ...args], 1, slot);
  if (!slot.changed) return [answer, 'unchanged'];
  return [answer, slot.value === undefined ? 'remove' : { put: slot.value }];
}

const cases: readonly (readonly [
  name: keyof typeof TableOp,
  current: unknown,
  args: unknown[],
  ...Outcome,
])[] = [
  ['get', undefined, [], undefined, 'unchanged'],
  ['get', 'v', [], 'v', 'unchanged'],
  ['get', null, [], null, 'unchanged'],
  ['has', undefined, [], false, 'unchanged'],
  ['has', 0, [], true, 'unchanged'],
  ['has', null, [], true, 'unchanged'],
  ['set', undefined, ['new'], undefined, { put: 'new' }],
  ['set', 'old', ['new'], undefined, { put: 'new' }],
  ['delete', undefined, [], false, 'unchanged'],
  ['delete', 'old', [], true, 'remove'],
  ['take', undefined, [], undefined, 'unchanged'],
  ['take', 'old', [], 'old', 'remove'],
  ['insert', undefined, ['new'], true, { put: 'new' }],
  ['insert', 'old', ['new'], false, 'unchanged'],
  ['insert', null, ['new'], false, 'unchanged'],
  ['replace', undefined, ['new'], false, 'unchanged'],
  ['replace', 'old', ['new'], true, { put: 'new' }],
  ['getAndSet', undefined, ['new'], undefined, { put: 'new' }],
  ['getAndSet', 'old', ['new'], 'old', { put: 'new' }],
  ['compareAndSet', { a: [1] }, [{ a: [1] }, 'new'], true, { put: 'new' }],
  ['compareAndSet', { a: [1] }, [{ a: [2] }, 'new'], false, 'unchanged'],
  ['compareAndSet', undefined, [undefined, 'new'], true, { put: 'new' }],
  ['compareAndSet', 'old', [undefined, 'new'], false, 'unchanged'],
  ['compareAndSet', null, [undefined, 'new'], false, 'unchanged'],
  ['compareAndSet', 'old', ['old', undefined], true, 'remove'],
  ['compareAndSet', undefined, ['old', undefined], false, 'unchanged'],
  ['compareAndSet', undefined, [undefined, undefined], true, 'unchanged'],
  ['increment', undefined, [undefined, undefined], 1, { put: 1 }],
  ['increment', undefined, [5, undefined], 5, { put: 5 }],
  ['increment', undefined, [5, 10], 15, { put: 15 }],
  ['increment', 2, [5, 10], 7, { put: 7 }],
  ['increment', 2, [-5, undefined], -3, { put: -3 }],
  ['increment', 2n, [undefined, undefined], 3n, { put: 3n }],
  ['increment', undefined, [5n, undefined], 5n, { put: 5n }],
  ['increment', undefined, [undefined, 10n], 11n, { put: 11n }],
];

describe('an operation', () => {
  test.each(cases)('%s on %o with %o answers %o and leaves %o', (name, current, args, answer, write) => {
    expect(apply(TableOp[name] as OneKeyOp, current, ...args)).toEqual([answer, write]);
  });

  test.each([
    ['text', 1, 'a number or a bigint', 'string'],
    [null, 1, 'a number or a bigint', 'object'],
    [[1], 1, 'a number or a bigint', 'object'],
    [1, 1n, 'both must be numbers or both bigints', 'number'],
    [1n, 1, 'both must be numbers or both bigints', 'bigint'],
  ])(
    'increment on %o by %o is refused, naming the key and what was found',
    (current, by, expected, found) => {
      const slot = new WriteSlot();
      const increment = (): unknown =>
        applyOperation(TableOp.increment, 'k', current, [by, undefined], 0, slot);
      expect(increment).toThrow(InvalidArgumentError);
      expect(increment).toThrow(expected);
      expect(increment).toThrow(expect.objectContaining({ details: { key: '"k"', found } }));
      expect(slot.changed).toBe(false);
    },
  );

  test('takes a read lock only when it cannot write', () => {
    const reading = Object.entries(TableOp).filter(
      ([, op]) => op <= TableOp.increment && !isWrite(op as OneKeyOp),
    );
    expect(reading.map(([name]) => name)).toEqual(['get', 'has']);
    for (const op of Object.values(TableOp)) {
      if (op > TableOp.increment) continue;
      expect(lockFor(op as OneKeyOp)).toBe(isWrite(op as OneKeyOp) ? 'write' : 'read');
    }
  });
});
