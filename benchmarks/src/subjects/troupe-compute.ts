/** Questions to the whole table, asked of its owners or answered by pulling it here; and the cost of a job as such. */
import type { Grid } from 'troupe';
import { measurePipelined } from '../measuring/pipelined.ts';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';
import { accounts, manySamples, nothing, total } from './bank.ts';
import { indexOf, keysUpTo, mustEqual } from './entries.ts';
import { startBank, startFilledBank } from './grid.ts';
import { mustBeAllSamples } from './samples.ts';

export function measureMapReduce(params: Params): Promise<Sample> {
  return measureSum(params, (grid) => grid.compute.run(total, undefined, { over: accounts }));
}

export function measurePull(params: Params): Promise<Sample> {
  return measureSum(params, async (grid) => {
    let sum = 0;
    for await (const balance of grid.table(accounts).values()) sum += balance;
    return sum;
  });
}

/** An empty job at the owner of a key. */
export async function measureEmptyJob(params: Params): Promise<Sample> {
  const keys = keysUpTo(params.keyCount);
  await using grid = await startBank(params);
  return await measurePipelined(
    {
      call: (n) =>
        grid.compute.run(nothing, undefined, { at: accounts.key(keys[indexOf(n, keys.length)] as string) }),
      check: (_, answer) => mustEqual(answer, undefined, 'the answer of an empty job'),
    },
    params,
  );
}

/** A job that answers 10 MB. */
export async function measureLargeResult(params: Params): Promise<Sample> {
  await using grid = await startBank({ ...params, hosts: 1 });
  return await measureSequential(
    {
      call: () => grid.compute.run(manySamples, undefined, { at: { host: 0 } }),
      check: (_, found) => mustBeAllSamples(found),
    },
    params,
  );
}

async function measureSum(params: Params, sumOf: (grid: Grid) => Promise<number>): Promise<Sample> {
  await using grid = await startFilledBank({ ...params, keyCount: params.loadEntries }, (index) => index);
  const expected = (params.loadEntries * (params.loadEntries - 1)) / 2;
  return await measureSequential(
    { call: () => sumOf(grid), check: (_, sum) => mustEqual(sum, expected, 'the sum of all balances') },
    params,
  );
}
