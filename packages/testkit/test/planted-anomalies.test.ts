import {
  type AnomalyType,
  checkListAppend,
  type ListAppendMop,
  MalformedHistoryError,
  type RecordedOperation,
  SeededRandom,
} from '@troupe/testkit';
import { describe, expect, test } from 'vitest';
import { SerialExecutor } from './serial-executor.ts';

/** A planted operation. Without `at` it overlaps all others. */
interface Planted {
  readonly mops: readonly ListAppendMop[];
  readonly type?: RecordedOperation<ListAppendMop>['type'];
  readonly process?: string;
  readonly at?: readonly [invoke: number, complete: number];
}

interface PlantedFault {
  readonly name: string;
  readonly expected: readonly AnomalyType[];
  readonly operations: readonly Planted[];
}

const faults: readonly PlantedFault[] = [
  {
    name: 'a read that misses the own append before it',
    expected: ['internal'],
    operations: [
      {
        mops: [
          ['append', 'x', 1],
          ['r', 'x', []],
        ],
      },
      { mops: [['r', 'x', []]] },
    ],
  },
  {
    name: 'two reads in one transaction that differ',
    expected: ['internal', 'G-single'],
    operations: [
      {
        mops: [
          ['r', 'x', []],
          ['r', 'x', [1]],
        ],
      },
      { mops: [['append', 'x', 1]] },
    ],
  },
  {
    name: 'a read that shows a later append of its own transaction',
    expected: ['future-read'],
    operations: [
      {
        mops: [
          ['r', 'x', [1]],
          ['append', 'x', 1],
        ],
      },
    ],
  },
  {
    name: 'an element nobody appended',
    expected: ['garbage'],
    operations: [{ mops: [['r', 'x', [9]]] }],
  },
  {
    name: 'an element of a failed transaction',
    expected: ['G1a'],
    operations: [{ type: 'fail', mops: [['append', 'x', 1]] }, { mops: [['r', 'x', [1]]] }],
  },
  {
    name: 'a state from the middle of a transaction',
    expected: ['G1b', 'G-single'],
    operations: [
      {
        mops: [
          ['append', 'x', 1],
          ['append', 'x', 2],
        ],
      },
      { mops: [['r', 'x', [1]]] },
      { mops: [['r', 'x', [1, 2]]] },
    ],
  },
  {
    name: 'an append that took effect twice',
    expected: ['duplicates'],
    operations: [{ mops: [['append', 'x', 1]] }, { mops: [['r', 'x', [1, 1]]] }],
  },
  {
    name: 'an append that came back behind another one',
    expected: ['duplicates'],
    operations: [
      { mops: [['append', 'x', 1]] },
      { mops: [['append', 'x', 2]] },
      { mops: [['r', 'x', [1, 2, 1]]] },
    ],
  },
  {
    name: 'an update behind one that failed',
    expected: ['G1a', 'dirty-update'],
    operations: [
      { type: 'fail', mops: [['append', 'x', 1]] },
      { mops: [['append', 'x', 2]] },
      { mops: [['r', 'x', [1, 2]]] },
    ],
  },
  {
    name: 'two updates of the same version',
    expected: ['lost-update', 'G-single'],
    operations: [
      {
        mops: [
          ['r', 'x', []],
          ['append', 'x', 1],
        ],
      },
      {
        mops: [
          ['r', 'x', []],
          ['append', 'x', 2],
        ],
      },
      { mops: [['r', 'x', [1, 2]]] },
    ],
  },
  {
    name: 'two updates of the same version that nobody saw',
    expected: ['lost-update', 'G2-item'],
    operations: [
      {
        mops: [
          ['r', 'x', []],
          ['append', 'x', 1],
        ],
      },
      {
        mops: [
          ['r', 'x', []],
          ['append', 'x', 2],
        ],
      },
    ],
  },
  {
    name: 'two lists that cannot be one',
    expected: ['incompatible-order'],
    operations: [
      { mops: [['append', 'x', 1]] },
      { mops: [['append', 'x', 2]] },
      { mops: [['r', 'x', [1, 2]]] },
      { mops: [['r', 'x', [2, 1]]] },
    ],
  },
  {
    name: 'two transactions whose writes are interleaved',
    expected: ['G0'],
    operations: [
      {
        mops: [
          ['append', 'x', 1],
          ['append', 'y', 1],
        ],
      },
      {
        mops: [
          ['append', 'x', 2],
          ['append', 'y', 2],
        ],
      },
      {
        mops: [
          ['r', 'x', [1, 2]],
          ['r', 'y', [2, 1]],
        ],
      },
    ],
  },
  {
    name: 'two transactions that saw each other',
    expected: ['G1c'],
    operations: [
      {
        mops: [
          ['append', 'x', 1],
          ['r', 'y', [1]],
        ],
      },
      {
        mops: [
          ['append', 'y', 1],
          ['r', 'x', [1]],
        ],
      },
    ],
  },
  {
    name: 'a reader that saw half of a transaction',
    expected: ['G-single'],
    operations: [
      {
        mops: [
          ['append', 'x', 1],
          ['append', 'y', 1],
        ],
      },
      {
        mops: [
          ['r', 'x', [1]],
          ['r', 'y', []],
        ],
      },
    ],
  },
  {
    name: 'an unknown transaction of which half is there',
    expected: ['G-single'],
    operations: [
      {
        type: 'info',
        mops: [
          ['append', 'x', 1],
          ['append', 'y', 1],
        ],
      },
      {
        mops: [
          ['r', 'x', [1]],
          ['r', 'y', []],
        ],
      },
    ],
  },
  {
    name: 'two readers that saw two writes in different orders',
    expected: ['G-nonadjacent'],
    operations: [
      { mops: [['append', 'x', 1]] },
      { mops: [['append', 'y', 1]] },
      {
        mops: [
          ['r', 'x', [1]],
          ['r', 'y', []],
        ],
      },
      {
        mops: [
          ['r', 'x', []],
          ['r', 'y', [1]],
        ],
      },
    ],
  },
  {
    name: 'a write skew',
    expected: ['G2-item'],
    operations: [
      {
        mops: [
          ['r', 'x', []],
          ['append', 'y', 1],
        ],
      },
      {
        mops: [
          ['r', 'y', []],
          ['append', 'x', 1],
        ],
      },
    ],
  },
  {
    name: 'a process that does not see its own earlier append',
    expected: ['G-single-process'],
    operations: [
      { process: 's', at: [0.1, 0.2], mops: [['append', 'x', 1]] },
      { process: 's', at: [0.3, 0.4], mops: [['r', 'x', []]] },
      { mops: [['r', 'x', [1]]] },
    ],
  },
  {
    name: 'a stale read after an acknowledged append',
    expected: ['G-single-realtime'],
    operations: [
      { at: [0.1, 0.2], mops: [['append', 'x', 1]] },
      { at: [0.3, 0.4], mops: [['r', 'x', []]] },
    ],
  },
  {
    name: 'a list in which a later append stands ahead of an earlier one',
    expected: ['G0-realtime'],
    operations: [
      { at: [0.1, 0.2], mops: [['append', 'x', 1]] },
      { at: [0.3, 0.4], mops: [['append', 'x', 2]] },
      { mops: [['r', 'x', [2, 1]]] },
    ],
  },
  {
    name: 'a list in which an earlier append is missing behind a later one',
    expected: ['G0-realtime'],
    operations: [
      { at: [0.1, 0.2], mops: [['append', 'x', 1]] },
      { at: [0.3, 0.4], mops: [['append', 'x', 2]] },
      { mops: [['r', 'x', [2]]] },
    ],
  },
  {
    name: 'a read of an append that was invoked after the read ended',
    expected: ['G1c-realtime'],
    operations: [
      { at: [0.1, 0.2], mops: [['r', 'x', [1]]] },
      { at: [0.3, 0.4], mops: [['append', 'x', 1]] },
    ],
  },
];

