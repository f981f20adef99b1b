/** From samples to results: what is printed, and written as JSON. */
import type { Rounds } from './rounds.ts';
import type { Params, Sample, Scenario, Subject } from './scenario.ts';
import { isMet, ratioOf, type Spread, spreadOf, type Target } from './statistics.ts';

export interface SubjectResult extends Partial<Spread> {
  readonly subject: string;
  readonly version: string;
  /** Rounds that were measured; without any, there are no figures. */
  readonly rounds: number;
  /** Medians over the rounds. */
  readonly p50Us?: number;
  readonly p99Us?: number;
  readonly extra?: Readonly<Record<string, number>>;
  /** The goal for the median itself, in a scenario without a reference. */
  readonly target?: Target;
  readonly met?: boolean;
}

export interface RatioResult {
  readonly subject: string;
  readonly versus: string;
  /** The median of the ratios within each round. */
  readonly ratio: number;
  readonly min: number;
  readonly max: number;
  readonly target?: Target;
  readonly met?: boolean;
}

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly unit: Scenario['unit'];
  readonly params: Readonly<Record<string, number>>;
  readonly results: readonly SubjectResult[];
  readonly ratios: readonly RatioResult[];
}

export function resultsOf(
  scenario: Scenario,
  params: Params,
  { samples }: Rounds,
  versionOf: (subject: Subject) => string,
): ScenarioResult {
  const { name, title, unit, subjects } = scenario;
  return {
    name,
    title,
    unit,
    params: Object.fromEntries(scenario.params.map((param) => [param, params[param]])),
    results: subjects.map((subject) => ({
      subject: subject.name,
      version: versionOf(subject),
      ...withGoal(scenario, subject, measuredOf(samples.get(subject))),
    })),
    ratios: subjects.flatMap((subject) => ratioResult(scenario, subject, samples)),
  };
}

type Figures = Omit<SubjectResult, 'subject' | 'version'>;

function measuredOf(samples: readonly (Sample | undefined)[] = []): Sample[] {
  return samples.filter((sample) => sample !== undefined);
}

/** Where nothing is compared, a target is one for the figure itself. */
function withGoal({ reference }: Scenario, { target }: Subject, measured: readonly Sample[]): Figures {
  const figures = figuresOf(measured);
  if (reference !== undefined || target === undefined || figures.median === undefined) return figures;
  return { ...figures, target, met: isMet(target, figures.median) };
}

function figuresOf(measured: readonly Sample[]): Figures {
  const [first] = measured;
  if (first === undefined) return { rounds: 0 };
  const median = (pick: (sample: Sample) => number | undefined): number =>
    spreadOf(measured.map((sample) => pick(sample) ?? Number.NaN)).median;
  const extraNames = Object.keys(first.extra ?? {});
  return {
    rounds: measured.length,
    ...spreadOf(measured.map(({ value }) => value)),
    ...(first.latencyUs === undefined
      ? {}
      : {
          p50Us: median(({ latencyUs }) => latencyUs?.p50),
          p99Us: median(({ latencyUs }) => latencyUs?.p99),
        }),
    ...(extraNames.length === 0
      ? {}
      : {
          extra: Object.fromEntries(
            extraNames.map((extra) => [extra, median((sample) => sample.extra?.[extra])]),
          ),
        }),
  };
}

function ratioResult(scenario: Scenario, subject: Subject, samples: Rounds['samples']): RatioResult[] {
  const reference = scenario.subjects.find(({ name }) => name === scenario.reference);
  if (reference === undefined || reference === subject) return [];
  const values = (of: Subject) => (samples.get(of) ?? []).map((sample) => sample?.value);
  const spread = ratioOf(values(subject), values(reference));
  if (spread === undefined) return [];
  const { median: ratio, min, max } = spread;
  const { target } = subject;
  const goal = target === undefined ? {} : { target, met: isMet(target, ratio) };
  return [{ subject: subject.name, versus: reference.name, ratio, min, max, ...goal }];
}
