/**
 * Grids with storage under load, killed at random: nothing that was acknowledged is lost, and one history over all lives
 * can be explained. Few deaths here, so that every change passes them. `TROUPE_PROCESS_KILLS` and `TROUPE_HOST_KILLS` say how many
 * processes and hosts die (CI: 300 each), `TROUPE_SEED` asks for another course.
 */
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const kills = Number(process.env['TROUPE_PROCESS_KILLS'] ?? 30);
const hostKills = Number(process.env['TROUPE_HOST_KILLS'] ?? 40);
const seed = Number(process.env['TROUPE_SEED'] ?? 1);
/** A death takes a second of a processor at the most, and the machine may be busy. */
const timeoutMs = 120_000 + 4_000 * Math.max(kills, hostKills);

interface Report {
  readonly requests: number;
  /** By form and how it ended. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** How many were acknowledged, in whichever form they were asked for. */
function acknowledged({ outcomes }: Report): number {
  const counts = Object.entries(outcomes).filter(([what]) => what.endsWith(' ok'));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

describe('nothing that was acknowledged is lost with', () => {
  test.each([
    ['lmdb', 'list-append', ['--storage', 'lmdb'], hostKills / 2],
    ['lmdb', 'bank', ['--storage', 'lmdb'], hostKills / 2],
    ['backups: 1', 'list-append', ['--backups', 1], hostKills / 6],
    ['backups: 1', 'bank', ['--backups', 1], hostKills / 6],
    ['backups: 1', 'counter', ['--backups', 1], hostKills / 6],
    ['backups: 1 and lmdb', 'list-append', ['--backups', 1, '--storage', 'lmdb'], hostKills / 12],
  ])('a host, with %s: %s', { timeout: timeoutMs }, async (_, workload, storage, count) => {
    const deaths = Math.ceil(count);
    const args = ['--workload', workload, '--hosts', 3, '--seconds', 1, '--seed', seed, '--kills', deaths];
    const report = JSON.parse(
      await runProgram('torture/main.mjs', { args: [...args, ...storage], timeoutMs }),
    ) as Report;
    expect(report.problems).toEqual([]);
    expect(report.outcomes['kills']).toBeGreaterThanOrEqual(deaths);
    expect(acknowledged(report)).toBeGreaterThan(deaths);
  });

  test('a process', { timeout: timeoutMs }, async () => {
    const args = ['--kills', kills, '--seed', seed];
    const report = JSON.parse(await runProgram('kills/main.mjs', { args, timeoutMs })) as Report;
    expect(report.problems).toEqual([]);
    expect(acknowledged(report)).toBeGreaterThan(kills);
  });
});