describe('a planted fault is named by the list-append checker', () => {
  for (const fault of faults) {
    test(`${fault.name}: ${fault.expected.join(', ')}`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        const verdict = checkListAppend(plant(fault.operations, new SeededRandom(seed)));
        const types = new Set(verdict.anomalies.map(({ type }) => type));
        expect(types, `seed ${seed}`).toEqual(new Set(fault.expected));
        expect(verdict.ok).toBe(false);
      }
    });
  }
});

test('a history that appends one value twice is refused, not judged', () => {
  const twice = plant([{ mops: [['append', 'x', 1]] }, { mops: [['append', 'x', 1]] }], new SeededRandom(1));
  expect(() => checkListAppend(twice)).toThrow(MalformedHistoryError);
});

test('the message of an anomaly names the operations and why they contradict each other', () => {
  const operations: RecordedOperation<ListAppendMop>[] = [
    { process: 'a', invokeIndex: 0, completeIndex: 1, type: 'ok', mops: [['append', 'x', 1]] },
    { process: 'b', invokeIndex: 2, completeIndex: 3, type: 'ok', mops: [['r', 'x', []]] },
  ];
  const [anomaly] = checkListAppend(operations).anomalies;
  expect(anomaly?.message).toBe(
    [
      'G-single-realtime: #1 did not see what #0 wrote to "x"; #0 had ended before #1 began',
      '  #1 b ok: r x []',
      '  #0 a ok: append x 1',
    ].join('\n'),
  );
  expect(anomaly?.operations).toEqual([operations[1], operations[0]]);
});

