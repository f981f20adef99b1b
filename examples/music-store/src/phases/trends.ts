// Trends: what sells best, as a map-reduce over all invoice lines for each way to look at them.
import type { Grid } from 'troupe';
import { artists, customers, type Dimension, genres, invoiceLines, salesBy } from '../definitions.ts';
import type { Progress } from '../progress.ts';
import type { TopCustomer } from '../run-summary.ts';
import { type PhaseResult, runPhase } from './phase.ts';

export type Trends = Readonly<Record<Dimension, readonly TopCustomer[]>>;

const top = 10;

/** Finds the trends. */
export async function findTrends(
  grid: Grid,
  progress: Progress,
): Promise<{ readonly trends: Trends; readonly result: PhaseResult }> {
  const plan = { name: 'trends', total: 3, unit: 'map-reduces' };
  const { value, result } = await runPhase(plan, progress, async (meter) => {
    const find = async (by: Dimension) => {
      const found = await meter.time(() => topSellers(grid, by, top));
      meter.done();
      return found;
    };
    return { genre: await find('genre'), artist: await find('artist'), customer: await find('customer') };
  });
  return { trends: value, result };
}

/** Those with the most revenue, by name. */
export async function topSellers(grid: Grid, by: Dimension, count: number): Promise<TopCustomer[]> {
  const revenue = (await grid.compute.run(salesBy, { by }, { over: invoiceLines })).slice(0, count);
  const names = await namesOf(
    grid,
    by,
    revenue.map(({ id }) => id),
  );
  return revenue.map(({ id, cents }, index) => ({ id, name: names[index]?.name ?? `#${id}`, cents }));
}

async function namesOf(
  grid: Grid,
  by: Dimension,
  ids: number[],
): Promise<readonly ({ readonly name: string } | undefined)[]> {
  switch (by) {
    case 'genre':
      return grid.table(genres).getMany(ids);
    case 'artist':
      return grid.table(artists).getMany(ids);
    case 'customer':
      return grid.table(customers).getMany(ids);
  }
}
