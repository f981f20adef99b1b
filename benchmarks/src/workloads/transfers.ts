/** Transfers between accounts: from one to the next, or from one to three others. No money may come or go. */
import { drawDistinct, drawsOf } from '../measuring/draws.ts';
import { mustBeNumber } from '../programs/program.ts';
import type { Params } from '../scenario.ts';
import { mustEqual } from '../subjects/entries.ts';
import type { Workload } from './workload.ts';

const firstBalance = 1_000_000;

/** A transaction touches so many of `keyCount` accounts. */
export function transfersBetween(accountsPerTransaction: number, params: Params): Workload {
  const { keyCount } = params;
  const keys = Array.from({ length: keyCount }, (_, index) => `account:${index}`);
  const draw = drawsOf(keyCount, params);
  const program = accountsPerTransaction === 2 ? 'transfer' : 'multiTransfer';
  return {
    entries: () => keys.map((key) => [key, firstBalance] as const),
    next: () => ({
      program,
      keys: drawDistinct(draw, accountsPerTransaction).map((index) => keys[index] as string),
      args: [1],
    }),
    async check(entries) {
      let sum = 0;
      let count = 0;
      for await (const [, balance] of entries) {
        sum += mustBeNumber(balance);
        count++;
      }
      mustEqual(count, keyCount, 'the number of accounts');
      mustEqual(sum, keyCount * firstBalance, 'the sum of all balances');
    },
  };
}
