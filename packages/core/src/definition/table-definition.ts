/** The definition of a table, and the references to its keys that name locks, targets and affinity. */
import { checkOptions, mustBeFunction } from '../errors/argument.ts';
import type { Key } from '../key/key.ts';
import { type Definition, define } from './definition.ts';
import { checkSchema, type StandardSchema } from './standard-schema.ts';

/** Any table, whatever it holds. */
export interface AnyTable extends Definition<'table'> {
  readonly affinity: ((key: never) => Key) | undefined;
  /** Checks every value on its way in. */
  readonly schema?: StandardSchema | undefined;
}

/** One key of one table: what `keys`, `at` and procedures take. */
export interface TableKey<K extends Key = Key> {
  readonly table: AnyTable;
  readonly key: K;
}

/** The partition that holds every entry with this affinity key. */
export interface AffinityTarget {
  readonly table: AnyTable;
  readonly affinityKey: Key;
}

export interface TableOptions<K extends Key, V = unknown, I = V> {
  /** The part of the key that decides the partition; entries with equal affinity keys live together. Default: the key. */
  readonly affinity?: (key: K) => Key;
  /**
   * Checks every value where it enters, on the thread of the caller: a schema of zod, valibot, arktype or another library
   * that keeps to Standard Schema 1. What it makes of the value is stored. Must answer at once. Types are taken from it.
   */
  readonly schema?: StandardSchema<I, V>;
}

declare const valueType: unique symbol;

/** A table: keys of type `K`, values of type `V`, which are made of `I` on their way in. Made by `table()`. */
export interface TableDefinition<K extends Key, V, I = V> extends AnyTable {
  readonly affinity: ((key: K) => Key) | undefined;
  /** A reference to one entry. */
  key(key: K): TableKey<K>;
  /** A reference to the partition of an affinity key. */
  affinityKey(affinityKey: Key): AffinityTarget;
  /** Only for the compiler. */
  readonly [valueType]?: (value: I) => V;
}

/**
 * Defines a table.
 *
 * @example
 * export const accounts = table<string, { balance: number }>('accounts');
 * export const plays = table<[customer: number, at: number], Play>('plays', { affinity: ([customer]) => customer });
 * export const users = table('users', { schema: z.object({ name: z.string() }) });
 */
export function table<K extends Key, V, I = V>(
  name: string,
  options: TableOptions<K, V, I> = {},
): TableDefinition<K, V, I> {
  checkOptions(options, 'options', ['affinity', 'schema']);
  if (options.affinity !== undefined) mustBeFunction(options.affinity, 'affinity');
  checkSchema(options.schema, 'schema');
  const definition: TableDefinition<K, V, I> = define('table', name, {
    affinity: options.affinity,
    schema: options.schema as StandardSchema | undefined,
    key: (key: K): TableKey<K> => ({ table: definition, key }),
    affinityKey: (affinityKey: Key): AffinityTarget => ({ table: definition, affinityKey }),
  });
  return definition;
}
