// The audit: reads the whole store in one read-only transaction and has the books checked.
//
// The snapshot is the point. All tables are read as they were at one moment, without a lock, so the sums must agree
// even while others go on buying.
import type { Grid, Transaction } from 'troupe';
import * as store from '../definitions.ts';
import type { Progress } from '../progress.ts';
import type { AuditResult } from '../run-summary.ts';
import { Books } from './books.ts';
import { type PhaseResult, runPhase } from './phase.ts';
import type { Sales } from './purchases.ts';

export interface Audit {
  readonly invoices: number;
  readonly revenueCents: number;
  readonly outcome: AuditResult;
  readonly result: PhaseResult;
}

/** Audits the store against what its customers were told. */
export async function audit(grid: Grid, sales: Sales, progress: Progress): Promise<Audit> {
  const plan = { name: 'audit', total: 1, unit: 'transaction' };
  const { value: books, result } = await runPhase(plan, progress, async (meter) => {
    const read = await meter.time(() => grid.transaction(readBooks, { readOnly: true }));
    meter.done();
    return read;
  });
  const violations = books.violations(sales);
  const outcome = { ok: violations.length === 0, violations };
  return { invoices: books.invoiceCount, revenueCents: books.revenueCents, outcome, result };
}

async function readBooks(tx: Transaction): Promise<Books> {
  const books = new Books();
  for await (const [key, row] of tx.table(store.customers).entries()) books.customer(key, row);
  for await (const [key, cents] of tx.table(store.balances).entries()) books.balance(key, cents);
  for await (const [key, row] of tx.table(store.invoices).entries()) books.invoice(key, row);
  for await (const [key, row] of tx.table(store.invoiceLines).entries()) books.line(key, row);
  for await (const [key, tracks] of tx.table(store.libraries).entries()) books.library(key, tracks);
  for await (const [key, cents] of tx.table(store.salesCounters).entries()) books.counter(key, cents);
  return books;
}
