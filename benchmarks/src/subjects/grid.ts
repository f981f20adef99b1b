/** The grid of the troupe subjects, with its accounts filled. */
import { type Grid, type GridOptions, startGrid } from 'troupe';
import type { Params } from '../scenario.ts';
import { accounts } from './bank.ts';
import { keysUpTo, mustEqual } from './entries.ts';

export function startBank({ hosts, partitions }: Params, options: GridOptions = {}): Promise<Grid> {
  return startGrid({
    ...options,
    modules: [new URL('./bank.js', import.meta.url)],
    threads: hosts,
    partitions,
  });
}

/** Starts a grid whose accounts hold `balanceOf(index)` each. */
export async function startFilledBank(
  params: Params,
  balanceOf: (index: number) => number,
  options?: GridOptions,
): Promise<Grid> {
  const grid = await startBank(params, options);
  async function* entries(): AsyncGenerator<[string, number]> {
    yield* keysUpTo(params.keyCount).map((key, index): [string, number] => [key, balanceOf(index)]);
  }
  await grid.table(accounts).setMany(entries());
  return grid;
}

/** Throws unless the table holds exactly these balances. */
export async function mustHold(grid: Grid, expected: ReadonlyMap<string, number>): Promise<void> {
  let count = 0;
  for await (const [key, balance] of grid.table(accounts).entries()) {
    mustEqual(balance, expected.get(key), `the balance of ${key}`);
    count++;
  }
  mustEqual(count, expected.size, 'the number of accounts');
}
