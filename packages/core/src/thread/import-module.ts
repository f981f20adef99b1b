/**
 * Imports the modules of a user on this thread, JavaScript or TypeScript, ESM or CommonJS, with errors that say what
 * to do. On Node 20 a TypeScript module is loaded with `tsx` when the user has installed it: it is registered here,
 * because there its own flag reaches only the main thread, and before the first attempt, because Node remembers a
 * failed one. Imports of one URL share one instance per thread, the user's own imports included.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ModuleLoadError } from '../errors/errors.ts';
import { isTypeScript, moduleFailure } from './module-failure.ts';

/** The module this thread imports as a host right now. A property of the thread, not of a grid. */
let importingAsHost: string | undefined;

/** Imports one module. Throws ModuleLoadError; `thread` is how the message calls this thread. */
export async function importModule(href: string, thread: string): Promise<Record<string, unknown>> {
  try {
    if (isTypeScript(href) && !nodeStripsTypes()) await registerTsx(href);
    return (await import(href)) as Record<string, unknown>;
  } catch (cause) {
    throw moduleFailure(href, cause, { thread, nodeVersion: process.versions.node, exists });
  }
}

/** The same on a host's thread, where a module that starts a grid would start threads without end. */
export async function importModuleAsHost(href: string, thread: string): Promise<Record<string, unknown>> {
  importingAsHost = href;
  try {
    return await importModule(href, thread);
  } finally {
    importingAsHost = undefined;
  }
}

/** Throws when this thread is a host that is importing a user's module. */
export function refuseInsideImport(): void {
  if (importingAsHost === undefined) return;
  throw new ModuleLoadError(
    `a grid was started by the import of ${importingAsHost} on a host's thread. Modules given to startGrid are imported on every thread, where each would start another grid: move the call to a module that isn't given to startGrid, or run it only if \`isMainThread\``,
    { details: { module: importingAsHost } },
  );
}

function nodeStripsTypes(): boolean {
  const features = process.features as { readonly typescript?: unknown };
  return Boolean(features.typescript);
}

interface Tsx {
  register(): unknown;
}

let tsxRegistered: Promise<void> | undefined;

function registerTsx(href: string): Promise<void> {
  tsxRegistered ??= findTsx(href).then((tsx) => {
    tsx?.register();
  });
  return tsxRegistered;
}

/** As a dependency of this package or, where packages are kept apart, of the user's. */
async function findTsx(href: string): Promise<Tsx | undefined> {
  const specifier: string = 'tsx/esm/api';
  try {
    return (await import(specifier)) as Tsx;
  } catch {
    const found = tsxOf(href);
    return found === undefined ? undefined : ((await import(found)) as Tsx);
  }
}

// By hand, because `require.resolve` would choose the CommonJS build, whose hooks don't serve imports.
function tsxOf(href: string): string | undefined {
  try {
    const manifestPath = createRequire(href).resolve('tsx/package.json');
    const manifest = createRequire(manifestPath)(manifestPath) as TsxManifest;
    const entry = manifest.exports?.['./esm/api']?.import?.default;
    return entry === undefined ? undefined : new URL(entry, pathToFileURL(manifestPath)).href;
  } catch {
    return undefined;
  }
}

interface TsxManifest {
  readonly exports?: { readonly [path: string]: { readonly import?: { readonly default?: string } } };
}

function exists(fileUrl: string): boolean {
  return fileUrl.startsWith('file:') && existsSync(fileURLToPath(fileUrl));
}
