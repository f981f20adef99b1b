/**
 * Runs the subjects of a scenario in rounds: each round measures every subject once, one process after the other, and
 * begins with another subject than the last, so that none always has the same place in what the machine does besides.
 */
import type { Skipped } from './results.ts';
import type { Sample, Scenario, Subject } from './scenario.ts';
import type { SubjectReport } from './subject-run.ts';

/** What every subject did, by round; undefined for a round in which it failed. */
export interface Rounds {
  /** Without the subjects that were skipped. */
  readonly samples: ReadonlyMap<Subject, readonly (Sample | undefined)[]>;
  readonly failures: readonly string[];
  readonly skipped: readonly Skipped[];
}

export type Run = (subject: Subject, round: number) => Promise<SubjectReport>;

/** Measures those of the scenario's subjects that `skipped` doesn't name. */
export async function runRounds(
  scenario: Scenario,
  roundCount: number,
  run: Run,
  skipped: readonly Skipped[] = [],
): Promise<Rounds> {
  const left = new Set(skipped.map(({ subject }) => subject));
  const subjects = scenario.subjects.filter(({ name }) => !left.has(name));
  const samples = new Map(subjects.map((subject) => [subject, [] as (Sample | undefined)[]]));
  const failures: string[] = [];
  for (let round = 0; round < roundCount; round++) {
    for (const subject of turned(subjects, round)) {
      const report = await run(subject, round);
      samples.get(subject)?.push(report.kind === 'measured' ? report.sample : undefined);
      if (report.kind === 'failed') {
        failures.push(`${scenario.name}, ${subject.name}, round ${round + 1}: ${report.reason}`);
      }
    }
  }
  return { samples, failures, skipped };
}

function turned<T>(items: readonly T[], by: number): T[] {
  if (items.length === 0) return [];
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
