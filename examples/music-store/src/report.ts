// The end of a run, as tables that people can read.
import CliTable from 'cli-table3';
import { formatCents } from './money.ts';
import type { PhaseResult } from './phases/phase.ts';
import type { RunSummary, TopEntry } from './run-summary.ts';

const topShown = 5;
/** `--json` has them all. */
const violationsShown = 20;

/** The report as one text. `source` tells where the catalogue is from. */
export function renderReport(summary: RunSummary, source: string): string {
  return [
    `Music store (${source})`,
    phaseTable(summary.phases),
    totalsLine(summary),
    topTable('Genre', summary.topGenres),
    topTable('Artist', summary.topArtists),
    topTable('Customer', summary.topCustomers),
    auditText(summary),
  ].join('\n\n');
}

function phaseTable(phases: readonly PhaseResult[]): string {
  const head = ['Phase', 'Operations', 'Seconds', 'Per second', 'p50 ms', 'p99 ms', 'Retries', 'Rollbacks'];
  return renderTable(
    head,
    phases.map((phase) => [
      phase.name,
      grouped(phase.operations),
      phase.seconds.toFixed(2),
      grouped(perSecond(phase)),
      latency(phase.p50Ms),
      latency(phase.p99Ms),
      grouped(phase.retries),
      grouped(phase.rollbacks),
    ]),
  );
}

function latency(ms: number | undefined): string {
  return ms === undefined ? '–' : ms.toFixed(2);
}

function perSecond({ operations, seconds }: PhaseResult): number {
  return seconds === 0 ? 0 : Math.round(operations / seconds);
}

function totalsLine({ totals }: RunSummary): string {
  const { invoices, revenueCents, failedPayments } = totals;
  return `${grouped(invoices)} invoices, ${formatCents(revenueCents)} in all, ${grouped(failedPayments)} failed payments`;
}

function topTable(title: string, entries: readonly TopEntry[]): string {
  return renderTable(
    [title, 'Revenue'],
    entries.slice(0, topShown).map(({ name, cents }) => [name, formatCents(cents)]),
  );
}

function auditText({ audit }: RunSummary): string {
  if (audit.ok) return 'Audit: everything adds up.';
  const { violations } = audit;
  const shown = violations.slice(0, violationsShown).map((violation) => `  - ${violation}`);
  const left = violations.length - shown.length;
  const rest = left === 0 ? [] : [`  and ${grouped(left)} more`];
  return [`Audit: FAILED, ${grouped(violations.length)} violations`, ...shown, ...rest].join('\n');
}

/** Words to the left, numbers to the right, no colours: the same on a terminal and in a file. */
function renderTable(head: string[], rows: string[][]): string {
  const colAligns = head.map((_, column) => (column === 0 ? ('left' as const) : ('right' as const)));
  const table = new CliTable({ head, colAligns, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
