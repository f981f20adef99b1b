/**
 * What a grid keeps under which number. Members number tables in the order of their names, so a new table moves the
 * others; a storage gives each name a number for good. Whoever encodes or reads stored data translates here.
 *
 * Hidden tables are kept as well: the states of each actor type, and the answers under idempotency keys.
 */
import { actorTable } from '../actor/actor-table.ts';
import type { Definitions } from '../definition/definitions.ts';
import type { StorageShape } from './storage-engine.ts';

/** The number of the hidden table of answers under idempotency keys, in every partition. */
const answersTable = -1;

/** The tables of a grid by the names a storage knows them under, with the numbers that members use. */
export function keptTables(definitions: Definitions): readonly (readonly [name: string, table: number])[] {
  return [
    ...definitions.all('table').map(({ name }, id) => [`table ${name}`, id] as const),
    ...definitions.all('actor').map(({ name }, type) => [`actor ${name}`, actorTable(type)] as const),
    ['idempotency', answersTable],
  ];
}

/** What a grid with these definitions is about to keep. */
export function storageShapeOf(definitions: Definitions, partitionCount: number): StorageShape {
  return { partitionCount, tables: keptTables(definitions).map(([name]) => name) };
}

export class StoredTables {
  readonly #stored = new Map<number, number>();
  readonly #tables = new Map<number, number>();

  /** `numbers`: what the engine has answered for the shape of these definitions. */
  constructor(definitions: Definitions, numbers: readonly number[]) {
    for (const [position, [, table]] of keptTables(definitions).entries()) {
      const stored = numbers[position] as number;
      this.#stored.set(table, stored);
      this.#tables.set(stored, table);
    }
  }

  /** Under which number a table is kept. */
  storedOf(table: number): number {
    return this.#stored.get(table) as number;
  }

  /** The table that is kept under a number; undefined for one that the grid doesn't define any more. */
  tableOf(stored: number): number | undefined {
    return this.#tables.get(stored);
  }
}
