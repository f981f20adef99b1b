/**
 * The definitions of a grid: found in the exports of its modules, numbered by kind in the order of their names, so
 * that every thread that loads the same modules gives each the same number. Numbers travel, names don't.
 */
import { describeValue } from '../errors/argument.ts';
import { DefinitionError, InvalidArgumentError } from '../errors/errors.ts';
import { type Definition, type DefinitionKind, isDefinition } from './definition.ts';

/** The exports of one module and where they came from. */
export interface LoadedModule {
  readonly source: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

interface Found {
  readonly definition: Definition;
  readonly source: string;
}

export class Definitions {
  readonly #lists = new Map<DefinitionKind, Definition[]>();
  readonly #ids = new Map<Definition, number>();

  /** Throws DEFINITION_CONFLICT, naming both modules, when two different definitions share a kind and a name. */
  static collect(modules: readonly LoadedModule[]): Definitions {
    const found = new Map<string, Found>();
    for (const { source, exports } of modules) {
      for (const value of Object.values(exports)) {
        if (!isDefinition(value)) continue;
        const label = `${value.kind} '${value.name}'`;
        const earlier = found.get(label);
        if (earlier !== undefined && earlier.definition !== value)
          throw conflict(label, earlier.source, source);
        found.set(label, { definition: value, source });
      }
    }
    return new Definitions([...found.values()].map((entry) => entry.definition));
  }

  constructor(definitions: readonly Definition[]) {
    const sorted = [...definitions].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const definition of sorted) {
      const list = this.#lists.get(definition.kind) ?? [];
      this.#lists.set(definition.kind, list);
      this.#ids.set(definition, list.length);
      list.push(definition);
    }
  }

  /**
   * The same definitions under the same numbers, with other code behind some; those that weren't there are added.
   * Whoever names an original means its stand-in, which must have its kind and name.
   */
  withStandIns(standIns: ReadonlyMap<Definition, Definition>): Definitions {
    const known = [...this.#lists.values()].flat();
    const originals = [...standIns.keys()];
    for (const original of originals) {
      const other = known.find(
        ({ kind, name }) => kind === original.kind && name === original.name && !known.includes(original),
      );
      if (other !== undefined)
        throw conflict(`${other.kind} '${other.name}'`, 'a module', 'what is to be replaced');
    }
    const all = new Set([...known, ...originals]);
    const replaced = new Definitions([...all].map((definition) => standIns.get(definition) ?? definition));
    for (const [original, standIn] of standIns) replaced.#ids.set(original, replaced.idOf(standIn));
    return replaced;
  }

  /**
   * The number of a definition among those of its kind. Throws DEFINITION_MISSING, naming what is registered, when it
   * isn't part of the grid, and InvalidArgumentError when it is of another kind than `kind`: numbers repeat.
   */
  idOf(definition: Definition, kind?: DefinitionKind): number {
    if (kind !== undefined && isDefinition(definition) && definition.kind !== kind)
      throw wrongKind(definition, kind);
    const id = this.#ids.get(definition);
    if (id !== undefined) return id;
    if (!isDefinition(definition)) {
      const made = 'made by table(), actor(), topic(), procedure(), job() or mapReduce()';
      throw new InvalidArgumentError(`expected a definition ${made}, got ${describeValue(definition)}`, {
        details: { argument: 'definition' },
      });
    }
    throw this.#missing(definition);
  }

  /** The definition with this number. */
  mustGet(kind: DefinitionKind, id: number): Definition {
    const definition = this.#lists.get(kind)?.[id];
    if (definition === undefined)
      throw new DefinitionError('DEFINITION_MISSING', `no ${kind} has the number ${id} on this thread`);
    return definition;
  }

  all(kind: DefinitionKind): readonly Definition[] {
    return this.#lists.get(kind) ?? [];
  }

  /** One line that is equal exactly when two threads have the same definitions under the same numbers. */
  fingerprint(): string {
    return [...this.#lists]
      .map(([kind, list]) => `${kind}: ${list.map((d) => d.name).join(', ')}`)
      .sort()
      .join('; ');
  }

  #missing(definition: Definition): DefinitionError {
    const { kind, name } = definition;
    const known = this.all(kind).map((d) => `'${d.name}'`);
    const sameName = this.all(kind).some((d) => d.name === name);
    const reason = sameName
      ? `a different ${kind} of that name is; was its module loaded twice, under two URLs?`
      : known.length === 0
        ? `no ${kind} is`
        : `these are: ${known.join(', ')}`;
    return new DefinitionError(
      'DEFINITION_MISSING',
      `${kind} '${name}' is not part of this grid: ${reason}. Export it from one of the \`modules\` given to startGrid`,
      { details: { kind, name } },
    );
  }
}

function wrongKind({ kind, name }: Definition, expected: DefinitionKind): InvalidArgumentError {
  return new InvalidArgumentError(`expected a definition made by ${expected}(), got the ${kind} '${name}'`, {
    details: { argument: 'definition', expected, kind, name },
  });
}

function conflict(label: string, first: string, second: string): DefinitionError {
  return new DefinitionError(
    'DEFINITION_CONFLICT',
    `two different definitions are called ${label}: one in ${first}, one in ${second}; rename one of them`,
    { details: { definition: label, modules: [first, second] } },
  );
}
