import { plantedFaults, simulate } from '@troupe/testkit/simulation';
import { describe, expect, test } from 'vitest';

const seeds = Array.from({ length: 40 }, (_, seed) => seed);
const results = seeds.map((seed) => simulate(seed));
const counters = results.map((result) => result.counters);

describe('a simulated run', () => {
  test('is the same again for the same seed', () => {
    expect(seeds.map((seed) => simulate(seed))).toEqual(results);
  });

  test('differs from seed to seed', () => {
    expect(new Set(results.map(({ traceHash }) => traceHash)).size).toBe(seeds.length);
  });

  test('fails in the same way again when a fault is planted', () => {
    const fault = plantedFaults.find(({ name }) => name === 'queue-by-arrival');
    const failed = seeds.map((seed) => simulate(seed, fault)).find(({ ok }) => !ok);
    expect(failed).toBeDefined();
    expect(simulate(failed?.seed ?? 0, fault)).toEqual(failed);
  });

  test('has everything in it that may go wrong, over a few seeds', () => {
    const sumOf = (pick: (one: (typeof counters)[number]) => number): number =>
      counters.reduce((sum, one) => sum + pick(one), 0);
    expect(sumOf(({ commits }) => commits)).toBeGreaterThan(500);
    for (const cause of ['wounded', 'participant-lost', 'timeout', 'user'] as const) {
      expect(sumOf(({ aborts }) => aborts[cause])).toBeGreaterThan(10);
    }
    expect(sumOf(({ deaths }) => deaths)).toBeGreaterThan(20);
    expect(sumOf(({ snapshots }) => snapshots)).toBeGreaterThan(100);
    expect(sumOf(({ snapshotsTooOld }) => snapshotsTooOld)).toBeGreaterThan(5);
    expect(sumOf(({ plain }) => plain)).toBeGreaterThan(100);
    expect(sumOf(({ scans }) => scans)).toBeGreaterThan(50);
  });

  test('lets no operation starve: a retried transaction keeps its age', () => {
    expect(Math.max(...counters.map(({ attemptsMax }) => attemptsMax))).toBeLessThan(20);
  });
});
