/**
 * Subjects in a process of their own, seen from both ends: `runSubjects` starts the process and waits for what it
 * measured, `run-subject.ts` is what the process runs. Its heap, its compiled code and its threads are nobody else's.
 * A measurement has one subject per process; only smoke runs, whose figures mean nothing, give it several.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Params, Sample, Scenario, Subject } from './scenario.ts';

/** What a subject's process says of each subject. */
export type SubjectReport =
  | { readonly kind: 'measured'; readonly sample: Sample }
  | { readonly kind: 'failed'; readonly reason: string };

export interface RunOptions {
  readonly params: Params;
  /** Added to the environment: where servers are. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder for CPU profiles. */
  readonly profileFolder?: string | undefined;
}

/** For starting, filling and checking, on top of the time that is measured. */
const graceMs = 60_000;
const hugeGraceMs = 900_000;

const running = new Set<ChildProcess>();

/** Ends every subject under way at once. */
export function killSubjects(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Reports in the order of the subjects. */
export function runSubjects(
  scenario: Scenario,
  subjects: readonly Subject[],
  { params, environment, profileFolder }: RunOptions,
): Promise<SubjectReport[]> {
  const isHuge = subjects.some((subject) => subject.isHuge);
  const measuringMs = (params.seconds + params.warmUpSeconds) * 2_000 * subjects.length;
  const timeLimitMs = measuringMs + (isHuge ? hugeGraceMs : graceMs);
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const child = fork(
    new URL('./run-subject.js', import.meta.url),
    [scenario.name, JSON.stringify(params), ...subjects.map(({ name }) => name)],
    {
      execArgv: ['--expose-gc', '--no-warnings', ...profiling],
      env: { ...process.env, ...environment },
      stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
      timeout: timeLimitMs,
      killSignal: 'SIGKILL',
    },
  );
  running.add(child);
  return new Promise((resolve) => {
    const reports: SubjectReport[] = [];
    const end = (reason: string): void => {
      running.delete(child);
      resolve(subjects.map((_, index) => reports[index] ?? { kind: 'failed', reason }));
    };
    child.on('message', (message) => reports.push(message as SubjectReport));
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => {
      const how =
        signal === null ? `ended with code ${code}` : `was ended by ${signal} (limit ${timeLimitMs} ms)`;
      end(`its process ${how} before it reported`);
    });
  });
}

/** One subject. */
export async function runSubject(
  scenario: Scenario,
  subject: Subject,
  options: RunOptions,
): Promise<SubjectReport> {
  const [report] = await runSubjects(scenario, [subject], options);
  if (report === undefined) throw new Error('a run of one subject has one report');
  return report;
}
