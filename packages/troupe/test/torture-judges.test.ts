/** The judges of the torture must be able to find something: a sound history, then the same with one lie in it. */
import { describe, expect, test } from 'vitest';
import { type TortureHistory, workloads } from './fixtures/torture/workloads.mjs';

type Name = keyof typeof workloads;
type Operation = TortureHistory['operations'][number];

const homes = ['h0', 'h1', 'h2'];
const stamps = { h0: 1, h1: 2, h2: 3 };
const opened = { h0: 1, h1: 1, h2: 1 };
const empty: TortureHistory = { operations: [], requests: [], answers: [], losses: [] };

function judge(name: Name, history: Partial<TortureHistory>): string {
  const workload = workloads[name]({ homes, seed: 1, random: () => 0 });
  return workload.judge({ ...empty, ...history }).join('\n');
}

/** One operation after the other. */
function serial(...all: (readonly (readonly unknown[])[])[]): Pick<TortureHistory, 'operations'> {
  const operations = all.map((mops, i): Operation => {
    return {
      process: `c${i}`,
      invokeIndex: 2 * i,
      completeIndex: 2 * i + 1,
      type: 'ok',
      mops,
      stamps,
    };
  });
  return { operations };
}

/** All at once. */
function overlapping(...all: (readonly (readonly unknown[])[])[]): Pick<TortureHistory, 'operations'> {
  const { operations } = serial(...all);
  return { operations: operations.map((each, i) => ({ ...each, invokeIndex: i, completeIndex: 100 + i })) };
}

const cases: readonly (readonly [
  Name,
  string,
  RegExp,
  sound: Partial<TortureHistory>,
  lie: Partial<TortureHistory>,
])[] = [
  [
    'list-append',
    'an acknowledged append that is missing',
    /G-single-realtime/,
    serial([['append', 'k0', 1]], [['r', 'k0', [1]]]),
    serial([['append', 'k0', 1]], [['r', 'k0', []]]),
  ],
  [
    'long-fork',
    'two readers who disagree about the order of two writes',
    /G-nonadjacent/,
    overlapping([['w', 'k0', 1]], [['w', 'k1', 1]], reads(1, null), reads(1, 1)),
    overlapping([['w', 'k0', 1]], [['w', 'k1', 1]], reads(1, null), reads(null, 1)),
  ],
  [
    'write-skew',
    'two who both got one of a pair',
    /G2-item/,
    overlapping(claim('k0', 'k1', 1, null), [
      ['r', 'k0', 1],
      ['r', 'k1', null],
    ]),
    overlapping(claim('k0', 'k1', 1, null), claim('k1', 'k0', 2, null)),
  ],
  [
    'set',
    'an element that was there and is gone',
    /"lost":\[7\]/,
    serial([['append', 'h0', 7]], [['r', 'h0', [7]]]),
    serial([['append', 'h0', 7]], [['r', 'h0', []]]),
  ],
  [
    'bank',
    'money that appears',
    /wrong-total/,
    { answers: [{ stamps: opened, results: [90, 110, 100] }] },
    { answers: [{ stamps: opened, results: [90, 120, 100] }] },
  ],
  [
    'bank',
    'half of an opening',
    /half of an opening/,
    { answers: [bankOf({ h0: 5, h1: 5, h2: 5 }), bankOf({ h0: 5, h1: null, h2: 5 })] },
    { answers: [bankOf({ h0: 5, h1: 5, h2: 5 }), bankOf({ h0: 5, h1: null, h2: 6 })] },
  ],
  ['counter', 'an addition that got lost', /"leastPossible":5/, counted(5), counted(4)],
];

describe('of what clients saw', () => {
  test.each(cases)('the judge of %s finds %s', (name, _lie, says, sound, lie) => {
    expect(judge(name, sound)).toBe('');
    expect(judge(name, lie)).toMatch(says);
  });
});

function reads(k0: number | null, k1: number | null): readonly (readonly unknown[])[] {
  return [
    ['r', 'k0', k0],
    ['r', 'k1', k1],
  ];
}

function claim(
  own: string,
  other: string,
  value: number,
  found: number | null,
): readonly (readonly unknown[])[] {
  return [
    ['r', other, found],
    ['r', own, null],
    ['w', own, value],
  ];
}

function bankOf(each: Readonly<Record<string, number | null>>): TortureHistory['answers'][number] {
  return { stamps: each, results: homes.map((home) => (each[home] === null ? null : 100)) };
}

/** Five is added and acknowledged, then this is read. */
function counted(value: number): Pick<TortureHistory, 'requests'> {
  const request = { body: 'count', home: 'h0' };
  return {
    requests: [
      { request: { ...request, by: 5 }, type: 'ok', invokeIndex: 0, completeIndex: 1 },
      { request, type: 'ok', answer: { results: [value] }, invokeIndex: 2, completeIndex: 3 },
    ],
  };
}
