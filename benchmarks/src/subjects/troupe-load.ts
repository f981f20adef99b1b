/** A stream of entries into an empty table: how fast, and what the thread that feeds it keeps of it. */
import { performance } from 'node:perf_hooks';
import type { Params, Sample } from '../scenario.ts';
import { accounts } from './bank.ts';
import { firstValueOf, mustEqual } from './entries.ts';
import { startBank } from './grid.ts';

const bytesPerMb = 1024 * 1024;

export async function measureLoad(params: Params): Promise<Sample> {
  const { loadEntries } = params;
  await using grid = await startBank(params);
  const table = grid.table(accounts);
  async function* entries(): AsyncGenerator<[string, number]> {
    for (let index = 0; index < loadEntries; index++) yield [`account:${index}`, firstValueOf(index)];
  }
  const heapBefore = settledHeapBytes();
  const startedMs = performance.now();
  await table.setMany(entries());
  const seconds = (performance.now() - startedMs) / 1_000;
  const heapGrowth = settledHeapBytes() - heapBefore;
  mustEqual(await table.size(), loadEntries, 'the size of the table');
  for (let index = 0; index < loadEntries; index += Math.ceil(loadEntries / 1_000)) {
    mustEqual(await table.get(`account:${index}`), firstValueOf(index), `entry ${index}`);
  }
  return {
    value: loadEntries / seconds,
    extra: {
      'main-thread heap growth, MB': heapGrowth / bytesPerMb,
      'process RSS, MB': process.memoryUsage.rss() / bytesPerMb,
    },
  };
}

function settledHeapBytes(): number {
  if (globalThis.gc === undefined)
    throw new Error('the heap is measured after a collection; start node with --expose-gc');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
