/**
 * Writers at full speed, and somebody who reads 1,000 keys at once beside them: how much the writers lose. Every write
 * adds one to two neighbouring accounts in one transaction, so whoever reads a consistent state finds both of a pair equal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Grid } from 'troupe';
import { startGrid } from 'troupe';
import { measurePipelined } from '../measuring/pipelined.ts';
import type { Params, Sample } from '../scenario.ts';
import { accounts } from './bank.ts';
import { addToBoth } from './bank-pairs.ts';
import { keysUpTo, mustEqual } from './entries.ts';

export type Reading = 'none' | 'snapshot' | 'locks' | 'gets';

const keysRead = 1_000;
const readsPerSecond = 10;

/** Writes per second while somebody reads: `isPaced` ten times a second, else as fast as he can. */
export async function measureWritersBeside(
  reading: Reading,
  pace: 'paced' | 'unpaced',
  params: Params,
): Promise<Sample> {
  const { keyCount, hosts, partitions } = params;
  const modules = [new URL('./bank-pairs.js', import.meta.url)];
  await using grid = await startGrid({ modules, threads: hosts, partitions });
  const keys = keysUpTo(keyCount);
  async function* entries(): AsyncGenerator<[string, number]> {
    for (const key of keys) yield [key, 0];
  }
  await grid.table(accounts).setMany(entries());
  const read = readerOf(reading, grid, keys.slice(0, Math.min(keyCount, keysRead)));
  let stopped = false;
  let reads = 0;
  const reader = (async () => {
    while (!stopped && read !== undefined) {
      await read();
      reads++;
      if (pace === 'paced') await sleep(1_000 / readsPerSecond);
    }
  })();
  let written = 0;
  const pairs = Math.floor(keyCount / 2);
  const operation = {
    call: () => {
      const pair = Math.floor(Math.random() * pairs) * 2;
      return grid.run(addToBoth, keys[pair] as string, keys[pair + 1] as string);
    },
    check: () => void written++,
  };
  const writing = measurePipelined(operation, params);
  // A reader that fails must not go unheard, and one that has read all its life must not end the measurement.
  const sample = await Promise.race([writing, reader.then(() => writing)]);
  stopped = true;
  await reader;
  let sum = 0;
  for await (const balance of grid.table(accounts).values()) sum += balance;
  mustEqual(sum, written * 2, 'the sum of all balances');
  return { ...sample, extra: { ...sample.extra, 'reads of 1,000 keys': reads } };
}

function readerOf(reading: Reading, grid: Grid, keys: readonly string[]): (() => Promise<void>) | undefined {
  switch (reading) {
    case 'none':
      return undefined;
    case 'snapshot':
      return async () =>
        mustBePairs(
          await grid.transaction((transaction) => transaction.table(accounts).getMany(keys), {
            readOnly: true,
          }),
        );
    case 'locks':
      return async () =>
        mustBePairs(
          await grid.transaction((transaction) => transaction.table(accounts).getMany(keys), {
            keys: keys.map((key) => accounts.key(key)),
          }),
        );
    case 'gets':
      // Each on its own: nothing is promised about pairs.
      return async () => void (await Promise.all(keys.map((key) => grid.table(accounts).get(key))));
    default:
      return reading satisfies never;
  }
}

function mustBePairs(balances: readonly (number | undefined)[]): void {
  for (let index = 0; index + 1 < balances.length; index += 2) {
    mustEqual(balances[index], balances[index + 1], 'the second balance of a pair');
  }
}
