/**
 * What locking leaves behind: the heap of the thread that owns the entries, before and after transactions have locked
 * each of them. An inline host is used, so that its heap can be looked at.
 */
import type { Params, Sample } from '../scenario.ts';
import { accounts } from './bank.ts';
import { keysUpTo, mustEqual } from './entries.ts';
import { startFilledBank } from './grid.ts';

/** Keys that one transaction locks. */
const batchLength = 1_000;

export async function measureIdleLockMemory(params: Params): Promise<Sample> {
  await using grid = await startFilledBank({ ...params, hosts: 0 }, (index) => index);
  const keys = keysUpTo(params.keyCount);
  const lockAll = async (): Promise<void> => {
    for (let from = 0; from < keys.length; from += batchLength) {
      const batch = keys.slice(from, from + batchLength);
      const locked = await grid.transaction((transaction) => transaction.table(accounts).getMany(batch), {
        keys: batch.map((key) => accounts.key(key)),
      });
      mustEqual(locked.length, batch.length, 'the number of values read under locks');
    }
  };
  // The first round warms up: code and pools that stay are no cost of a key.
  await lockAll();
  const before = heapUsed();
  await lockAll();
  return { value: (heapUsed() - before) / keys.length };
}

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
