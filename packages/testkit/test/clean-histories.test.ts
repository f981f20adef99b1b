import { checkListAppend, SeededRandom } from '@troupe/testkit';
import { expect, test } from 'vitest';
import { SerialExecutor } from './serial-executor.ts';

test('the list-append checker accepts 1,000 histories of a correct store', () => {
  let outcomes = '';
  for (let seed = 1; seed <= 1000; seed++) {
    const clears = seed % 2 === 0 ? 'none' : 'some';
    const executor = new SerialExecutor(new SeededRandom(seed), { operations: 60, processes: 6, clears });
    const operations = executor.run();
    outcomes += operations.map(({ type }) => type[0]).join('');
    expect(checkListAppend(operations).anomalies, `seed ${seed}`).toEqual([]);
  }
  // The histories must hold what makes checking hard: failed and unknown operations.
  expect(outcomes.match(/f/g)?.length).toBeGreaterThan(1000);
  expect(outcomes.match(/i/g)?.length).toBeGreaterThan(1000);
});

test('the list-append checker notices an operation of a clean history that is left out', () => {
  let found = 0;
  for (let seed = 1; seed <= 50; seed++) {
    const executor = new SerialExecutor(new SeededRandom(seed), {
      operations: 60,
      processes: 6,
      clears: 'none',
    });
    const operations = executor.run();
    const seen = new Set(
      operations.flatMap(({ mops }) =>
        mops.flatMap((mop) => (mop[0] === 'r' ? (mop[2] ?? []).map((value) => `${mop[1]} ${value}`) : [])),
      ),
    );
    const victim = operations.find(({ mops }) =>
      mops.some((mop) => mop[0] === 'append' && seen.has(`${mop[1]} ${mop[2]}`)),
    );
    const verdict = checkListAppend(operations.filter((operation) => operation !== victim));
    if (verdict.anomalies.some(({ type }) => type === 'garbage')) found += 1;
  }
  expect(found).toBe(50);
});

test('the list-append checker judges 50,000 operations in a few seconds', () => {
  const executor = new SerialExecutor(new SeededRandom(7), {
    operations: 50_000,
    processes: 16,
    clears: 'none',
  });
  const operations = executor.run();
  const startedMs = performance.now();
  expect(checkListAppend(operations).ok).toBe(true);
  // It takes well under 2 s alone; the bound leaves room for a busy machine and still fails if quadratic.
  expect(performance.now() - startedMs).toBeLessThan(8000);
}, 30_000);

test('the list-append checker stays fast when most appends are never seen', () => {
  const operations = Array.from({ length: 40_000 }, (_, position) => ({
    process: `c${position}`,
    invokeIndex: position,
    completeIndex: 100_000 + position,
    type: 'ok' as const,
    mops: position % 2 === 0 ? [['r', 'x', []] as const] : [['append', 'x', position] as const],
  }));
  const startedMs = performance.now();
  expect(checkListAppend(operations).ok).toBe(true);
  expect(performance.now() - startedMs).toBeLessThan(8000);
}, 30_000);
