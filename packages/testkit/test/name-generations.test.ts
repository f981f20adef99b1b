/** Histories of runs with deaths, as clients wrote them down, and what may be concluded from their stamps. */
import {
  checkListAppend,
  type HomeLoss,
  type ListAppendMop,
  nameGenerations,
  type StampedOperation,
} from '@troupe/testkit';
import { expect, test } from 'vitest';

type KeyedMop = Exclude<ListAppendMop, readonly ['clear', ...unknown[]]>;
type Stamped = StampedOperation<KeyedMop>;

const homeOf = (key: string): string => (key.startsWith('x') ? 'p' : 'q');
const lossOfP: HomeLoss = { home: 'p', fromIndex: 10, toIndex: 11 };
/** What p and q are stamped with before p is lost, and p after it. */
const [oldP, newP, onlyQ] = [100, 200, 101];

function operation(
  moments: readonly [number, number],
  mops: readonly KeyedMop[],
  stamps: Stamped['stamps'],
  type: Stamped['type'] = 'ok',
): Stamped {
  const [invokeIndex, completeIndex] = moments;
  return { process: `c${invokeIndex}`, invokeIndex, completeIndex, mops, stamps, type };
}

function problemsOf(operations: readonly Stamped[], losses: readonly HomeLoss[] = [lossOfP]): string[] {
  const { operations: named, problems } = nameGenerations<KeyedMop>(operations, { homeOf, losses });
  return [...problems, ...checkListAppend(named).anomalies.map(({ type }) => type)];
}

const both: KeyedMop[] = [
  ['append', 'x', 1],
  ['append', 'y', 1],
];
const committed = operation([0, 1], both, { p: oldP, q: onlyQ });

test('a key is named after the generation of its home, and a loss becomes a clear', () => {
  const later = operation([12, 13], [['r', 'x', []]], { p: newP });
  const { operations, problems } = nameGenerations<KeyedMop>([committed, later], {
    homeOf,
    losses: [lossOfP],
  });
  expect(problems).toEqual([]);
  expect(operations.map(({ mops }) => mops)).toEqual([
    [
      ['append', 'x@p.1', 1],
      ['append', 'y@q.1', 1],
    ],
    [['r', 'x@p.2', []]],
    [['clear', 'p', 1]],
  ]);
  expect(operations[2]).toMatchObject({ invokeIndex: 10, completeIndex: 12.75 });
});

test('a commit that is gone at the lost home and there at the other is explained', () => {
  const seen = operation(
    [12, 13],
    [
      ['r', 'y', [1]],
      ['r', 'x', []],
    ],
    { p: newP, q: onlyQ },
  );
  expect(problemsOf([committed, seen])).toEqual([]);
});

test('a commit that is gone at the home that survived is not', () => {
  const seen = operation(
    [12, 13],
    [
      ['r', 'y', []],
      ['r', 'x', []],
    ],
    { p: newP, q: onlyQ },
  );
  expect(problemsOf([committed, seen])).toEqual(['G-single']);
});

test('half of a transaction that nobody was told of is found', () => {
  const unknown = operation([0, 9], both, {}, 'info');
  const half = operation(
    [2, 3],
    [
      ['r', 'x', [1]],
      ['r', 'y', []],
    ],
    { p: oldP, q: onlyQ },
  );
  expect(problemsOf([unknown, half])).toEqual([]);
  // Only what was seen is placed: what nobody saw of it might not have been done.
  const whole = operation([4, 5], [['r', 'y', [1]]], { q: onlyQ });
  expect(problemsOf([unknown, half, whole])).toEqual(['G-single']);
});

test('what a failed transaction wrote must not be seen', () => {
  const failed = operation([0, 1], both, {}, 'fail');
  expect(problemsOf([failed, operation([2, 3], [['r', 'y', [1]]], { q: onlyQ })])).toEqual(['G1a']);
});

test('what was written to a lost generation must not be seen in its successor', () => {
  const risen = operation([12, 13], [['r', 'x', [1]]], { p: newP });
  expect(problemsOf([committed, risen])).toEqual(['garbage']);
});

test('the lost generation must not be served beside its successor', () => {
  const renewed = operation([12, 13], [['append', 'x', 2]], { p: newP });
  const stale = operation([14, 15], [['r', 'x', [1]]], { p: oldP });
  expect(problemsOf([committed, renewed, stale])).toEqual(['G-single-realtime']);
});

test('a home that is empty though nobody had lost it has vanished', () => {
  const empty = operation([2, 3], [['r', 'x', []]], { p: null });
  expect(problemsOf([committed, empty])).toEqual(['c2 found p empty, which nobody had lost']);
  expect(problemsOf([committed, operation([11, 12], [['r', 'x', []]], { p: null })])).toEqual([]);
});

test('a home that begins anew though nobody had lost it is reported', () => {
  const renewed = operation([2, 3], [['append', 'x', 2]], { p: newP });
  const problems = problemsOf([committed, renewed]);
  expect(problems).toContain('p has a new generation (stamp 200) though it had not been lost');
});
