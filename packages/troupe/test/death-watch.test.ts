/**
 * Watches under load while hosts are killed: everyone who outlives a thread is told of each actor on it, once.
 * `TROUPE_DEATHS=1000` kills that many, `TROUPE_SEED` chooses another course; `npm run soak:deaths` does it without the
 * test.
 */
import { describe, expect, test } from 'vitest';
import { runProgram } from './program.ts';

const seed = Number(process.env['TROUPE_SEED'] ?? 1);
const deaths = Number(process.env['TROUPE_DEATHS'] ?? 40);
const timeoutMs = 60_000 + 3_000 * deaths;

interface DeathStorm {
  readonly deaths: number;
  readonly notices: number;
  readonly wrong: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
}

describe('watchers of actors whose threads die', () => {
  test(`are told of each of ${deaths} deaths, by the service and on other threads, once`, {
    timeout: timeoutMs,
  }, async () => {
    const printed = await runProgram('death-storm.mjs', { args: [seed, deaths, 4], timeoutMs });
    const storm = JSON.parse(printed) as DeathStorm;
    expect(storm).toMatchObject({ wrong: [], hung: [], uncoded: [], faults: [], complaints: [] });
    expect(storm.deaths).toBeGreaterThanOrEqual(deaths);
    // The service alone watches six actors on each thread.
    expect(storm.notices).toBeGreaterThan(6 * deaths);
    expect(storm.outcomes['ask ok']).toBeGreaterThan(deaths);
  });
});
