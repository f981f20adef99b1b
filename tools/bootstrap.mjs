// Installs the workspace with the pnpm that `packageManager` names, or does nothing when that is done.
//
// The rule: skip only if node_modules was installed by this script from exactly the lockfile, workspace file
// and manifests that are here now. A digest of their contents is kept inside node_modules, so deleting that
// folder forgets it; file times play no part. What it leaves out: noticing edits inside node_modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.installed-from');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Troupe needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

const manifests = [
  'package.json',
  ...['packages', 'examples'].flatMap(childManifests),
  'benchmarks/package.json',
  'docs/package.json',
].filter((path) => existsSync(join(root, path)));
const digest = digestOf([...manifests, 'pnpm-lock.yaml', 'pnpm-workspace.yaml']);

if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest && manifests.every(isLinked)) process.exit(0);

rmSync(stamp, { force: true });
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
const install = spawnSync('npx', ['-y', '--prefer-offline', pnpm, 'install', '--frozen-lockfile'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  shell: process.platform === 'win32',
});
if (install.error) console.error(`Could not start npx: ${install.error.message}`);
if (install.status !== 0) {
  console.error('Installing the workspace failed; the lines above say why.');
  process.exit(install.status ?? 1);
}
writeFileSync(stamp, digest);

function childManifests(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .sort()
    .map((child) => `${folder}/${child}/package.json`);
}

function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const file = join(root, path);
    hash.update(`${path}\0${existsSync(file) ? readFileSync(file) : ''}\0`);
  }
  return hash.digest('hex');
}

/** Whether a workspace package that needs a node_modules of its own has one. */
function isLinked(path) {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, path), 'utf8'));
  if (Object.keys({ ...dependencies, ...devDependencies }).length === 0) return true;
  return existsSync(join(root, dirname(path), 'node_modules'));
}
