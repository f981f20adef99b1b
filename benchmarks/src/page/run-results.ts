/** The JSON files of runs, as the report reads them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';
import type { ScenarioResult } from '../results.ts';

/** What one run has written. */
export interface RunResults {
  readonly machine: Machine;
  readonly node: string;
  readonly commit: string;
  readonly rounds: number;
  readonly scenarios: readonly ScenarioResult[];
  readonly failures: readonly string[];
}

/** All runs of a folder, the oldest Node first. Throws for a file that is no result. */
export function readRuns(folder: string): RunResults[] {
  const files = existing(folder).filter((file) => file.endsWith('.json'));
  const runs = files.map((file) => parsedRun(readFileSync(join(folder, file), 'utf8'), join(folder, file)));
  return runs.toSorted((a, b) => a.node.localeCompare(b.node, 'en', { numeric: true }));
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

/** Scenarios of all runs, in the order of the first run that has them. */
export function scenarioNames(runs: readonly RunResults[]): string[] {
  return [...new Set(runs.flatMap(({ scenarios }) => scenarios.map(({ name }) => name)))];
}

export function scenarioOf(run: RunResults, name: string): ScenarioResult | undefined {
  return run.scenarios.find((scenario) => scenario.name === name);
}
