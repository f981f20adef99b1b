import {
  type AnomalyType,
  checkRegister,
  History,
  type RecordedOperation,
  type RegisterMop,
  SeededRandom,
} from '@troupe/testkit';
import { describe, expect, test } from 'vitest';

type Operation = RecordedOperation<RegisterMop>;

/** Operations that all overlap, unless they are given moments of their own. */
function overlapping(...all: (readonly RegisterMop[])[]): Operation[] {
  return all.map((mops, position) => operation(mops, [position, 1000 + position], position));
}

function operation(
  mops: readonly RegisterMop[],
  [invokeIndex, completeIndex]: readonly [number, number],
  process: number,
  type: Operation['type'] = 'ok',
): Operation {
  return { process: `c${process}`, invokeIndex, completeIndex, type, mops };
}

const faults: readonly [name: string, expected: readonly AnomalyType[], operations: Operation[]][] = [
  [
    'a read that misses its own write',
    ['internal'],
    overlapping([
      ['w', 'x', 1],
      ['r', 'x', null],
    ]),
  ],
  [
    'a read that shows a later own write',
    ['future-read'],
    overlapping([
      ['r', 'x', 1],
      ['w', 'x', 1],
    ]),
  ],
  ['a value nobody wrote', ['garbage'], overlapping([['r', 'x', 9]])],
  [
    'a value of a failed transaction',
    ['G1a'],
    [operation([['w', 'x', 1]], [0, 1], 1, 'fail'), operation([['r', 'x', 1]], [2, 3], 2)],
  ],
  [
    'a value in between',
    ['G1b'],
    overlapping(
      [
        ['w', 'x', 1],
        ['w', 'x', 2],
      ],
      [['r', 'x', 1]],
    ),
  ],
  [
    'two updates of the same version',
    ['lost-update', 'G2-item'],
    overlapping(
      [
        ['r', 'x', null],
        ['w', 'x', 1],
      ],
      [
        ['r', 'x', null],
        ['w', 'x', 2],
      ],
    ),
  ],
  [
    'versions in a circle',
    ['cyclic-versions', 'G1c'],
    overlapping(
      [
        ['r', 'x', 2],
        ['w', 'x', 1],
      ],
      [
        ['r', 'x', 1],
        ['w', 'x', 2],
      ],
    ),
  ],
  [
    'two transactions that saw each other',
    ['G1c'],
    overlapping(
      [
        ['w', 'x', 1],
        ['r', 'y', 1],
      ],
      [
        ['w', 'y', 1],
        ['r', 'x', 1],
      ],
    ),
  ],
  [
    'half of a transaction',
    ['G-single'],
    overlapping(
      [
        ['w', 'x', 1],
        ['w', 'y', 1],
      ],
      [
        ['r', 'x', 1],
        ['r', 'y', null],
      ],
    ),
  ],
  [
    'two writes seen in different orders',
    ['G-nonadjacent'],
    overlapping(
      [['w', 'x', 1]],
      [['w', 'y', 1]],
      [
        ['r', 'x', 1],
        ['r', 'y', null],
      ],
      [
        ['r', 'x', null],
        ['r', 'y', 1],
      ],
    ),
  ],
  [
    'a write skew',
    ['G2-item'],
    overlapping(
      [
        ['r', 'x', null],
        ['w', 'y', 1],
      ],
      [
        ['r', 'y', null],
        ['w', 'x', 1],
      ],
    ),
  ],
  [
    'a stale read',
    ['G-single-realtime'],
    [operation([['w', 'x', 1]], [0, 1], 1), operation([['r', 'x', null]], [2, 3], 2)],
  ],
];

describe('a planted fault is named by the register checker', () => {
  for (const [name, expected, operations] of faults) {
    test(`${name}: ${expected.join(', ')}`, () => {
      const types = checkRegister(operations).anomalies.map(({ type }) => type);
      expect(new Set(types)).toEqual(new Set(expected));
    });
  }
});

test('the register checker sees a stale overwritten value only with versions ordered by real time', () => {
  const operations = [
    operation([['w', 'x', 1]], [0, 1], 1),
    operation([['w', 'x', 2]], [2, 3], 2),
    operation([['r', 'x', 1]], [4, 5], 3),
  ];
  expect(checkRegister(operations).ok).toBe(true);
  const verdict = checkRegister(operations, { versionOrder: 'realtime' });
  expect(verdict.anomalies.map(({ type }) => type)).toEqual(['cyclic-versions']);
});

test('the register checker accepts serial histories whose completions are shuffled, in both orders', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const operations = serialHistory(new SeededRandom(seed));
    expect(checkRegister(operations).anomalies, `seed ${seed}`).toEqual([]);
    expect(checkRegister(operations, { versionOrder: 'realtime' }).anomalies, `seed ${seed}`).toEqual([]);
  }
});

/** Every transaction takes effect when it is invoked and completes some operations later. */
function serialHistory(random: SeededRandom): readonly Operation[] {
  const history = new History<RegisterMop>();
  const values = new Map<string, number>();
  const pending: (() => void)[] = [];
  for (let count = 1; count <= 60; count++) {
    const open = history.record(`c${count}`).invoke([]);
    const mops = Array.from({ length: random.integer(1, 3) }, (_, step): RegisterMop => {
      const key = random.pick(['x', 'y', 'z']);
      if (random.chance(0.5)) return ['r', key, values.get(key) ?? null];
      const value = count * 10 + step;
      values.set(key, value);
      return ['w', key, value];
    });
    pending.push(() => open.ok(mops));
    while (pending.length > 4 || (pending.length > 0 && random.chance(0.3))) {
      const [complete] = pending.splice(random.integer(0, pending.length - 1), 1);
      complete?.();
    }
  }
  for (const complete of pending) complete();
  return history.operations;
}
