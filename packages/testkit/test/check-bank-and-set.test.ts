import { checkBank, checkSet, type SetOperation } from '@troupe/testkit';
import { expect, test } from 'vitest';

const rules = { accounts: ['a', 'b'], total: 100, negativeBalances: 'forbidden' } as const;

function bankTypes(...entries: [string, number | undefined][]): string[] {
  return checkBank([new Map(entries)], rules).map(({ type }) => type);
}

test('the bank checker accepts the right total and names what is wrong otherwise', () => {
  expect(bankTypes(['a', 40], ['b', 60])).toEqual([]);
  expect(bankTypes(['a', 40], ['b', 61])).toEqual(['wrong-total']);
  expect(bankTypes(['a', -1], ['b', 101])).toEqual(['negative-balance']);
  expect(bankTypes(['a', -1], ['b', 100])).toEqual(['negative-balance', 'wrong-total']);
  expect(bankTypes(['a', 100])).toEqual(['missing-account']);
  expect(bankTypes(['a', 40], ['b', undefined])).toEqual(['missing-account']);
  expect(bankTypes(['a', 40], ['b', 60], ['c', 0])).toEqual(['unknown-account']);
});

test('the bank checker allows overdrawn accounts when the rules do', () => {
  const read = new Map([
    ['a', -20],
    ['b', 120],
  ] as const);
  expect(checkBank([read], { ...rules, negativeBalances: 'allowed' })).toEqual([]);
});

function add(element: number, moments: [number, number], type: 'ok' | 'fail' | 'info' = 'ok'): SetOperation {
  return { kind: 'add', element, type, invokeIndex: moments[0], completeIndex: moments[1] };
}

function read(moments: [number, number], ...elements: number[]): SetOperation {
  return { kind: 'read', elements, invokeIndex: moments[0], completeIndex: moments[1] };
}

test('the set checker accepts an element that is missed only while its addition runs', () => {
  const verdict = checkSet([add(1, [0, 5]), read([1, 2]), read([3, 6]), read([7, 8], 1)]);
  expect(verdict).toEqual({ ok: true, lost: [], stale: [], unexpected: [], doubled: [], unread: [] });
});

test('the set checker calls an element lost that stays away, stale if it comes back', () => {
  expect(checkSet([add(1, [0, 1]), read([2, 3], 1), read([4, 5])])).toMatchObject({ ok: false, lost: [1] });
  expect(checkSet([add(1, [0, 1]), read([2, 3]), read([4, 5], 1)])).toMatchObject({ ok: false, stale: [1] });
});

test('the set checker knows an unacknowledged element once it was read', () => {
  expect(checkSet([add(1, [0, 9], 'info'), read([1, 2]), read([10, 11])]).ok).toBe(true);
  expect(checkSet([add(1, [0, 9], 'info'), read([1, 2], 1), read([3, 4])])).toMatchObject({ lost: [1] });
});

test('the set checker names elements that must not be there, or twice, or that nobody read', () => {
  const verdict = checkSet([
    add(1, [0, 1], 'fail'),
    add(2, [2, 3]),
    read([4, 5], 1, 2, 2, 7),
    add(3, [6, 7]),
  ]);
  expect(verdict).toEqual({ ok: false, lost: [], stale: [], unexpected: [1, 7], doubled: [2], unread: [3] });
});
