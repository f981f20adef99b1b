/** Deposits: one account, so one partition, in each transaction. The money in the bank is what was paid in. */
import { drawsOf } from '../measuring/draws.ts';
import { mustBeNumber } from '../programs/program.ts';
import type { Params } from '../scenario.ts';
import { mustEqual } from '../subjects/entries.ts';
import type { Workload } from './workload.ts';

const firstBalance = 1_000;

export function deposits(params: Params): Workload {
  const { keyCount } = params;
  const keys = Array.from({ length: keyCount }, (_, index) => `account:${index}`);
  const draw = drawsOf(keyCount, params);
  return {
    entries: () => keys.map((key) => [key, firstBalance] as const),
    next: () => ({ program: 'depositChecking', keys: [keys[draw()] as string], args: [1] }),
    async check(entries, answers) {
      let sum = 0;
      for await (const [, balance] of entries) sum += mustBeNumber(balance);
      mustEqual(sum, keyCount * firstBalance + answers, 'the money in the bank');
    },
  };
}
