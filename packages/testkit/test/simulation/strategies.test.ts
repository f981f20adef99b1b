import { simulate } from '@troupe/testkit/simulation';
import { lockStrategies, Participant } from '@troupe/transactions';
import { expect, test } from 'vitest';

// Wound-wait has the clean seeds; these are the strategies that it is measured against.
test.each(['wait-die', 'no-wait'] as const)(
  'the protocol is right under %s in seeds 0 to 59, and everything ends',
  (name) => {
    const results = Array.from({ length: 60 }, (_, seed) =>
      simulate(seed, {
        parts: {
          participant: (partition, ports) => new Participant(partition, ports, lockStrategies[name]),
        },
      }),
    );
    const failed = results.filter(({ ok }) => !ok);
    expect(failed.map(({ seed, problems }) => `seed ${seed}: ${problems[0]}`)).toEqual([]);
    const sumOf = (pick: (one: (typeof results)[number]['counters']) => number): number =>
      results.reduce((sum, { counters }) => sum + pick(counters), 0);
    expect(sumOf(({ aborts }) => aborts.wounded)).toBeGreaterThan(500);
    expect(sumOf(({ plain }) => plain)).toBeGreaterThan(200);
  },
  120_000,
);
