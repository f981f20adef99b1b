/**
 * Where a stored entry belongs in a grid with these definitions: the same placement that the grid uses, from the names
 * and bytes that a storage knows. For tools that move entries between partitions.
 */
import type { Definitions } from '../definition/definitions.ts';
import type { AnyTable } from '../definition/table-definition.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { fromStorageKey } from '../key/key.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import { Placement } from '../partition/placement.ts';
import { decodeStoredKey } from './stored-codec.ts';
import { keptTables } from './stored-tables.ts';

/** `table`: as a storage calls it. Throws InvalidArgumentError for one that the definitions don't have. */
export type StoredPlacement = (table: string, key: Uint8Array) => PartitionId;

export function storedPlacement(definitions: Definitions, partitionCount: number): StoredPlacement {
  const placement = Placement.roundRobin(partitionCount, [1]);
  const tables = new Map(keptTables(definitions));
  return (name, bytes) => {
    const table = tables.get(name);
    if (table === undefined) throw undefinedTable(name);
    const key = decodeStoredKey(bytes);
    // An actor lies where its key belongs, and so does the home of an idempotency key.
    if (table < 0) return placement.partitionOfAffinity(key);
    return placement.partitionOf(definitions.mustGet('table', table) as AnyTable, fromStorageKey(key), key);
  };
}

function undefinedTable(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `the storage holds data of '${name}', which none of the modules defines: where it belongs is not known`,
    { details: { argument: 'modules', table: name } },
  );
}
