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
    'two transactions that overwrote each other',
    ['G0'],
    overlapping(
      [
        ['r', 'y', 2],
        ['w', 'x', 1],
        ['w', 'y', 1],
      ],
      [
        ['r', 'x', 1],
        ['w', 'x', 2],
        ['w', 'y', 2],
      ],
    ),
  ],
  [
    'two inserts that each missed the row of the other in a scan',
    ['G2-item'],
    overlapping(
      [
        ['r', 'x', null],
        ['r', 'y', null],
        ['r', 'z', null],
        ['w', 'x', 1],
      ],
      [
        ['r', 'x', null],
        ['r', 'y', null],
        ['r', 'z', null],
        ['w', 'y', 1],
      ],
    ),
  ],
  [
    'a process that does not see its own earlier write',
    ['G-single-process'],
    [operation([['w', 'x', 1]], [0, 1], 1), operation([['r', 'x', null]], [2, 3], 1)],
  ],
  [
    'half of an unknown transaction',
    ['G-single'],
    [
      operation(
        [
          ['w', 'x', 1],
          ['w', 'y', 1],
        ],
        [0, 9],
        1,
        'info',
      ),
      operation(
        [
          ['r', 'x', 1],
          ['r', 'y', null],
        ],
        [2, 3],
        2,
      ),
    ],
  ],
  [
    'a value of a partition that had been cleared',
    ['G-single-realtime'],
    [
      operation([['w', 'x@p.1', 1]], [0, 1], 1),
      operation([['clear', 'p', 1]], [2, 3], 2),
      operation([['r', 'x@p.1', 1]], [4, 5], 3),
    ],
  ],
  [
    'half of a transaction behind a clear',
    ['G-single'],
    [
      operation(
        [
          ['w', 'x@p.1', 1],
          ['w', 'y@q.1', 1],
        ],
        [0, 20],
        1,
      ),
      operation([['clear', 'p', 1]], [2, 3], 2),
      operation(
        [
          ['r', 'x@p.2', null],
          ['r', 'y@q.1', null],
        ],
        [4, 5],
        3,
      ),
      operation([['r', 'y@q.1', 1]], [21, 22], 4),
    ],
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

test('the register checker accepts 1,000 histories of a correct store, in both orders', {
  timeout: 60_000,
}, () => {
  let outcomes = '';
  for (let seed = 1; seed <= 1000; seed++) {
    const operations = serialHistory(new SeededRandom(seed));
    outcomes += operations.map(({ type }) => type[0]).join('');
    expect(checkRegister(operations).anomalies, `seed ${seed}`).toEqual([]);
    expect(checkRegister(operations, { versionOrder: 'realtime' }).anomalies, `seed ${seed}`).toEqual([]);
  }
  expect(outcomes.match(/f/g)?.length).toBeGreaterThan(1000);
  expect(outcomes.match(/i/g)?.length).toBeGreaterThan(1000);
});

/** Every transaction takes effect when it is invoked, or not at all, and completes some operations later. */
function serialHistory(random: SeededRandom): readonly Operation[] {
  const history = new History<RegisterMop>();
  const values = new Map<string, number>();
  const pending: (() => void)[] = [];
  for (let count = 1; count <= 60; count++) {
    const open = history.record(`c${count}`).invoke([]);
    const fate = random.pick(['ok', 'ok', 'ok', 'fail', 'done but unknown', 'undone and unknown']);
    const own = new Map(values);
    const mops = Array.from({ length: random.integer(1, 3) }, (_, step): RegisterMop => {
      const key = random.pick(['x', 'y', 'z']);
      if (random.chance(0.5)) return ['r', key, own.get(key) ?? null];
      const value = count * 10 + step;
      own.set(key, value);
      return ['w', key, value];
    });
    if (fate === 'ok' || fate === 'done but unknown') for (const [key, value] of own) values.set(key, value);
    pending.push(() => {
      if (fate === 'ok') open.ok(mops);
      else if (fate === 'fail') open.fail(mops);
      else open.info(mops);
    });
    while (pending.length > 4 || (pending.length > 0 && random.chance(0.3))) {
      const [complete] = pending.splice(random.integer(0, pending.length - 1), 1);
      complete?.();
    }
  }
  for (const complete of pending) complete();
  return history.operations;
}
