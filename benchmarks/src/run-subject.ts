/**
 * What a subject's process runs: `run-subject.js SCENARIO SUBJECT [PARAMS]`. Reports to the process that started it;
 * started by hand, as for a profile, it prints the report.
 */
import { inspect } from 'node:util';
import { fullParams } from './params.ts';
import type { Params } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { SubjectReport } from './subject-run.ts';

const [scenarioName, subjectName, paramsText = '{}'] = process.argv.slice(2);
const subject = scenarios
  .find(({ name }) => name === scenarioName)
  ?.subjects.find(({ name }) => name === subjectName);

const report = await measured();
if (process.send !== undefined) process.send(report, undefined, {}, () => process.disconnect());
else process.stdout.write(`${inspect(report, { depth: null })}\n`);
if (report.kind === 'failed') process.exitCode = 1;

async function measured(): Promise<SubjectReport> {
  try {
    if (subject === undefined) throw new Error(`there is no subject "${subjectName}" in "${scenarioName}"`);
    const params = { ...fullParams, ...(JSON.parse(paramsText) as Partial<Params>) };
    return { kind: 'measured', sample: await subject.measure(params) };
  } catch (error) {
    return { kind: 'failed', reason: inspect(error) };
  }
}
