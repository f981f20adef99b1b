// Packs every published package as it would be published and checks the archives, not the folders:
// publint for the manifest, attw for what TypeScript finds in it, and that no output is left in `dist`
// of a source that is gone. Expects a finished build.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedPackages, root } from './published-packages.mjs';

const { packageManager: pnpm } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const target = mkdtempSync(join(tmpdir(), 'troupe-pack-'));
let failed = false;

try {
  for (const { name, folder } of publishedPackages()) {
    const stale = staleOutputs(folder);
    if (stale.length > 0)
      fail(`${name}: dist holds output of deleted sources (${stale.join(', ')}). Run: npm run clean`);
  }
  const packed = run('npx', [
    '-y',
    '--prefer-offline',
    pnpm,
    '-r',
    '--filter',
    './packages/*',
    'pack',
    '--pack-destination',
    target,
  ]);
  const archives = readdirSync(target)
    .filter((file) => file.endsWith('.tgz'))
    .sort();
  if (!packed || archives.length !== publishedPackages().length)
    fail(`packed only: ${archives.join(', ') || 'nothing'}`);
  for (const archive of archives) {
    run('publint', ['run', join(target, archive), '--strict']);
    run('attw', [join(target, archive), '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']);
  }
  if (!failed) console.log(`${archives.length} packages are fit to publish.`);
} finally {
  rmSync(target, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

function staleOutputs(folder) {
  return readdirSync(join(folder, 'dist'), { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .filter((file) => !existsSync(join(folder, 'src', file.replace(/\.js$/, '.ts'))));
}

/** Runs a command quietly and shows what it said only if it failed. */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail(`$ ${command} ${args.join(' ')}\n${error?.message ?? `${stdout}${stderr}`}`);
  return status === 0;
}

function fail(message) {
  console.error(message);
  failed = true;
}
