/**
 * One subject in a process of its own, seen from both ends: `runSubject` starts the process and waits for what it
 * measured, `run-subject.ts` is what the process runs. Its heap, its compiled code and its threads are nobody else's.
 */
import { fork } from 'node:child_process';
import type { Params, Sample, Scenario, Subject } from './scenario.ts';

/** What a subject's process says before it ends. */
export type SubjectReport =
  | { readonly kind: 'measured'; readonly sample: Sample }
  | { readonly kind: 'failed'; readonly reason: string };

/** For starting, filling and checking, on top of the time that is measured. */
const graceMs = 60_000;

export function runSubject(scenario: Scenario, subject: Subject, params: Params): Promise<SubjectReport> {
  const timeLimitMs = (params.seconds + params.warmUpSeconds) * 2_000 + graceMs;
  const child = fork(
    new URL('./run-subject.js', import.meta.url),
    [scenario.name, subject.name, JSON.stringify(params)],
    {
      execArgv: ['--expose-gc', '--enable-source-maps'],
      stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
      timeout: timeLimitMs,
      killSignal: 'SIGKILL',
    },
  );
  return new Promise((resolve) => {
    let report: SubjectReport | undefined;
    child.on('message', (message) => {
      report = message as SubjectReport;
    });
    child.on('error', (error) => resolve({ kind: 'failed', reason: error.message }));
    child.on('close', (code, signal) => {
      const how =
        signal === null ? `ended with code ${code}` : `was ended by ${signal} (limit ${timeLimitMs} ms)`;
      resolve(report ?? { kind: 'failed', reason: `its process ${how} before it reported` });
    });
  });
}
