/**
 * Says where the time went in what missed its goal: each such subject of Troupe runs once more, under the profiler, and
 * the busiest functions of its threads are added to the results. A run of its own, because profiling slows what it looks
 * at; start, filling and checking are in it, too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunResults } from '../page/run-results.ts';
import type { ScenarioResult, SubjectResult } from '../results.ts';
import type { Scenario, Subject } from '../scenario.ts';
import type { SubjectReport } from '../subject-run.ts';
import { threadTimes } from './profile-report.ts';

/** Runs a subject once, with its profiles in that folder. */
export type RunProfiled = (scenario: Scenario, subject: Subject, folder: string) => Promise<SubjectReport>;

export interface Explained {
  readonly run: RunResults;
  readonly failures: readonly string[];
}

/** The results with profiles of what missed a goal in those of `scenarios`; earlier ones of the same are replaced. */
export async function explained(
  run: RunResults,
  scenarios: readonly Scenario[],
  runProfiled: RunProfiled,
): Promise<Explained> {
  const failures: string[] = [];
  const explainedScenarios: ScenarioResult[] = [];
  for (const measured of run.scenarios) {
    const scenario = scenarios.find(({ name }) => name === measured.name);
    const results: SubjectResult[] = [];
    for (const result of measured.results) {
      const subject = scenario?.subjects.find(({ name }) => name === result.subject);
      if (scenario === undefined || subject === undefined || !missedGoal(measured, result)) {
        results.push(result);
        continue;
      }
      const threads = await profileOf(scenario, subject, runProfiled, failures);
      results.push(threads === undefined ? result : { ...result, threads });
    }
    explainedScenarios.push({ ...measured, results });
  }
  return { run: { ...run, scenarios: explainedScenarios }, failures };
}

/** Did it miss a goal, in a ratio or with the figure itself? */
export function missedGoal({ ratios }: ScenarioResult, { subject, met, isOurs }: SubjectResult): boolean {
  if (isOurs !== true) return false;
  return met === false || ratios.some((ratio) => ratio.subject === subject && ratio.met === false);
}

async function profileOf(
  scenario: Scenario,
  subject: Subject,
  runProfiled: RunProfiled,
  failures: string[],
): Promise<SubjectResult['threads']> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-profile-'));
  try {
    const report = await runProfiled(scenario, subject, folder);
    if (report.kind === 'measured') return threadTimes(folder);
    failures.push(`${scenario.name}, ${subject.name}: ${report.reason}`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
