/**
 * Hosts that are killed at random moments under map-reduces: each result is right for the data that is there, or the
 * call ends with a code. Seeded; the moments are still those of real threads. `TROUPE_KILLS` sets how many there are
 * (200 before a release), `TROUPE_SEED` chooses another course.
 */
import { expect, test } from 'vitest';
import { runProgram } from './program.ts';

const seed = Number(process.env['TROUPE_SEED'] ?? 1);
const kills = Number(process.env['TROUPE_KILLS'] ?? 25);
const timeoutMs = 120_000;

interface MapStorm {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly runs: number;
  readonly right: number;
  readonly struck: number;
}

test(`a map-reduce under ${kills} deaths of threads is right or ends with a code`, {
  timeout: timeoutMs,
}, async () => {
  const storm = JSON.parse(
    await runProgram('map-storm.mjs', { args: [seed, kills, 2], timeoutMs }),
  ) as MapStorm;
  expect(storm).toMatchObject({ hung: [], uncoded: [], faults: [], complaints: [], pendingCalls: 0 });
  const codes = Object.keys(storm.outcomes).filter((outcome) => outcome.startsWith('mapReduce '));
  expect(['mapReduce HOST_LOST', 'mapReduce PARTITION_UNAVAILABLE', 'mapReduce ok']).toEqual(
    expect.arrayContaining(codes),
  );
  expect(storm.struck).toBeGreaterThan(kills / 2);
  // A dead thread is no failure as long as its successor lives: most map-reduces come to their end.
  expect(storm.right).toBeGreaterThan(storm.runs / 2);
});
