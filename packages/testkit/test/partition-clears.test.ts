import {
  checkListAppend,
  type ListAppendMop,
  MalformedHistoryError,
  type RecordedOperation,
  recordedKey,
  tryParseRecordedKey,
} from '@troupe/testkit';
import { expect, test } from 'vitest';

type Operation = RecordedOperation<ListAppendMop>;

const oldX = recordedKey({ key: 'x', partition: 'p', generation: 1 });
const newX = recordedKey({ key: 'x', partition: 'p', generation: 2 });
const y = recordedKey({ key: 'y', partition: 'q', generation: 1 });

/** The death of p at moment `from`, its successor serving at moment `to`. */
function clearOfP(from: number, to: number): Operation {
  return operation('partition p', [from, to], [['clear', 'p', 1]]);
}

function operation(
  process: string,
  [invokeIndex, completeIndex]: readonly [number, number],
  mops: readonly ListAppendMop[],
  type: Operation['type'] = 'ok',
): Operation {
  return { process, invokeIndex, completeIndex, type, mops };
}

function typesOf(operations: readonly Operation[]): string[] {
  return checkListAppend(operations).anomalies.map(({ type }) => type);
}

test('a commit over two partitions that is seen at Q and gone at P came before the clear of P', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 1],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
    ),
    clearOfP(2, 3),
    operation(
      'b',
      [4, 5],
      [
        ['r', newX, []],
        ['r', y, [1]],
      ],
    ),
  ]);
  expect(types).toEqual([]);
});

test('an unknown commit that is seen at Q and gone at P came before the clear of P', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
      'info',
    ),
    clearOfP(2, 3),
    operation(
      'b',
      [4, 5],
      [
        ['r', newX, []],
        ['r', y, [1]],
      ],
    ),
  ]);
  expect(types).toEqual([]);
});

test('an unknown operation on the old partition that nobody saw proves nothing', () => {
  const types = typesOf([
    clearOfP(0, 1),
    operation('b', [2, 3], [['r', newX, []]]),
    operation(
      'a',
      [4, 5],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
      'info',
    ),
  ]);
  expect(types).toEqual([]);
});

test('a transaction that shows up at Q after somebody saw P empty and Q without it is a half', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
    ),
    clearOfP(1, 2),
    operation(
      'b',
      [3, 4],
      [
        ['r', newX, []],
        ['r', y, []],
      ],
    ),
    operation('c', [11, 12], [['r', y, [1]]]),
  ]);
  expect(types).toEqual(['G-single']);
});

test('a half of a transaction that failed is found after a clear too', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
      'fail',
    ),
    clearOfP(1, 2),
    operation(
      'b',
      [3, 4],
      [
        ['r', newX, []],
        ['r', y, [1]],
      ],
    ),
  ]);
  expect(types).toEqual(['G1a']);
});

test('a half of an unknown transaction is found when P was read before it was cleared', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
      'info',
    ),
    operation(
      'b',
      [1, 2],
      [
        ['r', y, [1]],
        ['r', oldX, []],
      ],
    ),
    clearOfP(3, 4),
  ]);
  expect(types).toEqual(['G-single']);
});

test('a transaction that touched a partition before and after its clear is found', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['r', oldX, []],
        ['append', newX, 1],
      ],
    ),
    clearOfP(1, 2),
  ]);
  expect(types).toEqual(['G-single']);
});

test('a snapshot that shows an emptied partition beside an older state of another is found', () => {
  const types = typesOf([
    operation(
      'snapshot',
      [0, 6],
      [
        ['r', newX, []],
        ['r', y, []],
      ],
    ),
    operation(
      'a',
      [1, 2],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
    ),
    clearOfP(3, 4),
    operation('b', [7, 8], [['r', y, [1]]]),
  ]);
  expect(types).toEqual(['G-single']);
});

test('a clear whose end was not recorded orders what its successor served all the same', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['append', oldX, 1],
        ['append', y, 1],
      ],
    ),
    operation('partition p', [1, Infinity], [['clear', 'p', 1]], 'info'),
    operation(
      'b',
      [3, 4],
      [
        ['r', newX, []],
        ['r', y, []],
      ],
    ),
    operation('c', [11, 12], [['r', y, [1]]]),
  ]);
  expect(types).toEqual(['G-single']);
});

test('two clears of one partition follow each other', () => {
  const newestX = recordedKey({ key: 'x', partition: 'p', generation: 3 });
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['r', oldX, []],
        ['append', newestX, 1],
      ],
    ),
    clearOfP(1, 2),
    operation('partition p', [3, 4], [['clear', 'p', 2]]),
  ]);
  expect(types).toEqual(['G-single']);
});

test('a failed transaction may have touched a partition before and after its clear', () => {
  const types = typesOf([
    operation(
      'a',
      [0, 10],
      [
        ['r', oldX, undefined],
        ['append', newX, 1],
      ],
      'fail',
    ),
    clearOfP(1, 2),
  ]);
  expect(types).toEqual([]);
});

test('the old generation must not be served any more once the successor serves', () => {
  const types = typesOf([
    operation('a', [0, 1], [['append', oldX, 1]]),
    clearOfP(2, 3),
    operation('b', [4, 5], [['r', oldX, [1]]]),
  ]);
  expect(types).toEqual(['G-single-realtime']);
});

test('a partition that died and never came back needs no end of its clear', () => {
  const types = typesOf([
    operation('a', [0, 1], [['append', oldX, 1]]),
    operation('partition p', [2, Infinity], [['clear', 'p', 1]], 'info'),
    operation('b', [3, 4], [['r', y, []]]),
  ]);
  expect(types).toEqual([]);
});

test('a generation without the clear before it is refused, not judged', () => {
  const history = [operation('b', [0, 1], [['r', newX, []]])];
  expect(() => checkListAppend(history)).toThrow(MalformedHistoryError);
});

test('a recorded key is taken apart as it was put together, a plain key not at all', () => {
  const key = { key: 'a.b@c', partition: 'p.1', generation: 12 };
  expect(tryParseRecordedKey(recordedKey(key))).toEqual(key);
  expect(tryParseRecordedKey('x')).toBeUndefined();
  expect(tryParseRecordedKey('x@home')).toBeUndefined();
  expect(tryParseRecordedKey('x@home.zero')).toBeUndefined();
});
