// What a run has found out, in the form that `--json` writes.
import type { PhaseResult } from './phases/phase.ts';

export interface RunSummary {
  readonly phases: readonly PhaseResult[];
  readonly totals: Totals;
  readonly topGenres: readonly TopEntry[];
  readonly topArtists: readonly TopEntry[];
  readonly topCustomers: readonly TopCustomer[];
  readonly audit: AuditResult;
}

export interface Totals {
  readonly invoices: number;
  readonly revenueCents: number;
  readonly failedPayments: number;
}

export interface TopEntry {
  readonly name: string;
  readonly cents: number;
}

export interface TopCustomer extends TopEntry {
  readonly id: number;
}

export interface AuditResult {
  readonly ok: boolean;
  /** Each invariant that doesn't hold, in words. */
  readonly violations: readonly string[];
}
