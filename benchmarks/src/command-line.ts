/** The command line: what may be asked for, its defaults, and one clear line about what is wrong with it. */
import { parseArgs } from 'node:util';

/** The user asked for something that makes no sense. Its message is all he needs. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export interface Settings {
  /** Names of scenarios or groups of them; empty: all. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** How long each subject is measured in each round, after its warm-up. */
  readonly seconds: number;
  readonly jsonPath: string | undefined;
  /** Results of an earlier run, to which profiles are to be added; undefined: this run measures. */
  readonly explainPath: string | undefined;
  /** A tiny run of everything: shows that it works, not how fast. */
  readonly isSmoke: boolean;
  /** Everything, with the sizes that take minutes. */
  readonly isFull: boolean;
  /** Where profiles of all threads go; undefined: none are made. */
  readonly profileFolder: string | undefined;
}

const quickDefaults = { rounds: 2, seconds: 0.6 };
const fullDefaults = { rounds: 5, seconds: 2 };
const smokeDefaults = { rounds: 1, seconds: 0.05 };

export const usage = `Usage: npm run bench -- [options]

Measures Troupe beside its peers. Every subject runs in a process of its own, in rounds; read the ratios, not
the absolute figures. Without options: the quick set, within 5 minutes. Exits with 0 when everything ran and every
result was right, 1 if not, 2 on bad input, 130 when interrupted; a missed target fails nothing, and neither does
a server that isn't installed: what needs it is skipped.

  --only NAME      only this scenario or group, like "transport" or "transport/sequential"; may be repeated
  --full           every scenario, in ${fullDefaults.rounds} rounds of ${fullDefaults.seconds} seconds, huge tables too: takes hours
  --rounds N       rounds, 1 to 100 (default ${quickDefaults.rounds})
  --seconds N      seconds each subject is measured per round, 0.05 to 600 (default ${quickDefaults.seconds})
  --json FILE      write the results to a file as well
  --cpu-prof DIR   write a CPU profile of each thread to a folder and print the functions that took most time
  --explain FILE   profile what missed its goals in the results FILE, and add to it where the time went
  --smoke          a tiny run of everything that needs no server: shows that it works, its figures mean nothing
  --list           list the scenarios
  --help           show this text
`;

const options = {
  only: { type: 'string', multiple: true },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  json: { type: 'string' },
  explain: { type: 'string' },
  smoke: { type: 'boolean' },
  full: { type: 'boolean' },
  list: { type: 'boolean' },
  'cpu-prof': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The settings asked for, `'help'` or `'list'`. Throws an `InputError` when they make no sense. */
export function parseCommandLine(
  args: readonly string[],
  scenarios: readonly string[],
): Settings | 'help' | 'list' {
  const values = readOptions(args);
  if (values.help === true) return 'help';
  if (values.list === true) return 'list';
  const isSmoke = values.smoke === true;
  const isFull = values.full === true;
  if (isSmoke && isFull) throw new InputError('--smoke and --full exclude each other');
  const fallback = isSmoke ? smokeDefaults : isFull ? fullDefaults : quickDefaults;
  const only = values.only ?? [];
  for (const name of only) mustBeKnown(name, scenarios);
  if (values.json === '') throw new InputError('--json needs the name of a file');
  if (values.explain === '') throw new InputError('--explain needs the name of a file with results');
  if (values.explain !== undefined) mustMeasureOnly(values);
  const profileFolder = values['cpu-prof'];
  if (profileFolder === '') throw new InputError('--cpu-prof needs the name of a folder');
  return {
    only,
    rounds: readNumber('--rounds', values.rounds, { from: 1, to: 100, isWhole: true }) ?? fallback.rounds,
    seconds:
      readNumber('--seconds', values.seconds, { from: 0.05, to: 600, isWhole: false }) ?? fallback.seconds,
    jsonPath: values.json,
    explainPath: values.explain,
    isSmoke,
    isFull,
    profileFolder,
  };
}

/** The scenarios of a run: those asked for by name; else all in a full or a smoke run, else the quick set. */
export function chosenOf<S extends { readonly name: string; readonly isQuick?: boolean }>(
  scenarios: readonly S[],
  { only, isFull, isSmoke }: Pick<Settings, 'only' | 'isFull' | 'isSmoke'>,
): S[] {
  const isWhole = isFull || isSmoke || only.length > 0;
  return scenarios.filter(({ name, isQuick }) => isAskedFor(name, only) && (isWhole || isQuick === true));
}

/** Does `--only` with these names ask for this scenario? A group is what stands before the slash. */
export function isAskedFor(scenario: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((name) => scenario === name || scenario.startsWith(`${name}/`));
}

/** What `--explain` reads was measured already. */
function mustMeasureOnly(values: Readonly<Record<string, unknown>>): void {
  const others = ['full', 'smoke', 'rounds', 'json', 'cpu-prof'].filter((name) => values[name] !== undefined);
  if (others.length > 0) throw new InputError(`--explain excludes --${others.join(' and --')}`);
}

function mustBeKnown(name: string, scenarios: readonly string[]): void {
  if (name !== '' && scenarios.some((scenario) => isAskedFor(scenario, [name]))) return;
  const all = scenarios.map((scenario) => `\n  ${scenario}`).join('');
  throw new InputError(`--only must be a scenario or a group, got "${name}"; there are:${all}`);
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // Node's explanation is of several sentences, maybe lines; the first says what is wrong.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/, 1);
    throw new InputError(`${reason} (--help shows what there is)`);
  }
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly isWhole: boolean;
}

function readNumber(option: string, text: string | undefined, range: Range): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= range.from && value <= range.to && (!range.isWhole || Number.isInteger(value))) return value;
  const kind = range.isWhole ? 'a whole number' : 'a number';
  throw new InputError(`${option} must be ${kind} from ${range.from} to ${range.to}, got "${text}"`);
}
