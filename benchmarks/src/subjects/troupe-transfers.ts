/**
 * Transfers between two accounts, as a closure with declared keys and as a procedure. Partners are drawn beforehand,
 * uniformly from all accounts: either on different hosts, or in one partition. In the end every balance must be what
 * the transfers add up to, so the sum is as before, too.
 */
import { Placement, toStorageKey } from '@troupe/core';
import type { Grid } from 'troupe';
import { measurePipelined } from '../measuring/pipelined.ts';
import type { Params, Sample } from '../scenario.ts';
import { accounts, moveOne, transfer } from './bank.ts';
import { keysUpTo, mustEqual } from './entries.ts';
import { mustHold, startFilledBank } from './grid.ts';

type Transfer = (grid: Grid, from: string, to: string) => Promise<number>;
type Pair = readonly [from: string, to: string];

const firstBalance = 1_000_000;
const pairCount = 65_536;

const byClosure: Transfer = (grid, from, to) =>
  grid.transaction((transaction) => moveOne(transaction, from, to), {
    keys: [accounts.key(from), accounts.key(to)],
  });
const byProcedure: Transfer = (grid, from, to) => grid.run(transfer, from, to);

export function measureClosure(params: Params): Promise<Sample> {
  return measureTransfers(params, byClosure, pairsAcrossHosts);
}

export function measureProcedure(params: Params): Promise<Sample> {
  return measureTransfers(params, byProcedure, pairsAcrossHosts);
}

export function measureLocalProcedure(params: Params): Promise<Sample> {
  return measureTransfers(params, byProcedure, pairsInOnePartition);
}

async function measureTransfers(
  params: Params,
  run: Transfer,
  drawPairs: (grid: Grid, keys: readonly string[]) => Pair[],
): Promise<Sample> {
  const keys = keysUpTo(params.keyCount);
  await using grid = await startFilledBank(params, () => firstBalance);
  const pairs = drawPairs(grid, keys);
  const balances = new Map(keys.map((key) => [key, firstBalance]));
  const pairOf = (n: number): Pair => pairs[n % pairCount] as Pair;
  let sum = 0;
  const operation = {
    call: (n: number) => run(grid, ...pairOf(n)),
    check: (n: number, left: number) => {
      if (!Number.isInteger(left)) throw new Error(`a payer has ${left} left`);
      const [from, to] = pairOf(n);
      balances.set(from, (balances.get(from) ?? 0) - 1);
      balances.set(to, (balances.get(to) ?? 0) + 1);
    },
  };
  const sample = await measurePipelined(operation, params);
  await mustHold(grid, balances);
  for (const balance of balances.values()) sum += balance;
  mustEqual(sum, params.keyCount * firstBalance, 'the sum of all balances');
  return sample;
}

function pairsAcrossHosts(grid: Grid, keys: readonly string[]): Pair[] {
  const hostOf = new Map(grid.hosts().flatMap(({ host, partitions }) => partitions.map((id) => [id, host])));
  const partitionOf = partitionFinder(grid);
  const byHost = groupsOf(keys, (key) => hostOf.get(partitionOf(key)));
  if (byHost.length < 2) throw new Error('transfers between hosts need accounts on two of them');
  return drawnPairs(() => {
    const payers = anyOf(byHost);
    return [payers, anyOf(byHost.filter((group) => group !== payers))];
  });
}

function pairsInOnePartition(grid: Grid, keys: readonly string[]): Pair[] {
  const large = groupsOf(keys, partitionFinder(grid)).filter((group) => group.length > 1);
  return drawnPairs(() => {
    const group = anyOf(large);
    return [group, group];
  });
}

function drawnPairs(drawGroups: () => [from: readonly string[], to: readonly string[]]): Pair[] {
  return Array.from({ length: pairCount }, () => {
    const [payers, payees] = drawGroups();
    const from = anyOf(payers);
    let to = anyOf(payees);
    while (to === from) to = anyOf(payees);
    return [from, to];
  });
}

function groupsOf(keys: readonly string[], groupOf: (key: string) => unknown): string[][] {
  const groups = new Map<unknown, string[]>();
  for (const key of keys) {
    const group = groupOf(key);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [key]);
    else members.push(key);
  }
  return [...groups.values()];
}

/** Where the grid keeps an account: what its placement says, which only layers of the grid can ask. */
function partitionFinder(grid: Grid): (key: string) => number {
  const partitionCount = grid.hosts().reduce((count, { partitions }) => count + partitions.length, 0);
  const placement = Placement.roundRobin(partitionCount, [0]);
  return (key) => placement.partitionOf(accounts, key, toStorageKey(key));
}

function anyOf<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T;
}
