/** All one-shot transactions by name, so that a thread can be told which one to run. */
import { newOrder } from './new-order.ts';
import { mustBeNumber, type Outcome, type Program, type Value } from './program.ts';
import { smallBankPrograms } from './small-bank.ts';

/** Moves `amount` from the first account to the second. */
const transfer: Program = ([from, to], [payer = '', payee = ''], [amount = 0]) => ({
  writes: [
    [payer, mustBeNumber(from) - amount],
    [payee, mustBeNumber(to) + amount],
  ],
  answer: 0,
});

/** Moves `amount` from the first account to each of the others. */
const multiTransfer: Program = ([from, ...others], [payer = '', ...payees], [amount = 0]) => ({
  writes: [
    [payer, mustBeNumber(from) - amount * payees.length],
    ...payees.map((payee, index) => [payee, mustBeNumber(others[index]) + amount] as const),
  ],
  answer: 0,
});

/** Counts one up in each of the first two records, having read all. */
const countInTwo: Program = (values, keys) => {
  const writes = [0, 1].map((index) => {
    const record = values[index] as Readonly<Record<string, Value>>;
    return [keys[index] ?? '', { ...record, count: mustBeNumber(record['count']) + 1 }] as const;
  });
  if (values.includes(undefined)) throw new Error('a record is missing');
  return { writes, answer: writes.length };
};

export const programs = {
  transfer,
  multiTransfer,
  countInTwo,
  newOrder,
  ...smallBankPrograms,
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

export function runProgram(
  name: ProgramName,
  values: readonly (Value | undefined)[],
  keys: readonly string[],
  args: readonly number[],
): Outcome {
  return programs[name](values, keys, args);
}
