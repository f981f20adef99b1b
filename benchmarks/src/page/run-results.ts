/** The JSON files of runs, as the report reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';
import type { ScenarioResult } from '../results.ts';
import { scenarios } from '../scenarios.ts';

/** What one run has written. */
export interface RunResults {
  readonly machine: Machine;
  readonly node: string;
  readonly commit: string;
  readonly rounds: number;
  readonly scenarios: readonly ScenarioResult[];
  readonly failures: readonly string[];
}

/**
 * All runs of a folder, the oldest Node first. Those of one commit on one Node are told as one: they may have been made
 * one after the other, with more rounds for some scenarios than for others. Throws for a file that is no result.
 */
export function readRuns(folder: string): RunResults[] {
  const files = existing(folder).filter((file) => file.endsWith('.json'));
  const runs = files.map((file) => parsedRun(readFileSync(join(folder, file), 'utf8'), join(folder, file)));
  return joined(runs).toSorted((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true }));
}

/** Of a scenario that several runs have, the one with the most rounds counts. */
function joined(runs: readonly RunResults[]): RunResults[] {
  const groups = new Map<string, RunResults>();
  for (const run of runs.toSorted((a, b) => b.rounds - a.rounds)) {
    const { node, commit, machine } = run;
    const id = JSON.stringify([node, commit, machine.cpu, machine.cores]);
    const first = groups.get(id);
    groups.set(id, first === undefined ? run : withMore(first, run));
  }
  return [...groups.values()];
}

function withMore(run: RunResults, more: RunResults): RunResults {
  const missing = more.scenarios.filter(({ name }) => scenarioOf(run, name) === undefined);
  const names = new Set(missing.map(({ name }) => name));
  // Each begins with its scenario.
  const failures = more.failures.filter((failure) => names.has(failure.split(',', 1)[0] ?? ''));
  return {
    ...run,
    scenarios: [...run.scenarios, ...missing],
    failures: [...run.failures, ...failures],
  };
}

/** How often its scenarios were measured, in words. */
export function roundsText({ rounds, scenarios: measured }: RunResults): string {
  const least = Math.min(rounds, ...measured.map(roundsOf).filter((of) => of > 0));
  return least === rounds ? `${rounds} rounds` : `${least} to ${rounds} rounds`;
}

/** Of the subject that failed least. */
export function roundsOf({ results }: ScenarioResult): number {
  return Math.max(0, ...results.map(({ rounds }) => rounds));
}

function existing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export function parsedRun(text: string, name: string): RunResults {
  const run = JSON.parse(text) as Partial<RunResults> | null;
  if (!Array.isArray(run?.scenarios) || typeof run.node !== 'string' || run.machine === undefined) {
    throw new Error(`${name} holds no results of a run; write it with npm run bench -- --json ${name}`);
  }
  return run as RunResults;
}

/** Scenarios of all runs, in the order in which they are listed; what isn't listed any more comes last. */
export function scenarioNames(runs: readonly RunResults[]): string[] {
  const measured = new Set(runs.flatMap((run) => run.scenarios.map(({ name }) => name)));
  const listed = scenarios.map(({ name }) => name).filter((name) => measured.has(name));
  return [...new Set([...listed, ...measured])];
}

export function scenarioOf(run: RunResults, name: string): ScenarioResult | undefined {
  return run.scenarios.find((scenario) => scenario.name === name);
}
