// House rules that no linter knows: size of files and functions, headers, names, pure protocol cores.
//
// Sizes are a ratchet: what is over a limit stands in tidy-ratchet.json with its present size, may only
// shrink there, and leaves the list when it is within the limit. Nothing is ever added for new code.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  type Finding,
  functionSizes,
  hasHeader,
  impurities,
  lineCount,
  matchesPattern,
  unfinishedWork,
} from './source-rules.ts';
import ratchet from './tidy-ratchet.json' with { type: 'json' };

const root = fileURLToPath(new URL('..', import.meta.url));
const fileLinesMax = 400;
const functionLinesMax = 70;
const headerFromLines = 60;
const vagueNames = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'types']);

/** Files that are given one message or tick at a time and reach the world only through their ports. */
const protocolCores = [
  'packages/transactions/src/locks/*.ts',
  'packages/transactions/src/protocol/*.ts',
  'packages/transactions/src/log/one-log-decision.ts',
  'packages/transactions/src/log/commit-log.ts',
  'packages/transactions/src/log/log-client.ts',
  'packages/transactions/src/attempt/actor-call-graph.ts',
  'packages/compute/src/blocked-watch.ts',
  'packages/compute/src/execution-state.ts',
  'packages/compute/src/job-line.ts',
  'packages/compute/src/job-queue.ts',
  'packages/compute/src/progress-reports.ts',
  'packages/core/src/metrics/hot-keys.ts',
  'packages/core/src/actor/call-path.ts',
  'packages/core/src/actor/cycle-search.ts',
  'packages/core/src/actor/mailbox.ts',
  'packages/core/src/actor/residency.ts',
  'packages/core/src/actor/supervision.ts',
  'packages/core/src/actor/reminder-book.ts',
  'packages/core/src/actor/open-turns.ts',
  'packages/core/src/actor/turn-rule.ts',
  'packages/core/src/actor/turn-queue.ts',
  'packages/core/src/partition/partition-store.ts',
  'packages/core/src/link/outbox.ts',
  'packages/core/src/partition/placement.ts',
];

interface Source {
  readonly path: string;
  readonly text: string;
}

