import { describe, expect, test } from 'vitest';
import { renderReport } from '../dist/report.js';
import type { RunSummary } from '../dist/run-summary.js';

const summary: RunSummary = {
  phases: [
    {
      name: 'purchases',
      operations: 5_000,
      seconds: 2.5,
      p50Ms: 1.234,
      p99Ms: 9.876,
      retries: 12,
      rollbacks: 101,
    },
    { name: 'audit', operations: 1, seconds: 0, retries: 0, rollbacks: 0 },
  ],
  totals: { invoices: 4_899, revenueCents: 2_419_860, failedPayments: 101 },
  topGenres: ['Rock', 'Pop', 'Metal', 'Latin', 'Jazz', 'Sixth'].map((name) => ({ name, cents: 82_665 })),
  topArtists: [{ name: 'Iron Maiden', cents: 13_860 }],
  topCustomers: [{ id: 6, name: 'Helena Holý', cents: 4_962 }],
  audit: { ok: true, violations: [] },
};

describe('the report', () => {
  const report = renderReport(summary, 'chinook.json');

  test('says what was sold and where it is from', () => {
    expect(report).toContain('Music store (chinook.json)');
    expect(report).toContain('4,899 invoices, 24,198.60 in all, 101 failed payments');
  });

  test('has a line per phase with its throughput and latencies', () => {
    expect(cells(report, 'purchases')).toEqual([
      'purchases',
      '5,000',
      '2.50',
      '2,000',
      '1.23',
      '9.88',
      '12',
      '101',
    ]);
    expect(cells(report, 'audit')).toEqual(['audit', '1', '0.00', '0', '–', '–', '0', '0']);
  });

  test('lists the best five', () => {
    expect(cells(report, 'Iron Maiden')).toEqual(['Iron Maiden', '138.60']);
    expect(cells(report, 'Helena Holý')).toEqual(['Helena Holý', '49.62']);
    expect(report).toContain('Jazz');
    expect(report).not.toContain('Sixth');
  });

  test('ends with the audit, and with the violations when it failed', () => {
    expect(report).toMatch(/Audit: everything adds up\.$/);
    const audit = { ok: false, violations: ['invoice 1/2 has no lines', 'customer 3 has no balance'] };
    expect(renderReport({ ...summary, audit }, 'x')).toMatch(
      /Audit: FAILED, 2 violations\n {2}- invoice 1\/2 has no lines\n {2}- customer 3 has no balance$/,
    );
  });

  test('leaves out violations beyond the first twenty, and says how many', () => {
    const violations = Array.from({ length: 1_021 }, (_, index) => `customer ${index} has no balance`);
    const failed = renderReport({ ...summary, audit: { ok: false, violations } }, 'x');
    expect(failed).toMatch(
      /FAILED, 1,021 violations\n[\s\S]* {2}- customer 19 has no balance\n {2}and 1,001 more$/,
    );
  });

  test('has no terminal colours', () => {
    expect(report).not.toContain('\u001b');
  });
});

function cells(report: string, first: string): string[] {
  const line = report.split('\n').find((text) => text.startsWith(`│ ${first} `));
  return (line ?? '')
    .split('│')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
