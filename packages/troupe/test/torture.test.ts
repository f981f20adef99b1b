/**
 * Real threads under load, hosts killed at random: what clients saw is recorded and judged. Short here, so that every
 * change passes it; `npm run torture -- --workload bank --seconds 600` goes on longer. `TROUPE_TORTURE_SECONDS` sets the
 * seconds for each workload, `TROUPE_SEED` another course. Grids with storage: `kills.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const seconds = Number(process.env['TROUPE_TORTURE_SECONDS'] ?? 1.2);
const seed = Number(process.env['TROUPE_SEED'] ?? 1);
const timeoutMs = seconds * 2_000 + 120_000;

interface Report {
  readonly rounds: number;
  readonly requests: number;
  /** By form and how it ended. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

async function torture(args: readonly (string | number)[]): Promise<Report> {
  return JSON.parse(await runProgram('torture/main.mjs', { args, timeoutMs })) as Report;
}

/** How many ended so, in whichever form they were asked for. */
function countOf({ outcomes }: Report, ending: string): number {
  const counts = Object.entries(outcomes).filter(([what]) => what.endsWith(` ${ending}`));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

describe('what clients see of a grid whose hosts are killed can be explained:', () => {
  test.each([
    ['list-append', 2],
    ['long-fork', 3],
    ['write-skew', 2],
    ['set', 3],
    ['bank', 2],
    ['counter', 3],
  ])('%s on %i hosts', { timeout: timeoutMs }, async (workload, hosts) => {
    const args = ['--workload', workload, '--hosts', hosts, '--seconds', seconds, '--seed', seed];
    const report = await torture(args);
    expect(report.problems).toEqual([]);
    expect(report.outcomes['kills']).toBeGreaterThan(0);
    expect(countOf(report, 'ok')).toBeGreaterThan(20);
  });
});

describe.each(['list-append', 'counter'])('without deaths %s', (workload) => {
  test('leaves nothing unknown', { timeout: timeoutMs }, async () => {
    const report = await torture(['--workload', workload, '--seconds', seconds / 3, '--kills', 0]);
    expect(report.problems).toEqual([]);
    expect(countOf(report, 'info')).toBe(0);
  });
});
