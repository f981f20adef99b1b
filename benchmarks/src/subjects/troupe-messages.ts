/** Messages between threads for one transaction, counted over many that run one after the other, on as many hosts as partitions. */
import { Placement, toStorageKey } from '@troupe/core';
import { type Grid, startGrid } from 'troupe';
import type { Params, Sample } from '../scenario.ts';
import { oneShot, runIn, values } from '../stores/troupe-definitions.ts';
import { mustEqual } from './entries.ts';
import { sentByHost, sentHere } from './message-count.ts';

export type CountedForm = 'declared' | 'procedure' | 'interactive' | 'snapshot';

const transactions = 200;
const firstBalance = 1_000;

/** Each of the transactions reads and writes one key in each of so many partitions, each on a host of its own. */
export async function measureMessages(
  form: CountedForm,
  participants: number,
  params: Params,
): Promise<Sample> {
  await using grid = await startGrid({
    modules: [
      new URL('../stores/troupe-definitions.js', import.meta.url),
      new URL('./message-count.js', import.meta.url),
    ],
    threads: participants,
    partitions: params.partitions,
  });
  const keys = keysOnHosts(grid, participants);
  const table = grid.table(values);
  for (const key of keys) await table.set(key, firstBalance);
  const program = participants === 1 ? 'depositChecking' : 'multiTransfer';
  const run = async (): Promise<unknown> => {
    switch (form) {
      case 'procedure':
        return grid.run(oneShot, program, keys, [1]);
      case 'declared':
        return grid.transaction((transaction) => runIn(transaction, values, program, keys, [1]), {
          keys: keys.map((key) => values.key(key)),
        });
      case 'interactive':
        return grid.transaction((transaction) => runIn(transaction, values, program, keys, [1]));
      case 'snapshot':
        return grid.transaction((transaction) => transaction.table(values).getMany(keys), { readOnly: true });
      default:
        return form satisfies never;
    }
  };
  await run();
  const counted = async (times: number): Promise<number> => {
    const before = await sentByAll(grid, participants);
    for (let index = 0; index < times; index++) await run();
    return (await sentByAll(grid, participants)) - before;
  };
  const forCounting = await counted(0);
  const value = ((await counted(transactions)) - forCounting) / transactions;
  const isWriting = form !== 'snapshot';
  const left =
    firstBalance + (participants === 1 ? 1 : 1 - participants) * (isWriting ? transactions + 1 : 0);
  mustEqual(await table.get(keys[0] as string), left, 'the balance of the first account');
  return { value };
}

async function sentByAll(grid: Grid, hosts: number): Promise<number> {
  let sum = sentHere();
  for (let host = 0; host < hosts; host++)
    sum += await grid.compute.run(sentByHost, undefined, { at: { host } });
  return sum;
}

/** One key for each host. */
function keysOnHosts(grid: Grid, count: number): string[] {
  const hostOf = new Map(grid.hosts().flatMap(({ host, partitions }) => partitions.map((id) => [id, host])));
  const placement = Placement.roundRobin(hostOf.size, [0]);
  const found = new Map<number, string>();
  for (let index = 0; found.size < count; index++) {
    const key = `account:${index}`;
    const host = hostOf.get(placement.partitionOf(values, key, toStorageKey(key)));
    if (host !== undefined && !found.has(host)) found.set(host, key);
  }
  return [...found.values()];
}
