// Purchases: every purchase of the catalogue as one transaction, begun in the order of their dates, many at a time.
//
// Payments fail at the rate asked for, chosen by the seed; what the failed ones leave behind, which must be nothing,
// is for the audit to find.
import type { Grid } from 'troupe';
import { forEachBounded } from '../bounded.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type Order, purchase } from '../definitions.ts';
import type { Progress } from '../progress.ts';
import { SeededRandom } from '../seeded-random.ts';
import { attemptOf, codeOf } from '../store-error.ts';
import { type PhaseMeter, type PhaseResult, runPhase } from './phase.ts';

/** What the store has been told; the audit compares the books with it. */
export interface Sales {
  readonly invoices: number;
  readonly revenueCents: number;
  /** Invoices whose payment failed. */
  readonly failedInvoiceIds: ReadonlySet<number>;
}

export interface PaymentOptions {
  readonly failures: number;
  readonly seed: number;
}

/** Enough to keep a few threads busy; more would only wait longer for the same rows. */
const concurrency = 32;

/** Makes all purchases. */
export async function makePurchases(
  grid: Grid,
  catalogue: Catalogue,
  payments: PaymentOptions,
  progress: Progress,
): Promise<{ readonly sales: Sales; readonly result: PhaseResult }> {
  const orders = ordersOf(catalogue, payments);
  const plan = { name: 'purchases', total: orders.length, unit: 'transactions' };
  const { value, result } = await runPhase(plan, progress, (meter) => sellAll(grid, orders, meter));
  return { sales: value, result };
}

/** The purchases as the store takes them: with the places of their tracks, and the fate of their payment. */
export function ordersOf({ tracks, purchases }: Catalogue, { failures, seed }: PaymentOptions): Order[] {
  const random = new SeededRandom(seed, 'payments');
  const places = new Map(tracks.map(({ trackId, artistId, genreId }) => [trackId, { artistId, genreId }]));
  return purchases.map(({ items, ...rest }) => ({
    ...rest,
    items: items.flatMap((item) => {
      const place = places.get(item.trackId);
      return place === undefined ? [] : [{ ...item, ...place }];
    }),
    payment: random.chance(failures) ? 'declined' : 'accepted',
  }));
}

async function sellAll(grid: Grid, orders: readonly Order[], meter: PhaseMeter): Promise<Sales> {
  const failedInvoiceIds = new Set<number>();
  let revenueCents = 0;
  await forEachBounded(orders, concurrency, async (order) => {
    try {
      const receipt = await meter.time(() => grid.run(purchase, order));
      revenueCents += receipt.totalCents;
      meter.retries += receipt.attempt - 1;
    } catch (error) {
      if (codeOf(error) !== 'PAYMENT_DECLINED') throw error;
      failedInvoiceIds.add(order.invoiceId);
      meter.retries += attemptOf(error) - 1;
      meter.rollbacks += 1;
    }
    meter.done();
  });
  return { invoices: orders.length - failedInvoiceIds.size, revenueCents, failedInvoiceIds };
}
