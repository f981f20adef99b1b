// The command line: what may be asked for, its defaults, and one clear line about what is wrong with it.
import { parseArgs } from 'node:util';
import { InputError } from './input-error.ts';

export interface Settings {
  /** Where the catalogue comes from. */
  readonly catalogue:
    | { readonly from: 'file'; readonly path: string }
    | { readonly from: 'scale'; readonly scale: number };
  readonly failures: number;
  readonly seed: number;
  /** Worker threads; undefined leaves it to the grid. */
  readonly threads: number | undefined;
  readonly jsonPath: string | undefined;
  /** The port to serve at, undefined when nothing is to be served. */
  readonly servePort: number | undefined;
}

export const usage = `Usage: npm start -- [options]

A music store on the grid: loads a catalogue, replays its purchases as transactions, recommends tracks,
finds the trends and audits the books. Exits with 0 if everything adds up, 1 if not, 2 on bad input.

  --data FILE       replay a Chinook database in JSON
  --scale N         or a generated store; 1 is 1,000 artists, 20,000 tracks, 5,000 customers and
                    50,000 purchases (default 1)
  --failures RATE   share of payments that fail in mid-purchase, 0 to 1
                    (default 0 with --data, otherwise 0.02)
  --seed N          what the generated store and the failures are made from (default 1)
  --threads N       worker threads, 0 for none (default: one per core less one)
  --json FILE       write the results to a file as well
  --serve           load the store and its purchases, then serve it over HTTP until stopped
  --port N          where to serve, 0 for any free port (default 3000)
  --help            show this text
`;

const scaleMax = 100;
const threadsMax = 254;
const defaults = { scale: 1, failures: 0.02, seed: 1, port: 3000 };

const options = {
  data: { type: 'string' },
  scale: { type: 'string' },
  failures: { type: 'string' },
  seed: { type: 'string' },
  threads: { type: 'string' },
  json: { type: 'string' },
  serve: { type: 'boolean' },
  port: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The settings asked for, or `'help'`. Throws an `InputError` when they make no sense. */
export function parseCommandLine(args: readonly string[]): Settings | 'help' {
  const values = readOptions(args);
  if (values.help === true) return 'help';
  if (values.data !== undefined && values.scale !== undefined)
    throw new InputError('--data and --scale exclude each other');
  if (values.json !== undefined && values.serve === true)
    throw new InputError('--json and --serve exclude each other');
  if (values.port !== undefined && values.serve !== true) throw new InputError('--port needs --serve');
  const scale = readNumber('--scale', values.scale, { above: 0, to: scaleMax }) ?? defaults.scale;
  const port = readNumber('--port', values.port, { from: 0, to: 65_535, whole: true }) ?? defaults.port;
  const failures = readNumber('--failures', values.failures, { from: 0, to: 1 });
  return {
    catalogue: values.data === undefined ? { from: 'scale', scale } : { from: 'file', path: values.data },
    failures: failures ?? (values.data === undefined ? defaults.failures : 0),
    seed:
      readNumber('--seed', values.seed, { from: 0, to: Number.MAX_SAFE_INTEGER, whole: true }) ??
      defaults.seed,
    threads: readNumber('--threads', values.threads, { from: 0, to: threadsMax, whole: true }),
    jsonPath: values.json,
    servePort: values.serve === true ? port : undefined,
  };
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({ args: joinNegativeNumbers(args), options, strict: true, allowPositionals: false })
      .values;
  } catch (error) {
    // Node's explanation is of several sentences; the first says what is wrong.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s/, 1);
    throw new InputError(`${reason} (--help shows what there is)`);
  }
}

/** `--scale -1` as `--scale=-1`, so that it is refused for its value rather than called ambiguous. */
function joinNegativeNumbers(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const option = joined.at(-1);
    if (/^-[\d.]/.test(arg) && option?.startsWith('--') && !option.includes('='))
      joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

type Range = { readonly to: number; readonly whole?: true } & (
  | { readonly from: number }
  | { readonly above: number }
);

function readNumber(option: string, text: string | undefined, range: Range): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const lowEnough = value <= range.to && (range.whole !== true || Number.isInteger(value));
  const highEnough = 'from' in range ? value >= range.from : value > range.above;
  if (lowEnough && highEnough) return value;
  throw new InputError(`${option} must be ${rangeText(range)}, got "${text}"`);
}

function rangeText(range: Range): string {
  const kind = range.whole === true ? 'a whole number' : 'a number';
  if ('above' in range) return `${kind} above ${range.above} and at most ${range.to}`;
  if (range.to === Number.MAX_SAFE_INTEGER) return `${kind} of at least ${range.from}`;
  return `${kind} from ${range.from} to ${range.to}`;
}
