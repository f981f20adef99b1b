/** YCSB with transactions: four records are read and two of them counted up. The counts must add up in the end. */
import { drawDistinct, drawsOf } from '../measuring/draws.ts';
import { mustBeNumber, type Value } from '../programs/program.ts';
import type { Params } from '../scenario.ts';
import { mustEqual } from '../subjects/entries.ts';
import type { Workload } from './workload.ts';

const recordsPerTransaction = 4;
const fields = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => [`field${index}`, 'x'.repeat(100)]),
);

export function countInTwo(params: Params): Workload {
  const { keyCount } = params;
  const keys = Array.from({ length: keyCount }, (_, index) => `user${index}`);
  const draw = drawsOf(keyCount, params);
  return {
    *entries() {
      for (const key of keys) yield [key, { ...fields, count: 0 }];
    },
    next: () => ({
      program: 'countInTwo',
      keys: drawDistinct(draw, recordsPerTransaction).map((index) => keys[index] as string),
      args: [],
    }),
    async check(entries, answers) {
      let sum = 0;
      for await (const [, record] of entries) {
        sum += mustBeNumber((record as Readonly<Record<string, Value>>)['count']);
      }
      mustEqual(sum, answers, 'the sum of all counts');
    },
  };
}
