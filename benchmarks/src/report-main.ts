/** The command that makes the page and the table of the README from the results of runs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pageOf } from './page/page.ts';
import { withTable } from './page/readme-table.ts';
import { readRuns } from './page/run-results.ts';

const usage = `Usage: npm run bench:report -- [options]

Makes one self-contained page from the results of runs (JSON files of npm run bench -- --json FILE), and writes their
table into the README.

  --results DIR   the folder of the JSON files (default benchmarks/results)
  --page FILE     where the page goes (default: report.html in that folder)
  --no-readme     leave the README alone
  --check         write nothing; exits with 1 when page or table aren't those of the results
  --help          show this text
`;

const root = join(import.meta.dirname, '..', '..');
const readmePath = join(root, 'README.md');

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

function main(): number {
  const { values } = parseArgs({
    options: {
      results: { type: 'string' },
      page: { type: 'string' },
      'no-readme': { type: 'boolean' },
      check: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const folder = values.results ?? join(root, 'benchmarks', 'results');
  const runs = readRuns(folder);
  const files = new Map<string, string>();
  if (runs.length > 0) files.set(values.page ?? join(folder, 'report.html'), pageOf(runs));
  if (values['no-readme'] !== true) files.set(readmePath, withTable(readFileSync(readmePath, 'utf8'), runs));
  return values.check === true ? check(files) : write(files, runs.length, folder);
}

function check(files: ReadonlyMap<string, string>): number {
  const stale = [...files].filter(([path, text]) => contentOf(path) !== text).map(([path]) => path);
  for (const path of stale)
    process.stderr.write(`${path} is not what npm run bench:report makes of the results\n`);
  return stale.length === 0 ? 0 : 1;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function write(files: ReadonlyMap<string, string>, runCount: number, folder: string): number {
  if (runCount === 0)
    process.stdout.write(`There are no results in ${folder}; write some with npm run bench -- --json\n`);
  for (const [path, text] of files) {
    writeFileSync(path, text);
    process.stdout.write(`${path}\n`);
  }
  return 0;
}
