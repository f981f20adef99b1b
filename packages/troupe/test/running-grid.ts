/**
 * Grids for the tests of the facade, on real threads, closed after each test.
 *
 * The definitions are loaded by Node itself, not by the test runner: a grid knows only the copy that its own import
 * of the module finds.
 */
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { type Grid, GridClosedError, type GridOptions, startGrid } from 'troupe';
import { afterEach, expect } from 'vitest';

export const storeUrl = new URL('./fixtures/store.mjs', import.meta.url);
export const store = createRequire(import.meta.url)(
  './fixtures/store.mjs',
) as typeof import('./fixtures/store.mjs');

/** Every promise about tables and transactions holds for both. */
export const topologies = [
  ['inline', 0],
  ['on two threads', 2],
] as const;

const open = new Set<Grid>();

afterEach(async () => {
  const grids = [...open];
  open.clear();
  const left = await Promise.allSettled(grids.map(expectNothingLeft));
  await Promise.all(grids.map((grid) => grid.close({ timeoutMs: 1 })));
  for (const outcome of left) if (outcome.status === 'rejected') throw outcome.reason;
});

/** When a test is over, no transaction is under way and nobody holds or waits for a lock. */
async function expectNothingLeft(grid: Grid): Promise<void> {
  try {
    await eventually(async () => {
      expect(await grid.transactions.list(), 'transactions left under way').toEqual([]);
      expect(await grid.locks.list(), 'locks left behind').toEqual([]);
    });
  } catch (error) {
    if (!(error instanceof GridClosedError)) throw error;
  }
}

/** A grid with the store's definitions. */
export async function start(threads: number, options: GridOptions = {}): Promise<Grid> {
  const grid = await startGrid({ modules: [storeUrl], threads, partitions: 8, ...options });
  open.add(grid);
  return grid;
}

/** What a promise rejects with; fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`resolved with ${String(outcome.value)} instead of rejecting`);
}

export async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of iterable) all.push(item);
  return all;
}

/** An order for whatever has a text, to compare what came in any order. */
export function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** A promise and its resolve: what tests hold a body open with. */
export function gate<T = void>(): { readonly opened: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** What `look` answers as soon as it doesn't throw; fails with what it throws after `waitMs`. */
export async function eventually<T>(look: () => Promise<T>, waitMs = 30_000): Promise<T> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadlineMs || error instanceof GridClosedError) throw error;
      // Not at once: what it waits for may need this core.
      await setTimeout(2);
    }
  }
}
