/** The tables and procedures of the transaction scenarios. Loaded on every host. */
import { procedure, type Transaction, table } from 'troupe';
import type { Value } from '../programs/program.ts';
import { type ProgramName, runProgram } from '../programs/programs.ts';

/** Every key on its own. */
export const values = table<string, Value>('values');

/** Keys up to the first slash lie together. */
export const homedValues = table<string, Value>('homedValues', { affinity: homeOf });

export type ValueTable = typeof values;

function homeOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

export async function runIn(
  transaction: Transaction,
  held: ValueTable,
  program: ProgramName,
  keys: readonly string[],
  args: readonly number[],
): Promise<number> {
  const records = transaction.table(held);
  const { writes, answer } = runProgram(program, await records.getMany(keys), keys, args);
  // A write waits in the workspace of the transaction and costs no message of its own where its key is declared.
  await Promise.all(writes.map(([key, value]) => records.set(key, value)));
  return answer;
}

export const oneShot = procedure('oneShot', {
  keys: (_program: ProgramName, keys: readonly string[], _args: readonly number[]) =>
    keys.map((key) => values.key(key)),
  run: (transaction, program, keys, args) => runIn(transaction, values, program, keys, args),
});

export const homedOneShot = procedure('homedOneShot', {
  keys: (_program: ProgramName, keys: readonly string[], _args: readonly number[]) =>
    keys.map((key) => homedValues.key(key)),
  run: (transaction, program, keys, args) => runIn(transaction, homedValues, program, keys, args),
});
