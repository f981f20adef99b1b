/** The definition of a table, and the references to its keys that name locks, targets and affinity. */
import { checkOptions, mustBeFunction } from '../errors/argument.ts';
import type { Key } from '../key/key.ts';
import { type Definition, define } from './definition.ts';

/** Any table, whatever it holds. */
export interface AnyTable extends Definition<'table'> {
  readonly affinity: ((key: never) => Key) | undefined;
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

export interface TableOptions<K extends Key> {
  /** The part of the key that decides the partition; entries with equal affinity keys live together. Default: the key. */
  readonly affinity?: (key: K) => Key;
}

declare const valueType: unique symbol;

/** A table: keys of type `K`, values of type `V`. Made by `table()`. */
export interface TableDefinition<K extends Key, V> extends AnyTable {
  readonly affinity: ((key: K) => Key) | undefined;
  /** A reference to one entry. */
  key(key: K): TableKey<K>;
  /** A reference to the partition of an affinity key. */
  affinityKey(affinityKey: Key): AffinityTarget;
  /** Only for the compiler. */
  readonly [valueType]?: V;
}

/**
 * Defines a table.
 *
 * @example
 * export const accounts = table<string, { balance: number }>('accounts');
 * export const plays = table<[customer: number, at: number], Play>('plays', { affinity: ([customer]) => customer });
 */
export function table<K extends Key, V>(name: string, options: TableOptions<K> = {}): TableDefinition<K, V> {
  checkOptions(options, 'options', ['affinity']);
  if (options.affinity !== undefined) mustBeFunction(options.affinity, 'affinity');
  const definition: TableDefinition<K, V> = define('table', name, {
    affinity: options.affinity,
    key: (key: K): TableKey<K> => ({ table: definition, key }),
    affinityKey: (affinityKey: Key): AffinityTarget => ({ table: definition, affinityKey }),
  });
  return definition;
}
