/** The command: reads what is asked for, measures it, prints the results and writes them down. */
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError, isAskedFor, parseCommandLine, type Settings, usage } from './command-line.ts';
import { thisCommit, thisMachine, versionOf } from './machine.ts';
import { fullParams, smokeParams } from './params.ts';
import { renderScenario } from './report.ts';
import { resultsOf, type ScenarioResult } from './results.ts';
import { runRounds } from './rounds.ts';
import { type Params, withoutTargets } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { runSubject } from './subject-run.ts';

const exitCodes = { ok: 0, failed: 1, badInput: 2 };

try {
  const settings = parseCommandLine(
    process.argv.slice(2),
    scenarios.map(({ name }) => name),
  );
  if (settings === 'help') process.stdout.write(usage);
  else process.exitCode = await main(settings);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodes.badInput;
}

async function main(settings: Settings): Promise<number> {
  const { only, rounds, seconds, jsonPath, isSmoke } = settings;
  if (jsonPath !== undefined) await mustBeWritable(jsonPath);
  const params: Params = { ...(isSmoke ? smokeParams : fullParams), seconds };
  const about = { machine: thisMachine(), node: process.versions.node, commit: thisCommit() };
  process.stdout.write(`${aboutText(about, settings)}\n\n`);

  const results: ScenarioResult[] = [];
  const failures: string[] = [];
  for (const asked of scenarios.filter(({ name }) => isAskedFor(name, only))) {
    const scenario = isSmoke ? withoutTargets(asked) : asked;
    const measured = await runRounds(scenario, rounds, (subject, round) => {
      process.stderr.write(`${scenario.name}, round ${round + 1} of ${rounds}: ${subject.name}\n`);
      return runSubject(scenario, subject, params);
    });
    const result = resultsOf(scenario, params, measured, versionOf);
    results.push(result);
    failures.push(...measured.failures);
    process.stdout.write(`${renderScenario(result)}\n`);
  }
  if (jsonPath !== undefined) {
    const written = { ...about, rounds, scenarios: results, failures };
    await writeFile(jsonPath, `${JSON.stringify(written, null, 2)}\n`);
  }
  for (const failure of failures) process.stderr.write(`FAILED: ${failure}\n`);
  return failures.length === 0 ? exitCodes.ok : exitCodes.failed;
}

interface About {
  readonly machine: ReturnType<typeof thisMachine>;
  readonly node: string;
  readonly commit: string;
}

function aboutText({ machine, node, commit }: About, { rounds, isSmoke }: Settings): string {
  const { cores, cpu, memoryGb, platform, loadAtStart } = machine;
  const lines = [
    `Node ${node}, ${platform}, ${cores} × ${cpu}, ${memoryGb} GiB, load ${loadAtStart.toFixed(1)}, commit ${commit}`,
    `${rounds} ${rounds === 1 ? 'round' : 'rounds'}; ratios are taken within each round`,
  ];
  if (isSmoke) lines.push('A smoke run: it shows that everything works; its figures mean nothing.');
  return lines.join('\n');
}

async function mustBeWritable(path: string): Promise<void> {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch {
    throw new InputError(`--json can't write "${path}": its folder isn't there or can't be written to`);
  }
}
