// A whole run: all phases, one after the other, and what came of them.
import type { Grid } from 'troupe';
import type { Catalogue } from './catalogue/catalogue.ts';
import { audit } from './phases/audit.ts';
import { load } from './phases/load.ts';
import { makePurchases, type PaymentOptions } from './phases/purchases.ts';
import { makeRecommendations } from './phases/recommendations.ts';
import { findTrends } from './phases/trends.ts';
import type { Progress } from './progress.ts';
import type { RunSummary, TopCustomer, TopEntry } from './run-summary.ts';

/** Runs all phases on a grid that has loaded the store's definitions. */
export async function runStore(
  grid: Grid,
  catalogue: Catalogue,
  payments: PaymentOptions,
  progress: Progress,
): Promise<RunSummary> {
  const loaded = await load(grid, catalogue, payments.seed, progress);
  const sold = await makePurchases(grid, catalogue, payments, progress);
  const recommended = await makeRecommendations(grid, catalogue, progress);
  const { trends, result: trended } = await findTrends(grid, progress);
  const { outcome, invoices, revenueCents, result: audited } = await audit(grid, sold.sales, progress);
  return {
    phases: [loaded, sold.result, recommended, trended, audited],
    totals: { invoices, revenueCents, failedPayments: sold.sales.failedInvoiceIds.size },
    topGenres: trends.genre.map(withoutId),
    topArtists: trends.artist.map(withoutId),
    topCustomers: trends.customer,
    audit: outcome,
  };
}

function withoutId({ name, cents }: TopCustomer): TopEntry {
  return { name, cents };
}
