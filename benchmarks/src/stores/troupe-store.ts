/** A grid, in the three ways to have a transaction there: as a procedure, as a closure with declared keys, and locking as it goes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from '@troupe/storage-lmdb';
import { type Grid, type GridOptions, startGrid } from 'troupe';
import type { Params } from '../scenario.ts';
import type { OneShotStore } from './one-shot-store.ts';
import { homedOneShot, homedValues, oneShot, runIn, values } from './troupe-definitions.ts';

export type Form = 'procedure' | 'declared' | 'interactive';

export interface TroupeStoreOptions {
  readonly form: Form;
  /** Keys up to the first slash lie together. */
  readonly isHomed?: boolean;
  readonly grid?: GridOptions;
}

export async function openTroupeStore(
  { hosts, partitions }: Pick<Params, 'hosts' | 'partitions'>,
  { form, isHomed = false, grid: options = {} }: TroupeStoreOptions,
): Promise<OneShotStore> {
  const grid = await startGrid({
    ...options,
    modules: [new URL('./troupe-definitions.js', import.meta.url)],
    threads: hosts,
    partitions,
  });
  const held = isHomed ? homedValues : values;
  const table = grid.table(held);
  return {
    load: (entries) => table.setMany(asynchronously(entries)),
    run: runIn_(grid, form, isHomed),
    entries: () => table.entries(),
    figures: () => figuresOf(grid),
    close: () => grid.close(),
  };
}

/** The same, with everything on disk before it is answered. */
export async function openDurableTroupeStore(
  params: Pick<Params, 'hosts' | 'partitions'>,
  options: TroupeStoreOptions,
): Promise<OneShotStore> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const storage = lmdb({ path: join(folder, 'data'), freeBytesMin: 0 });
  const store = await openTroupeStore(params, { ...options, grid: { ...options.grid, storage } });
  return {
    ...store,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function runIn_(grid: Grid, form: Form, isHomed: boolean): OneShotStore['run'] {
  const held = isHomed ? homedValues : values;
  const procedure = isHomed ? homedOneShot : oneShot;
  switch (form) {
    case 'procedure':
      return (program, keys, args) => grid.run(procedure, program, keys, args);
    case 'declared':
      return (program, keys, args) =>
        grid.transaction((transaction) => runIn(transaction, held, program, keys, args), {
          keys: keys.map((key) => held.key(key)),
        });
    case 'interactive':
      return (program, keys, args) =>
        grid.transaction((transaction) => runIn(transaction, held, program, keys, args));
    default:
      return form satisfies never;
  }
}

async function* asynchronously<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** What became of the transactions: how often one had to begin again, and who had to wait. */
async function figuresOf(grid: Grid): Promise<Record<string, number>> {
  const { attempts, retries, aborted, locks } = await grid.transactions.metrics();
  const reasons = Object.entries(aborted).filter(([, count]) => count > 0);
  return {
    'aborted attempts, share': attempts === 0 ? 0 : retries / attempts,
    wounds: locks.wounds,
    'gone back into line': locks.givenBack,
    'lock waits': locks.waits,
    ...Object.fromEntries(reasons.map(([reason, count]) => [`gave up: ${reason}`, count])),
  };
}
