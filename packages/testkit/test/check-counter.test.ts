import { type CounterOperation, checkCounter } from '@troupe/testkit';
import { expect, test } from 'vitest';

type Moments = readonly [invoke: number, complete: number];

function add(
  by: number,
  [invokeIndex, completeIndex]: Moments,
  type: 'ok' | 'fail' | 'info' = 'ok',
): CounterOperation {
  return { kind: 'add', by, type, invokeIndex, completeIndex };
}

function read(value: number, [invokeIndex, completeIndex]: Moments): CounterOperation {
  return { kind: 'read', value, invokeIndex, completeIndex };
}

test('the counter checker wants what was acknowledged, and allows what was asked for', () => {
  const additions = [add(1, [0, 1]), add(2, [2, 9]), add(4, [3, 5], 'info'), add(8, [4, 6], 'fail')];
  for (const value of [1, 3, 5, 7]) expect(checkCounter([...additions, read(value, [7, 8])])).toEqual([]);
  expect(checkCounter([...additions, read(0, [7, 8])])).toEqual([
    { value: 0, leastPossible: 1, mostPossible: 7, invokeIndex: 7 },
  ]);
  expect(checkCounter([...additions, read(8, [7, 8])])).toHaveLength(1);
  expect(checkCounter([...additions, read(1, [10, 11])]), 'a lost update').toHaveLength(1);
});

test('the counter checker begins again behind a loss, and judges nothing that overlaps one', () => {
  const loss = { fromIndex: 10, toIndex: 20 };
  const additions = [add(1, [0, 1]), add(2, [9, 12]), add(4, [21, 22]), add(8, [2, 3], 'info')];
  for (const value of [4, 6, 12, 14])
    expect(checkCounter([...additions, read(value, [23, 24])], [loss]), `${value}`).toEqual([]);
  for (const value of [0, 3, 15])
    expect(checkCounter([...additions, read(value, [23, 24])], [loss]), `${value}`).toHaveLength(1);
  expect(checkCounter([...additions, read(99, [15, 16])], [loss])).toEqual([]);
  expect(checkCounter([...additions, read(0, [4, 5])], [loss])).toHaveLength(1);
});