const everything = ['packages', 'benchmarks', 'examples', 'tools'].flatMap(sourcesUnder);
const published = everything.filter(({ path }) => /^packages\/[^/]+\/src\//.test(path));

describe('sources', () => {
  it(`of the packages have at most ${fileLinesMax} lines`, () => {
    const sizes = new Map(published.map(({ path, text }) => [path, lineCount(text)]));
    expect(overTheLimit(sizes, fileLinesMax, new Map(Object.entries(ratchet.fileLines)))).toEqual([]);
  });

  it(`of the packages have functions of at most ${functionLinesMax} lines`, () => {
    const sizes = new Map<string, number>();
    for (const { path, text } of published) {
      for (const { name, lines } of functionSizes(path, text)) {
        sizes.set(`${path}#${name}`, Math.max(lines, sizes.get(`${path}#${name}`) ?? 0));
      }
    }
    expect(overTheLimit(sizes, functionLinesMax, new Map(Object.entries(ratchet.functionLines)))).toEqual([]);
  });

  it(`of the packages begin with a header once they pass ${headerFromLines} lines`, () => {
    const bare = published.filter(({ text }) => lineCount(text) > headerFromLines && !hasHeader(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it('that are protocol cores use no clock, timer, chance, thread or await', () => {
    const cores = published.filter(({ path }) =>
      protocolCores.some((pattern) => matchesPattern(path, pattern)),
    );
    expect(cores.flatMap(({ path, text }) => located(path, impurities(path, text)))).toEqual([]);
  });

  it('exist for every pattern of a protocol core but those still to come', () => {
    const unmatched = protocolCores.filter(
      (pattern) => !published.some(({ path }) => matchesPattern(path, pattern)),
    );
    expect(unmatched).toEqual(ratchet.coresToCome);
  });

  it('hold no markers of unfinished work', () => {
    expect(everything.flatMap(({ path, text }) => located(path, unfinishedWork(text)))).toEqual([]);
  });

  it('have names that say what is in them', () => {
    const vague = everything.filter(({ path }) =>
      vagueNames.has((path.split('/').at(-1) ?? '').split('.')[0] ?? ''),
    );
    expect(vague.map(({ path }) => path)).toEqual([]);
  });
});

describe('the rules', () => {
  it('measure functions, methods and closures by their lines', () => {
    const text =
      'function a() {\n}\nclass B {\n  m(): void {\n    void 0;\n  }\n}\nconst c = () => {\n  return 1;\n};\n';
    expect(functionSizes('x.ts', text)).toEqual([
      { name: 'a', lines: 2 },
      { name: 'm', lines: 3 },
      { name: 'c', lines: 3 },
    ]);
  });

  it.each([
    ['Date.now()', 'Date.now'],
    ['performance.now()', 'performance.now'],
    ['const r = Math.random', 'Math.random'],
    ['new Date()', 'new Date()'],
    ['setTimeout(f, 1)', 'setTimeout'],
    ['globalThis.setImmediate(f)', 'setImmediate'],
    ['queueMicrotask(f)', 'queueMicrotask'],
    ['const f = async () => {}', 'async'],
    ['await f()', 'await'],
    ["import { parentPort } from 'node:worker_threads'", 'worker_threads'],
  ])('find in a protocol core: %s', (text, what) => {
    expect(impurities('x.ts', text)).toContainEqual({ line: 1, what });
  });

  it('let a protocol core use its ports, comments and strings', () => {
    const text =
      "// await Date.now()\nports.setTimeout(f); ports.clock.now(); new Date(0); const s = 'Math.random';";
    expect(impurities('x.ts', text)).toEqual([]);
  });

  it('accept a comment as a header, and nothing else', () => {
    expect(hasHeader('// What it is.\nexport {};')).toBe(true);
    expect(hasHeader('/** What it is. */\nexport {};')).toBe(true);
    expect(hasHeader("import x from 'x';\n// Too late.")).toBe(false);
  });

  it('find markers of unfinished work', () => {
    expect(unfinishedWork(`a\n// ${'TO'}DO: b`)).toEqual([{ line: 2, what: 'TO'.concat('DO') }]);
  });

  it('match * inside a folder and ** across folders', () => {
    expect(matchesPattern('a/lock-mode.ts', 'a/lock-*.ts')).toBe(true);
    expect(matchesPattern('a/b/lock-mode.ts', 'a/lock-*.ts')).toBe(false);
    expect(matchesPattern('a/b/lock-mode.ts', 'a/**/lock-*.ts')).toBe(true);
    expect(matchesPattern('a/lock-mode.ts', 'a/**/lock-*.ts')).toBe(true);
  });

  it('refuse growth, slack and leftovers in the ratchet', () => {
    const sizes = new Map([
      ['new', 11],
      ['grown', 13],
      ['shrunk', 11],
      ['same', 12],
      ['within', 9],
    ]);
    const allowed = new Map(['grown', 'shrunk', 'same', 'within', 'gone'].map((name) => [name, 12]));
    expect(overTheLimit(sizes, 10, allowed)).toEqual([
      'new: 11 lines, at most 10',
      'grown: 13 lines, at most 12',
      'shrunk: 11 lines, lower its entry in the ratchet from 12',
      'within: within the limit, take it out of the ratchet',
      'gone: does not exist, take it out of the ratchet',
    ]);
  });
});

function overTheLimit(
  sizes: ReadonlyMap<string, number>,
  max: number,
  allowed: ReadonlyMap<string, number>,
): string[] {
  const complaints: string[] = [];
  for (const [name, size] of sizes) {
    const entry = allowed.get(name);
    if (size > (entry ?? max)) complaints.push(`${name}: ${size} lines, at most ${entry ?? max}`);
    else if (entry !== undefined && size <= max)
      complaints.push(`${name}: within the limit, take it out of the ratchet`);
    else if (entry !== undefined && size < entry) {
      complaints.push(`${name}: ${size} lines, lower its entry in the ratchet from ${entry}`);
    }
  }
  for (const name of allowed.keys()) {
    if (!sizes.has(name)) complaints.push(`${name}: does not exist, take it out of the ratchet`);
  }
  return complaints;
}

function located(path: string, findings: readonly Finding[]): string[] {
  return findings.map(({ line, what }) => `${path}:${line}: ${what}`);
}

function sourcesUnder(folder: string): Source[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesUnder(path);
    if (!/\.(ts|mts|cts|mjs|cjs|js)$/.test(entry.name)) return [];
    return [
      {
        path: relative(root, join(root, path)).split(sep).join('/'),
        text: readFileSync(join(root, path), 'utf8'),
      },
    ];
  });
}
