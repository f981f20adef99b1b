/**
 * Many clients that all want the same few accounts. Each transfers between two of them, drawn by Zipf's law, one
 * transfer at a time; what counts is how much the unluckiest client gets done beside the others. In the end the sum of
 * all balances must be what it was.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Grid, GridOptions } from 'troupe';
import { zipf } from '../measuring/zipf.ts';
import type { Params, Sample } from '../scenario.ts';
import { accounts, moveOne, transfer } from './bank.ts';
import { keysUpTo, mustEqual } from './entries.ts';
import { startFilledBank } from './grid.ts';

type Transfer = (grid: Grid, from: string, to: string) => Promise<number>;
type LockStrategy = 'wound-wait' | 'wait-die' | 'no-wait';

const lockAsTheyGo: Transfer = (grid, from, to) =>
  grid.transaction((transaction) => moveOne(transaction, from, to));

const firstBalance = 1_000_000;
const exponent = 1;

export function measureDeclaredFairness(params: Params): Promise<Sample> {
  return measureFairness(params, (grid, from, to) =>
    grid.transaction((transaction) => moveOne(transaction, from, to), {
      keys: [accounts.key(from), accounts.key(to)],
    }),
  );
}

export function measureUndeclaredFairness(params: Params): Promise<Sample> {
  return measureFairness(params, lockAsTheyGo);
}

export function measureProcedureFairness(params: Params): Promise<Sample> {
  return measureFairness(params, (grid, from, to) => grid.run(transfer, from, to));
}

/** Transfers that lock as they go, per second, under a strategy for conflicts. */
export async function measureStrategy(params: Params, lockStrategy: LockStrategy): Promise<Sample> {
  const { value, rate } = await measureClients(params, lockAsTheyGo, { experimental: { lockStrategy } });
  return { value: rate, extra: { "slowest client's share of the mean": value } };
}

/** The slowest client's share of the mean. */
async function measureFairness(params: Params, run: Transfer): Promise<Sample> {
  const { value, rate, busiest } = await measureClients(params, run);
  return { value, extra: { 'transfers per second': rate, 'busiest client': busiest } };
}

interface Shares {
  /** The slowest client's share of the mean. */
  readonly value: number;
  /** Transfers per second, of all clients. */
  readonly rate: number;
  readonly busiest: number;
}

async function measureClients(params: Params, run: Transfer, options?: GridOptions): Promise<Shares> {
  const { hotKeys, clients, seconds, warmUpSeconds } = params;
  const keys = keysUpTo(hotKeys);
  await using grid = await startFilledBank({ ...params, keyCount: hotKeys }, () => firstBalance, options);
  const draw = zipf(hotKeys, exponent);
  const done = new Float64Array(clients);
  let stopped = false;
  const client = async (index: number): Promise<void> => {
    while (!stopped) {
      const from = draw();
      let to = draw();
      while (to === from) to = draw();
      await run(grid, keys[from] as string, keys[to] as string);
      done[index] = (done[index] as number) + 1;
    }
  };
  const all = Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  await Promise.race([all, sleep(warmUpSeconds * 1_000)]);
  done.fill(0);
  await Promise.race([all, sleep(seconds * 1_000)]);
  const counts = [...done];
  stopped = true;
  await all;
  let sum = 0;
  for await (const balance of grid.table(accounts).values()) sum += balance;
  mustEqual(sum, hotKeys * firstBalance, 'the sum of all balances');
  const mean = counts.reduce((total, count) => total + count, 0) / clients;
  // Nobody got anything done: no share of it is fair.
  const shareOf = (count: number): number => (mean === 0 ? 0 : count / mean);
  return {
    value: shareOf(Math.min(...counts)),
    rate: (mean * clients) / seconds,
    busiest: shareOf(Math.max(...counts)),
  };
}
