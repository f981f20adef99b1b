/**
 * Definitions: what users export from their modules and every thread loads. A definition is data with a brand, so it
 * is found among a module's exports without a registry of its own, also when two copies of this package are loaded.
 * Names are unique in each kind.
 */
import { InvalidArgumentError } from '../errors/errors.ts';

export type DefinitionKind = 'table' | 'actor' | 'procedure' | 'job' | 'mapReduce' | 'topic';

const brand: unique symbol = Symbol.for('troupe.definition') as never;

/** What `table`, `actor`, `topic`, `procedure`, `job` and `mapReduce` have in common. */
export interface Definition<Kind extends DefinitionKind = DefinitionKind> {
  readonly kind: Kind;
  readonly name: string;
}

/** Marks `body` as a definition. Throws InvalidArgumentError when the name isn't a non-empty string. */
export function define<Kind extends DefinitionKind, Body extends object>(
  kind: Kind,
  name: string,
  body: Body,
): Definition<Kind> & Body {
  if (typeof name !== 'string' || name.length === 0) {
    throw new InvalidArgumentError(
      `the name of a ${kind} must be a non-empty string, got ${String(name)} (${typeof name})`,
      {
        details: { argument: 'name' },
      },
    );
  }
  return Object.assign(Object.create({ [brand]: true }) as object, { kind, name }, body) as Definition<Kind> &
    Body;
}

export function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
