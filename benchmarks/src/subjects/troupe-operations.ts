/** Single operations of a table: `get` and `set`, as a service makes them. */
import { measurePipelined } from '../measuring/pipelined.ts';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';
import { accounts } from './bank.ts';
import { firstValueOf, indexOf, keysUpTo, mustEqual } from './entries.ts';
import { mustHold, startFilledBank } from './grid.ts';
import { readsOf } from './reads.ts';

export async function measureGetPipelined(params: Params): Promise<Sample> {
  await using grid = await startFilledBank(params, firstValueOf);
  const table = grid.table(accounts);
  return await measurePipelined(
    readsOf(params.keyCount, (key) => table.get(key)),
    params,
  );
}

export async function measureGetSequential(params: Params): Promise<Sample> {
  await using grid = await startFilledBank(params, firstValueOf);
  const table = grid.table(accounts);
  return await measureSequential(
    readsOf(params.keyCount, (key) => table.get(key)),
    params,
  );
}

/** Each call stores its own number; in the end every key must hold the last one that was sent to it. */
export async function measureSetPipelined(params: Params): Promise<Sample> {
  const { keyCount } = params;
  await using grid = await startFilledBank(params, firstValueOf);
  const table = grid.table(accounts);
  const keys = keysUpTo(keyCount);
  const last = new Float64Array(keyCount).map((_, index) => firstValueOf(index));
  const operation = {
    call: (n: number) => {
      const index = indexOf(n, keyCount);
      last[index] = n;
      return table.set(keys[index] as string, n);
    },
    check: (_: number, answer: unknown) => mustEqual(answer, undefined, 'the answer of set'),
  };
  const sample = await measurePipelined(operation, params);
  await mustHold(grid, new Map(keys.map((key, index) => [key, last[index] ?? Number.NaN])));
  return sample;
}
