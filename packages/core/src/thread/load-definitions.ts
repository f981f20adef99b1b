/**
 * From modules to what a member needs of them: the definitions and the error classes among their exports. Modules are
 * imported one after the other, so that all threads do it in the same order. A CommonJS module may show its exports
 * only on `default`; an ESM default that is a plain object of definitions counts as well.
 */
import { type Definition, isDefinition } from '../definition/definition.ts';
import { Definitions, type LoadedModule } from '../definition/definitions.ts';
import { table } from '../definition/table-definition.ts';
import type { ErrorRegistry } from '../errors/error-codec.ts';

/** Where definitions come from that no module exports. */
export const inPlace = 'the `definitions` given to startGrid';

export interface DefinitionSources {
  /** URLs. */
  readonly modules: readonly string[];
  /** Definitions made in place. */
  readonly definitions: readonly Definition[];
  /** Names of tables made in place at another thread. */
  readonly tables: readonly string[];
}

/** Throws ModuleLoadError or DEFINITION_CONFLICT. */
export async function loadDefinitions(
  sources: DefinitionSources,
  errors: ErrorRegistry,
  importModule: (href: string) => Promise<Record<string, unknown>>,
): Promise<Definitions> {
  const loaded: LoadedModule[] = [];
  for (const href of sources.modules) {
    const exports = await importModule(href);
    loaded.push({ source: href, exports });
    const inner = innerExports(exports);
    if (inner !== undefined) loaded.push({ source: href, exports: inner });
  }
  loaded.push({ source: inPlace, exports: byPosition(withTables(sources)) });
  for (const { exports } of loaded) registerErrorClasses(exports, errors);
  return Definitions.collect(loaded);
}

function innerExports(exports: Record<string, unknown>): Record<string, unknown> | undefined {
  const inner: unknown = exports['default'];
  if (typeof inner !== 'object' || inner === null || isDefinition(inner)) return undefined;
  return inner as Record<string, unknown>;
}

function withTables({ definitions, tables }: DefinitionSources): Definition[] {
  const known = new Set(definitions.filter(({ kind }) => kind === 'table').map(({ name }) => name));
  const missing = tables.filter((name) => !known.has(name));
  return [...definitions, ...missing.map((name) => table(name))];
}

function byPosition(definitions: readonly Definition[]): Record<string, Definition> {
  return Object.fromEntries(definitions.map((definition, position) => [String(position), definition]));
}

function registerErrorClasses(exports: Readonly<Record<string, unknown>>, errors: ErrorRegistry): void {
  for (const value of Object.values(exports)) if (isErrorClass(value)) errors.register(value);
}

function isErrorClass(value: unknown): value is new (...args: never[]) => Error {
  if (typeof value !== 'function') return false;
  const prototype: unknown = value.prototype;
  return prototype instanceof Error;
}
