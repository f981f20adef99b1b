/** From the keys users declare to where they are: checked, in storage form, with their partitions. */
import type { CoreMember, MemberTables, PartitionId, StorageKey, TableKey } from '@troupe/core';
import {
  actorTable,
  arrayOf,
  describeValue,
  InvalidArgumentError,
  isDefinition,
  toStorageKey,
} from '@troupe/core';

export class PlacedTableKey {
  readonly table: number;
  readonly key: StorageKey;
  readonly partition: PartitionId;

  constructor(table: number, key: StorageKey, partition: PartitionId) {
    this.table = table;
    this.key = key;
    this.partition = partition;
  }
}

/** Declared keys, placed. */
export type PlacedKeys = readonly PlacedTableKey[] | 'all';

export class KeyPlacer {
  readonly #core: CoreMember;
  readonly #tables: MemberTables;

  constructor(core: CoreMember, tables: MemberTables) {
    this.#core = core;
    this.#tables = tables;
  }

  get partitionCount(): number {
    return this.#core.placement.partitionCount;
  }

  /** Every table, and the hidden one of every actor type. */
  allTables(): number[] {
    const { definitions } = this.#core;
    const tables = definitions.all('table').map((_, id) => id);
    return [...tables, ...definitions.all('actor').map((_, id) => actorTable(id))];
  }

  /** Throws InvalidArgumentError for what is no key, DEFINITION_MISSING for a key of a table that isn't there. */
  place(keys: readonly TableKey[], name = 'keys'): PlacedTableKey[] {
    const placed = arrayOf<PlacedTableKey>();
    for (const reference of keys)
      placed.push(this.#tryPlace(reference) ?? this.placeOne(reference, `${name}[${placed.length}]`));
    return placed;
  }

  /** The common case: a good key of a table that is known. Names for errors are made only when there is one. */
  #tryPlace(reference: TableKey | undefined): PlacedTableKey | undefined {
    const table = reference?.table;
    const known = table === undefined ? undefined : this.#tables.tryHandle(table);
    if (reference === undefined || known === undefined || typeof reference.key !== 'string') return undefined;
    const stored = toStorageKey(reference.key);
    const partition = this.#core.placement.partitionOf(known.definition, reference.key, stored);
    return new PlacedTableKey(known.id, stored, partition);
  }

  placeOne(reference: TableKey, name: string): PlacedTableKey {
    if (
      typeof reference !== 'object' ||
      reference === null ||
      !isDefinition(reference.table) ||
      reference.table.kind !== 'table'
    ) {
      throw new InvalidArgumentError(
        `${name} must be a key of a table, like accounts.key('alice'), got ${describeValue(reference)}`,
        {
          details: { argument: name },
        },
      );
    }
    const { table, key } = reference;
    const stored = toStorageKey(key, name);
    const partition = this.#core.placement.partitionOf(table, key, stored);
    return new PlacedTableKey(this.#tables.handle(table).id, stored, partition);
  }
}
