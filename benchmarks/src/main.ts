/** The command: reads what is asked for, measures it, prints the results and writes them down. */
import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { chosenOf, InputError, isAskedFor, parseCommandLine, type Settings, usage } from './command-line.ts';
import { thisCommit, thisMachine } from './machine.ts';
import { measureScenario, profileSubject } from './measure-scenario.ts';
import { mustBeWritable } from './must-be-writable.ts';
import { parsedRun, type RunResults } from './page/run-results.ts';
import { explained } from './profile/explain.ts';
import { profileReport } from './profile/profile-report.ts';
import { progressFor } from './progress.ts';
import { renderScenario, renderSmoke } from './report.ts';
import type { ScenarioResult } from './results.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { Servers } from './servers/servers.ts';
import { killSubjects } from './subject-run.ts';

const exitCodes = { ok: 0, failed: 1, badInput: 2, interrupted: 130 };
const servers = new Servers();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupted);
try {
  const settings = parseCommandLine(
    process.argv.slice(2),
    scenarios.map(({ name }) => name),
  );
  if (settings === 'help') process.stdout.write(usage);
  else if (settings === 'list') process.stdout.write(listed());
  else process.exitCode = await main(settings);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = exitCodes.badInput;
} finally {
  await servers.stop();
}

/** Ends subjects and servers before it ends itself. */
function interrupted(): void {
  killSubjects();
  void servers.stop().finally(() => process.exit(exitCodes.interrupted));
}

function listed(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const lines = scenarios.map(
    ({ name, isQuick, title }) => `${name.padEnd(width)}  ${isQuick ? 'quick' : '     '}  ${title}`,
  );
  return `${lines.join('\n')}\n`;
}

async function main(settings: Settings): Promise<number> {
  const { rounds, jsonPath, explainPath, profileFolder } = settings;
  if (explainPath !== undefined) return explain(explainPath, settings);
  if (jsonPath !== undefined) await mustBeWritable(jsonPath, '--json');
  if (profileFolder !== undefined) mkdirSync(profileFolder, { recursive: true });
  const about = { machine: thisMachine(), node: process.versions.node, commit: thisCommit() };
  process.stdout.write(`${aboutText(about, settings)}\n\n`);
  const progress = progressFor(process.stderr, interrupted);
  const results: ScenarioResult[] = [];
  const failures: string[] = [];
  // Measurements want the machine for themselves; a smoke run only wants to be over soon.
  const atOnce = settings.isSmoke ? 2 : 1;
  const measure = (scenario: Scenario) => measureScenario(scenario, settings, { servers, progress });
  for await (const measured of inOrder(chosenOf(scenarios, settings), measure, atOnce)) {
    results.push(measured.result);
    failures.push(...measured.failures);
    process.stdout.write(
      `${settings.isSmoke ? renderSmoke(measured.result) : renderScenario(measured.result)}\n`,
    );
  }
  if (jsonPath !== undefined) {
    const written = { ...about, rounds, scenarios: results, failures };
    await writeFile(jsonPath, `${JSON.stringify(written, null, 2)}\n`);
  }
  if (profileFolder !== undefined) process.stdout.write(profileReport(profileFolder));
  for (const failure of failures) process.stderr.write(`FAILED: ${failure}\n`);
  return failures.length === 0 ? exitCodes.ok : exitCodes.failed;
}

/** Adds to results where the time went in what missed its goals. */
async function explain(path: string, settings: Settings): Promise<number> {
  const run = await readResults(path);
  if (run.node !== process.versions.node) {
    throw new InputError(`${path} was measured with Node ${run.node}, this is ${process.versions.node}`);
  }
  await mustBeWritable(path, '--explain');
  const means = { servers, progress: progressFor(process.stderr, interrupted) };
  const chosen = scenarios.filter(({ name }) => isAskedFor(name, settings.only));
  const { run: explainedRun, failures } = await explained(run, chosen, (scenario, subject, folder) =>
    profileSubject(scenario, subject, folder, settings, means),
  );
  await writeFile(path, `${JSON.stringify(explainedRun, null, 2)}\n`);
  for (const failure of failures) process.stderr.write(`FAILED: ${failure}\n`);
  return failures.length === 0 ? exitCodes.ok : exitCodes.failed;
}

async function readResults(path: string): Promise<RunResults> {
  try {
    return parsedRun(await readFile(path, 'utf8'), path);
  } catch (error) {
    throw new InputError(`--explain: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The outcomes in the order of the items, of which so many are worked on at once. */
async function* inOrder<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce: number,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for (const item of items) {
    underWay.push(work(item));
    if (underWay.length < atOnce) continue;
    const first = underWay.shift();
    if (first !== undefined) yield await first;
  }
  for (const outcome of underWay) yield await outcome;
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
