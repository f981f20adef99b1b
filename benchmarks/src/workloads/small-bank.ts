/** SmallBank: `keyCount` customers with two accounts each, and six transactions in the usual mix. */
import { drawDistinct, drawsOf } from '../measuring/draws.ts';
import { mustBeNumber } from '../programs/program.ts';
import type { Params } from '../scenario.ts';
import { mustEqual } from '../subjects/entries.ts';
import type { Request, Workload } from './workload.ts';

const firstBalance = 10_000;

/** Percent of all transactions, summed up. */
const mix = [
  ['amalgamate', 15],
  ['balance', 30],
  ['depositChecking', 45],
  ['sendPayment', 70],
  ['transactSavings', 85],
  ['writeCheck', 100],
] as const;

export function smallBank(params: Params): Workload {
  const { keyCount } = params;
  const draw = drawsOf(keyCount, params);
  return {
    *entries() {
      for (let customer = 0; customer < keyCount; customer++) {
        yield [checkingOf(customer), firstBalance];
        yield [savingsOf(customer), firstBalance];
      }
    },
    next: () => requestOf(Math.random() * 100, () => drawDistinct(draw, 2)),
    async check(entries, answers) {
      let sum = 0;
      for await (const [, balance] of entries) sum += mustBeNumber(balance);
      mustEqual(sum, 2 * keyCount * firstBalance + answers, 'the money in the bank');
    },
  };
}

function requestOf(percent: number, drawTwo: () => number[]): Request {
  const program = mix.find(([, upTo]) => percent < upTo)?.[0] ?? 'writeCheck';
  const [one = 0, other = 0] = drawTwo();
  const amount = 1 + Math.floor(Math.random() * 100);
  switch (program) {
    case 'amalgamate':
      return { program, keys: [savingsOf(one), checkingOf(one), checkingOf(other)], args: [] };
    case 'balance':
      return { program, keys: [checkingOf(one), savingsOf(one)], args: [] };
    case 'depositChecking':
      return { program, keys: [checkingOf(one)], args: [amount] };
    case 'sendPayment':
      return { program, keys: [checkingOf(one), checkingOf(other)], args: [amount] };
    case 'transactSavings':
      return { program, keys: [savingsOf(one)], args: [Math.random() < 0.5 ? amount : -amount] };
    case 'writeCheck':
      return { program, keys: [checkingOf(one), savingsOf(one)], args: [amount] };
    default:
      return program satisfies never;
  }
}

/** The customer first, so that both accounts can lie together. */
function checkingOf(customer: number): string {
  return `${customer}/checking`;
}

function savingsOf(customer: number): string {
  return `${customer}/savings`;
}
