import { type PlantedFault, plantedFaults, simulate } from '@troupe/testkit/simulation';
import { expect, test } from 'vitest';

const seedsMax = 500;

/** The first seed that shows the fault. */
function seedsUntilFound(fault: PlantedFault): number {
  for (let seed = 0; seed < seedsMax; seed++) if (!simulate(seed, fault).ok) return seed + 1;
  return Infinity;
}

test.each(plantedFaults)(
  'the simulation finds $name',
  (fault) => {
    expect(seedsUntilFound(fault)).toBeLessThanOrEqual(seedsMax);
  },
  60_000,
);

test.each(plantedFaults.filter(({ aim }) => aim !== undefined))(
  'the workload aimed at $name is clean without the fault',
  ({ mode, aim }) => {
    const failed = Array.from({ length: 5 }, (_, seed) => simulate(seed, { mode, aim: aim ?? {} })).filter(
      ({ ok }) => !ok,
    );
    expect(failed.map(({ seed, problems }) => `seed ${seed}: ${problems[0]}`)).toEqual([]);
  },
  60_000,
);
