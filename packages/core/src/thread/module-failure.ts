/**
 * What to tell the user when a module of his can't be imported: which file, why, and what to do. Node says why, but
 * for TypeScript and for paths seldom what to do. Pure: the version of Node and the file system are handed in.
 */
import { ModuleLoadError } from '../errors/errors.ts';

export interface ImportSurroundings {
  /** Where the import ran: `the main thread`, `host 0`. */
  readonly thread: string;
  /** `process.versions.node`. */
  readonly nodeVersion: string;
  readonly exists: (fileUrl: string) => boolean;
}

/** The error for a failed import of the user module `href`. */
export function moduleFailure(
  href: string,
  cause: unknown,
  surroundings: ImportSurroundings,
): ModuleLoadError {
  const advice = adviceFor(href, cause, surroundings);
  const message = `the module ${href} could not be imported on ${surroundings.thread}: ${textOf(cause)}. ${advice}`;
  return new ModuleLoadError(message, {
    cause,
    details: { module: href, thread: surroundings.thread, reason: codeOf(cause) ?? 'THROWN' },
  });
}

function adviceFor(href: string, cause: unknown, surroundings: ImportSurroundings): string {
  switch (codeOf(cause)) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return unknownExtension(href, surroundings);
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return 'Node only strips types: enums, namespaces and parameter properties need a build to JavaScript';
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'Node strips no types inside node_modules: build that package to JavaScript';
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return notFound(href, cause, surroundings);
    case 'ERR_REQUIRE_ASYNC_MODULE':
      return 'A CommonJS module can not require one with top-level await; import it instead';
    default:
      return cause instanceof SyntaxError
        ? 'Node could not parse it, or one of the modules it imports'
        : 'Modules given to startGrid are imported on every thread, so they must import without side effects';
  }
}

function unknownExtension(href: string, { nodeVersion }: ImportSurroundings): string {
  if (!isTypeScript(href)) return 'Give a JavaScript module';
  return `Node ${nodeVersion} can't load TypeScript: use Node 22.18 or newer, install \`tsx\`, or build it to JavaScript`;
}

function notFound(href: string, cause: unknown, { exists }: ImportSurroundings): string {
  const missing = missingUrl(cause);
  if (missing === href) {
    return "The file doesn't exist; give it as `new URL('./module.js', import.meta.url)`, relative to the file that says so";
  }
  if (missing === undefined) return 'Install the missing package, or correct the name in the import';
  const source = missing.replace(/\.([cm]?)js$/, '.$1ts');
  if (source !== missing && exists(source)) {
    return `There is ${source}: Node imports TypeScript by its own name, so write the import with .ts, or build it to JavaScript`;
  }
  return 'Correct the path in the import';
}

function missingUrl(cause: unknown): string | undefined {
  const url: unknown = (cause as { url?: unknown } | null)?.url;
  return typeof url === 'string' ? url : undefined;
}

function codeOf(cause: unknown): string | undefined {
  const code: unknown = (cause as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : `it threw ${String(cause)}`;
}

/** Whether a URL names a TypeScript module. */
export function isTypeScript(href: string): boolean {
  return /\.[cm]?tsx?$/.test(new URL(href).pathname);
}