describe('among many readers of a key and many writers nobody saw', () => {
  const readers: Planted[] = Array.from({ length: 5 }, () => ({ mops: [['r', 'x', []]] }));
  const others: Planted[] = [3, 4, 5].map((value) => ({ mops: [['append', 'x', value]] }));
  const half: Planted = {
    mops: [
      ['append', 'x', 1],
      ['append', 'y', 1],
    ],
  };
  const witness: Planted = {
    mops: [
      ['r', 'x', []],
      ['r', 'y', [1]],
      ['append', 'x', 2],
    ],
  };
  const orders: Record<string, Planted[]> = {
    ahead: [half, ...others, witness, ...readers],
    behind: [witness, ...others, half, ...readers],
  };
  for (const [place, operations] of Object.entries(orders)) {
    test(`a half of a transaction recorded ${place} of its witness is found, with these two as proof`, () => {
      const { anomalies } = checkListAppend(plant(operations, new SeededRandom(1)));
      expect(anomalies.map(({ type }) => type)).toEqual(['G-single']);
      expect(new Set(anomalies[0]?.operations.map(({ mops }) => mops))).toEqual(
        new Set([half.mops, witness.mops]),
      );
      expect(anomalies[0]?.message).toMatch(/#\d+ did not see what #\d+ wrote to "x"/);
      // A cycle of two edges: what the graph keeps between many and many is not shown.
      expect(anomalies[0]?.message).not.toContain('had ended');
    });
  }
});

test('a failed read proves nothing, nor does an unknown operation nobody saw', () => {
  const verdict = checkListAppend([
    { process: 'a', invokeIndex: 0, completeIndex: 1, type: 'info', mops: [['append', 'x', 1]] },
    { process: 'b', invokeIndex: 2, completeIndex: 3, type: 'fail', mops: [['r', 'x', [7]]] },
    { process: 'c', invokeIndex: 4, completeIndex: 5, type: 'ok', mops: [['r', 'x', []]] },
  ]);
  expect(verdict.anomalies).toEqual([]);
});

/** Puts the planted operations, on keys of their own, at a random moment of a clean history. */
function plant(planted: readonly Planted[], random: SeededRandom): RecordedOperation<ListAppendMop>[] {
  const options = { operations: 30, processes: 4, clears: 'none' } as const;
  const clean = new SerialExecutor(random, options).run();
  const moment = random.integer(0, 60);
  const added = planted.map((operation, position): RecordedOperation<ListAppendMop> => {
    const [invoke, complete] = operation.at ?? [0.01 + position / 1000, 0.9 + position / 1000];
    return {
      process: operation.process ?? `planted ${position}`,
      invokeIndex: moment + invoke,
      completeIndex: moment + complete,
      type: operation.type ?? 'ok',
      mops: operation.mops,
    };
  });
  const all = [...clean, ...added].map((operation) => ({
    ...operation,
    invokeIndex: operation.invokeIndex * 100,
    completeIndex: operation.completeIndex * 100,
  }));
  return all.sort((left, right) => left.invokeIndex - right.invokeIndex);
}
