/** From samples to results: what is printed, and written as JSON. */
import type { ThreadTimes } from './profile/profile-report.ts';
import type { Rounds } from './rounds.ts';
import type { Comparison, Params, Point, Sample, Scenario, Subject } from './scenario.ts';
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
  /** The goal for the median itself. */
  readonly target?: Target;
  readonly met?: boolean;
  readonly point?: Point;
  /** It is Troupe that was measured. */
  readonly isOurs?: boolean;
  /** Where its threads spent their time, in a profiled run of its own (`--explain`). */
  readonly threads?: readonly ThreadTimes[];
}

/** A subject that was not measured, because something it needs is not there. */
export interface Skipped {
  readonly subject: string;
  readonly reason: string;
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
  readonly about: string;
  readonly unit: Scenario['unit'];
  readonly xLabel?: string;
  readonly params: Readonly<Record<string, number>>;
  readonly results: readonly SubjectResult[];
  readonly ratios: readonly RatioResult[];
  readonly skipped: readonly Skipped[];
}

export function resultsOf(
  scenario: Scenario,
  params: Params,
  { samples, skipped }: Rounds,
  versionOf: (subject: Subject) => string,
): ScenarioResult {
  const { name, title, about, unit, xLabel } = scenario;
  const subjects = scenario.subjects.filter((subject) => samples.has(subject));
  return {
    name,
    title,
    about,
    unit,
    ...(xLabel === undefined ? {} : { xLabel }),
    params: Object.fromEntries(scenario.params.map((param) => [param, params[param]])),
    results: subjects.map((subject) => ({
      subject: subject.name,
      version: versionOf(subject),
      ...withGoal(scenario, subject, measuredOf(samples.get(subject))),
      ...(subject.point === undefined ? {} : { point: subject.point }),
      ...(subject.library === 'troupe' ? { isOurs: true } : {}),
    })),
    ratios: subjects.flatMap((subject) => ratioResults(scenario, subject, samples)),
    skipped,
  };
}

type Figures = Omit<SubjectResult, 'subject' | 'version' | 'point' | 'isOurs'>;

function measuredOf(samples: readonly (Sample | undefined)[] = []): Sample[] {
  return samples.filter((sample) => sample !== undefined);
}

/** Where nothing is compared, a target is one for the figure itself. */
function withGoal({ reference }: Scenario, subject: Subject, measured: readonly Sample[]): Figures {
  const figures = figuresOf(measured);
  const target = reference === undefined ? subject.target : subject.valueTarget;
  if (target === undefined || figures.median === undefined) return figures;
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

function ratioResults(scenario: Scenario, subject: Subject, samples: Rounds['samples']): RatioResult[] {
  const { reference, subjects } = scenario;
  const main: Comparison[] =
    reference === undefined || reference === subject.name
      ? []
      : [{ versus: reference, ...(subject.target === undefined ? {} : { target: subject.target }) }];
  const values = (of: Subject | undefined) =>
    of === undefined ? [] : (samples.get(of) ?? []).map((sample) => sample?.value);
  return [...main, ...(subject.comparisons ?? [])].flatMap(({ versus, target }) => {
    const spread = ratioOf(values(subject), values(subjects.find(({ name }) => name === versus)));
    if (spread === undefined) return [];
    const { median: ratio, min, max } = spread;
    const goal = target === undefined ? {} : { target, met: isMet(target, ratio) };
    return [{ subject: subject.name, versus, ratio, min, max, ...goal }];
  });
}
