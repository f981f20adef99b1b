/**
 * What an installation of a package brings: the files of the package and of all its dependencies as they lie on this
 * machine, without what only its developers get.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Sample } from '../scenario.ts';

const bytesPerMb = 1024 * 1024;

interface Manifest {
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** MB, with the number of packages. */
export function measureInstallSize(name: string): Sample {
  const folders = new Set<string>();
  collect(name, import.meta.dirname, folders);
  const bytes = [...folders].reduce((sum, folder) => sum + sizeOf(folder), 0);
  return { value: bytes / bytesPerMb, extra: { 'packages, itself included': folders.size } };
}

function collect(name: string, from: string, folders: Set<string>): void {
  const folder = folderOf(name, from);
  // Optional binaries for other platforms are not there.
  if (folder === undefined || folders.has(folder)) return;
  folders.add(folder);
  const { dependencies, optionalDependencies } = manifestOf(folder);
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    collect(dependency, folder, folders);
  }
}

/** As Node looks for it; pnpm links each package's dependencies beside it. */
function folderOf(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(candidate)) return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Packages of this workspace lie here with their sources and tests: of those only what they publish counts. */
function sizeOf(folder: string): number {
  const isInstalled = folder.includes('node_modules');
  const published = isInstalled ? undefined : manifestOf(folder).files;
  const roots = published?.filter((pattern) => !pattern.startsWith('!')) ?? ['.'];
  return roots.reduce((sum, root) => sum + bytesBelow(join(folder, root)), 0);
}

function bytesBelow(path: string): number {
  if (!existsSync(path)) return 0;
  const stats = statSync(path);
  if (!stats.isDirectory()) return path.endsWith('.tsbuildinfo') ? 0 : stats.size;
  return readdirSync(path)
    .filter((entry) => entry !== 'node_modules')
    .reduce((sum, entry) => sum + bytesBelow(join(path, entry)), 0);
}
