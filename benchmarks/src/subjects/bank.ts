/** The table that everything reads and writes, and what runs at its owners. Loaded on every host. */
import { job, mapReduce, procedure, type Transaction, table } from 'troupe';

import { sampleCount } from './samples.ts';

export const accounts = table<string, number>('accounts');

/** What a transfer does, as a closure or as a procedure: answers what the payer has left. */
export async function moveOne(transaction: Transaction, from: string, to: string): Promise<number> {
  const table = transaction.table(accounts);
  const payer = await table.get(from);
  const payee = await table.get(to);
  if (payer === undefined || payee === undefined) throw new Error(`no account ${from} or ${to}`);
  await table.set(from, payer - 1);
  await table.set(to, payee + 1);
  return payer - 1;
}

export const transfer = procedure('transfer', {
  keys: (from: string, to: string) => [accounts.key(from), accounts.key(to)],
  run: moveOne,
});

export const total = mapReduce('total', {
  map(context) {
    let sum = 0;
    context
      .local(accounts)
      .values()
      .forEach((balance) => {
        sum += balance;
      });
    return sum;
  },
  combine: (a, b) => a + b,
  reduce: (sums) => sums.reduce((a, b) => a + b, 0),
});

export const nothing = job('nothing', { run: () => undefined });

const samples = new Float64Array(sampleCount).fill(1);

export const manySamples = job('manySamples', { run: () => samples });
