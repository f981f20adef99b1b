/** The goals of the runs: what was aimed at, what came out, and by how much it was missed. */
import type { ScenarioResult } from '../results.ts';
import { type Target, targetText } from '../statistics.ts';
import { figure } from './figure.ts';
import { type RunResults, scenarioNames, scenarioOf } from './run-results.ts';

/** One goal with what each run made of it; undefined for a run that did not measure it. */
export interface GoalRow {
  readonly scenario: string;
  readonly subject: string;
  /** What it is compared with; undefined for a goal of the figure itself. */
  readonly versus: string | undefined;
  readonly unit: string;
  readonly target: Target;
  readonly outcomes: readonly (Outcome | undefined)[];
}

export interface Outcome {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly met: boolean;
}

type Goal = Omit<GoalRow, 'outcomes'>;
type GoalOfRun = Goal & { readonly outcome: Outcome };

export function goalRows(runs: readonly RunResults[]): GoalRow[] {
  const rows = new Map<string, Goal & { readonly outcomes: (Outcome | undefined)[] }>();
  for (const name of scenarioNames(runs)) {
    for (const [index, run] of runs.entries()) {
      const scenario = scenarioOf(run, name);
      for (const { outcome, ...goal } of scenario === undefined ? [] : goalsOf(scenario)) {
        const id = JSON.stringify([goal.scenario, goal.subject, goal.versus]);
        const row = rows.get(id) ?? { ...goal, outcomes: runs.map(() => undefined) };
        row.outcomes[index] = outcome;
        rows.set(id, row);
      }
    }
  }
  return [...rows.values()];
}

function goalsOf({ name, unit, results, ratios }: ScenarioResult): GoalOfRun[] {
  const ofRatios = ratios.flatMap(({ subject, versus, ratio, min, max, target, met }) =>
    target === undefined
      ? []
      : [
          {
            scenario: name,
            subject,
            versus,
            unit: '×',
            target,
            outcome: { value: ratio, min, max, met: met === true },
          },
        ],
  );
  const ofFigures = results.flatMap(
    ({ subject, median = Number.NaN, min = median, max = median, target, met }) =>
      target === undefined
        ? []
        : [
            {
              scenario: name,
              subject,
              versus: undefined,
              unit,
              target,
              outcome: { value: median, min, max, met: met === true },
            },
          ],
  );
  return [...ofRatios, ...ofFigures];
}

/** What was aimed at, in words. */
export function goalText({ target, unit, versus }: GoalRow): string {
  return versus === undefined ? `${targetText(target)} ${unit}` : `${targetText(target)}× ${versus}`;
}

/** What came out, in words, with how far from the goal it is where it was missed. */
export function outcomeText(target: Target, { value, min, max, met }: Outcome): string {
  const spread = `${figure(value)} [${figure(min)} – ${figure(max)}]`;
  return met ? `${spread}, met` : `${spread}, NOT MET: ${missedBy(target, value)}`;
}

/** In percent of the goal. */
export function missedBy(target: Target, value: number): string {
  const goal = 'atLeast' in target ? target.atLeast : target.atMost;
  const percent = Math.abs(value / goal - 1) * 100;
  const rounded = percent.toLocaleString('en', { maximumSignificantDigits: 2 });
  return `${rounded} % ${'atLeast' in target ? 'below' : 'above'}`;
}
