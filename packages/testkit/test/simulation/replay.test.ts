import { calmWeather } from '@troupe/testkit';
import { plantedFaults, type SimulationMode, simulate } from '@troupe/testkit/simulation';
import { describe, expect, test, vi } from 'vitest';

// A run takes milliseconds, but of a core that it may have to share.
vi.setConfig({ testTimeout: 60_000 });

const seeds = Array.from({ length: 40 }, (_, seed) => seed);
const modes: readonly SimulationMode[] = ['memory', 'one-log'];

describe.each(modes)('a simulated run in mode %s', (mode) => {
  const results = seeds.map((seed) => simulate(seed, { mode }));
  const counters = results.map((result) => result.counters);
  const sumOf = (pick: (one: (typeof counters)[number]) => number): number =>
    counters.reduce((sum, one) => sum + pick(one), 0);

  test('is the same again for the same seed', () => {
    expect(seeds.map((seed) => simulate(seed, { mode }))).toEqual(results);
  });

  test('differs from seed to seed', () => {
    expect(new Set(results.map(({ traceHash }) => traceHash)).size).toBe(seeds.length);
  });

  test('fails in the same way again when a fault is planted', () => {
    const name = mode === 'memory' ? 'queue-by-arrival' : 'answer-before-the-flush';
    const fault = plantedFaults.find((planted) => planted.name === name);
    const failed = seeds.map((seed) => simulate(seed, fault)).find(({ ok }) => !ok);
    expect(failed).toBeDefined();
    expect(simulate(failed?.seed ?? 0, fault)).toEqual(failed);
  });

  test('has everything in it that may go wrong, over a few seeds', () => {
    expect(sumOf(({ commits }) => commits)).toBeGreaterThan(500);
    for (const cause of ['wounded', 'participant-lost', 'timeout', 'user'] as const) {
      expect(sumOf(({ aborts }) => aborts[cause])).toBeGreaterThan(10);
    }
    expect(sumOf(({ deaths }) => deaths)).toBeGreaterThan(20);
    expect(sumOf(({ snapshots }) => snapshots)).toBeGreaterThan(100);
    expect(sumOf(({ snapshotsTooOld }) => snapshotsTooOld)).toBeGreaterThan(5);
    expect(sumOf(({ plain }) => plain)).toBeGreaterThan(100);
    expect(sumOf(({ scans }) => scans)).toBeGreaterThan(50);
    expect(sumOf(({ procedures }) => procedures)).toBeGreaterThan(100);
    expect(sumOf(({ savepoints }) => savepoints)).toBeGreaterThan(50);
    expect(sumOf(({ clears }) => clears)).toBeGreaterThan(20);
    expect(sumOf(({ repeats }) => repeats)).toBeGreaterThan(100);
    expect(sumOf(({ storedAnswers }) => storedAnswers)).toBeGreaterThan(50);
    // States of actors are not in the log.
    expect(sumOf(({ turns }) => turns) > 20).toBe(mode === 'memory');
    expect(sumOf(({ aborts }) => aborts.busy) > 10).toBe(mode === 'memory');
  });

  test('lets no operation starve: a retried transaction keeps its age', () => {
    expect(Math.max(...counters.map(({ attemptsMax }) => attemptsMax))).toBeLessThan(20);
  });
});

test('a log is crashed, asked about the dead, and refuses what comes too late', () => {
  // Hosts that die, and are back, while much is on its slow way to a slow log.
  const weather = { ...calmWeather, clogChance: 0.1, clogMeanMs: 20 };
  const hosts = { hosts: 3, hostProcesses: 2, deaths: 6, restartDelay: 0 };
  const aim = { ...hosts, crashes: 2, logDelay: 10, weather };
  const all = seeds.map((seed) => simulate(seed, { mode: 'one-log', aim }));
  expect(all.filter(({ ok }) => !ok)).toEqual([]);
  const sumOf = (name: 'crashes' | 'prevents' | 'refusals' | 'recordsLost'): number =>
    all.reduce((sum, { counters }) => sum + counters[name], 0);
  expect(sumOf('crashes')).toBeGreaterThan(40);
  expect(sumOf('recordsLost')).toBeGreaterThan(10);
  expect(sumOf('prevents')).toBeGreaterThan(5);
  expect(sumOf('refusals')).toBeGreaterThan(0);
});

test('a mode of its own makes a run of its own', () => {
  expect(simulate(1, { mode: 'one-log' }).traceHash).not.toBe(simulate(1, { mode: 'memory' }).traceHash);
});
