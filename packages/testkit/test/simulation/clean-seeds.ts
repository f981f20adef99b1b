import { type SimulationMode, simulate } from '@troupe/testkit/simulation';
import { describe, expect, test } from 'vitest';

const modes: readonly SimulationMode[] = ['memory', 'one-log'];

/** Tests a range of seeds in both modes. The ranges lie in several files because vitest runs files side by side. */
export function testSeeds(from: number, count: number): void {
  describe.each(modes)('the protocol, its fates decided in mode %s', (mode) => {
    test(`is right in seeds ${from} to ${from + count - 1}`, () => {
      expect(failuresOf(mode, from, count)).toEqual([]);
    }, 180_000);
  });
}

/** The seeds of a range that found something wrong with the protocol, each with its first problem. */
function failuresOf(mode: SimulationMode, from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => simulate(from + index, { mode }))
    .filter(({ ok }) => !ok)
    .map(({ seed, problems }) => `seed ${seed}: ${problems[0]}`);
}
