/**
 * Runs the subjects of a scenario in rounds: each round measures every subject once, one process after the other, and
 * begins with another subject than the last, so that none always has the same place in what the machine does besides.
 */
import type { Sample, Scenario, Subject } from './scenario.ts';
import type { SubjectReport } from './subject-run.ts';

/** What every subject did, by round; undefined for a round in which it failed. */
export interface Rounds {
  readonly samples: ReadonlyMap<Subject, readonly (Sample | undefined)[]>;
  readonly failures: readonly string[];
}

export type Run = (subject: Subject, round: number) => Promise<SubjectReport>;

export async function runRounds(scenario: Scenario, roundCount: number, run: Run): Promise<Rounds> {
  const samples = new Map(scenario.subjects.map((subject) => [subject, [] as (Sample | undefined)[]]));
  const failures: string[] = [];
  for (let round = 0; round < roundCount; round++) {
    for (const subject of turned(scenario.subjects, round)) {
      const report = await run(subject, round);
      samples.get(subject)?.push(report.kind === 'measured' ? report.sample : undefined);
      if (report.kind === 'failed') {
        failures.push(`${scenario.name}, ${subject.name}, round ${round + 1}: ${report.reason}`);
      }
    }
  }
  return { samples, failures };
}

function turned<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
