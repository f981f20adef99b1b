/** Measures one scenario: sees that what its subjects need is there, leaves out what isn't, and runs the rounds. */
import { join } from 'node:path';
import type { Settings } from './command-line.ts';
import { versionOf } from './machine.ts';
import { fullParams, quickParams, smokeParams } from './params.ts';
import type { Progress } from './progress.ts';
import { resultsOf, type ScenarioResult, type Skipped } from './results.ts';
import { type Run, runRounds } from './rounds.ts';
import { type Params, paramsOf, type Scenario, type Subject, withoutTargets } from './scenario.ts';
import type { Servers } from './servers/servers.ts';
import { type RunOptions, runSubject, runSubjects, type SubjectReport } from './subject-run.ts';

export interface Means {
  readonly servers: Servers;
  readonly progress: Progress;
}

export interface Measured {
  readonly result: ScenarioResult;
  readonly failures: readonly string[];
}

export async function measureScenario(asked: Scenario, settings: Settings, means: Means): Promise<Measured> {
  const { rounds, seconds, isSmoke, isFull, profileFolder } = settings;
  const { servers, progress } = means;
  const scenario = isSmoke ? smokeForm(asked) : asked;
  const size = isSmoke ? smokeParams : isFull ? fullParams : quickParams;
  const params: Params = paramsOf(scenario, { ...size, seconds }, isSmoke);
  const { skipped, versions } = await preparedFor(scenario, settings, servers);
  const left = new Set(skipped.map(({ subject }) => subject));
  const subjects = scenario.subjects.filter(({ name }) => !left.has(name));
  const options = (subject?: Subject): RunOptions => ({
    params,
    environment: servers.environment(),
    profileFolder:
      profileFolder === undefined || subject === undefined
        ? undefined
        : join(profileFolder, fileName(scenario.name), fileName(subject.name)),
  });
  if (!isSmoke) progress.begin(scenario.name, subjects.length * rounds);
  const single: Run = (subject, round) => {
    progress.step(`round ${round + 1} of ${rounds}, ${subject.name}`);
    return runSubject(scenario, subject, options(subject));
  };
  const run = isSmoke ? await allAtOnce(scenario, subjects, options()) : single;
  const measured = await runRounds(scenario, rounds, run, skipped);
  if (!isSmoke) progress.end();
  return {
    result: resultsOf(scenario, params, measured, (subject) => versions.get(subject) ?? versionOf(subject)),
    failures: measured.failures,
  };
}

/** Runs one subject once, with CPU profiles of its threads. */
export async function profileSubject(
  scenario: Scenario,
  subject: Subject,
  folder: string,
  { seconds }: Settings,
  { servers, progress }: Means,
): Promise<SubjectReport> {
  const provision = await servers.provide(subject.needs);
  if (provision.kind === 'missing') return { kind: 'failed', reason: provision.reason };
  progress.begin(`${scenario.name}, ${subject.name}`, 1);
  const params = paramsOf(scenario, { ...quickParams, seconds }, false);
  const report = await runSubject(scenario, subject, {
    params,
    environment: servers.environment(),
    profileFolder: folder,
  });
  progress.end();
  return report;
}

/** Nothing is judged; of a variant, the reference and one of ours show that it works. */
function smokeForm(asked: Scenario): Scenario {
  const scenario = atSmallPoints(withoutTargets(asked));
  if (scenario.isVariant !== true) return scenario;
  const { subjects, reference } = scenario;
  const ours = subjects.find(({ library }) => library === 'troupe');
  return {
    ...scenario,
    subjects: subjects.filter((subject) => subject === ours || subject.name === reference),
  };
}

/** Of each curve, the two smallest points. */
function atSmallPoints(scenario: Scenario): Scenario {
  const seen = new Map<string, number>();
  const subjects = scenario.subjects.filter(({ point }) => {
    if (point === undefined) return true;
    const count = (seen.get(point.series) ?? 0) + 1;
    seen.set(point.series, count);
    return count <= smokePoints;
  });
  return { ...scenario, subjects };
}

const smokePoints = 2;

/** A smoke run needs no clean process for each subject. */
async function allAtOnce(
  scenario: Scenario,
  subjects: readonly Subject[],
  options: RunOptions,
): Promise<Run> {
  const reports = await runSubjects(scenario, subjects, options);
  const bySubject = new Map(subjects.map((subject, index) => [subject, reports[index]]));
  return async (subject) =>
    bySubject.get(subject) ?? { kind: 'failed', reason: 'it was not among the subjects' };
}

function isQuickRun({ only, isFull, isSmoke }: Settings): boolean {
  return only.length === 0 && !isFull && !isSmoke;
}

interface Prepared {
  readonly skipped: readonly Skipped[];
  /** Of subjects that use a server: its version beside the client's. */
  readonly versions: ReadonlyMap<Subject, string>;
}

async function preparedFor(scenario: Scenario, settings: Settings, servers: Servers): Promise<Prepared> {
  const skipped: Skipped[] = [];
  const versions = new Map<Subject, string>();
  for (const subject of scenario.subjects) {
    const { name, needs, isFurther, isHuge, library } = subject;
    if (isFurther && isQuickRun(settings)) {
      skipped.push({ subject: name, reason: 'not in the quick set' });
    } else if (isHuge && !settings.isFull) skipped.push({ subject: name, reason: 'only with --full' });
    else if (settings.isSmoke && needs !== undefined && needs !== 'node:sqlite') {
      skipped.push({ subject: name, reason: 'a smoke run starts no servers' });
    } else {
      const provision = await servers.provide(needs);
      if (provision.kind === 'missing') skipped.push({ subject: name, reason: provision.reason });
      else if (provision.version !== undefined) {
        const client = library === undefined ? '' : `, ${library} ${versionOf(subject)}`;
        versions.set(subject, provision.version + client);
      }
    }
  }
  return { skipped, versions };
}

function fileName(name: string): string {
  return name.replaceAll(/[^a-z0-9-]+/gi, '-');
}
