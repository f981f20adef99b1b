/** Where and on what it was measured: figures without this can't be compared with anything. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { Subject } from './scenario.ts';

export interface Machine {
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Load of the last minute when the run began: much above 0, others were at work, too. */
  readonly loadAtStart: number;
}

export function thisMachine(): Machine {
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    loadAtStart: loadavg()[0] ?? Number.NaN,
  };
}

/** The commit of the working copy, `-dirty` when something tracked was changed but results; 'unknown' outside of one. */
export function thisCommit(): string {
  try {
    const commit = git('rev-parse', '--short=12', 'HEAD');
    const changed = git(
      'status',
      '--porcelain',
      '--untracked-files=no',
      '--',
      ':/',
      ':(top,exclude)benchmarks/results',
    );
    return changed === '' ? commit : `${commit}-dirty`;
  } catch {
    return 'unknown';
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

const require = createRequire(import.meta.url);

/** The version of what a subject measures. */
export function versionOf({ library }: Subject): string {
  return library === undefined ? `node ${process.versions.node}` : packageVersion(library);
}

/** Read from the manifest of the package, which not every package exports. */
function packageVersion(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));
      return String((manifest as { version?: unknown }).version);
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`the package ${name} isn't installed below ${dirname(import.meta.dirname)}`);
}
