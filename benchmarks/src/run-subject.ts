/**
 * What a subject's process runs: `run-subject.js SCENARIO PARAMS SUBJECT...`. Reports to the process that started it;
 * started by hand it prints the report.
 */
import { inspect } from 'node:util';
import { fullParams } from './params.ts';
import { type Params, paramsOf } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { SubjectReport } from './subject-run.ts';

const [scenarioName, paramsText = '{}', ...subjectNames] = process.argv.slice(2);
const scenario = scenarios.find(({ name }) => name === scenarioName);

// Whoever started it is gone, so nobody wants to know.
process.on('disconnect', () => {
  if (!finished) process.exit(1);
});
let finished = false;

for (const name of subjectNames) {
  const report = await measured(name);
  if (report.kind === 'failed') process.exitCode = 1;
  await tell(report);
}
finished = true;
// A subject that failed may have left threads behind, which would keep this process alive.
process.exit();

async function measured(subjectName: string): Promise<SubjectReport> {
  try {
    const subject = scenario?.subjects.find(({ name }) => name === subjectName);
    if (scenario === undefined || subject === undefined) {
      throw new Error(`there is no subject "${subjectName}" in "${scenarioName}"`);
    }
    const given = JSON.parse(paramsText) as Partial<Params>;
    return {
      kind: 'measured',
      sample: await subject.measure({ ...paramsOf(scenario, fullParams, false), ...given }),
    };
  } catch (error) {
    return { kind: 'failed', reason: inspect(error) };
  }
}

async function tell(report: SubjectReport): Promise<void> {
  if (process.send === undefined) process.stdout.write(`${inspect(report, { depth: null })}\n`);
  else await new Promise((resolve) => process.send?.(report, undefined, {}, resolve));
}
