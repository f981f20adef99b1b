/**
 * Which partition a key belongs to and which member owns it: affinity key → stable hash → partition → owner. The
 * table of owners is versioned; a host that dies is replaced under the same member id, so today the owners of a
 * running grid don't change, only the incarnations of their partitions do.
 */
import type { AnyTable } from '../definition/table-definition.ts';
import { type Key, type StorageKey, toStorageKey } from '../key/key.ts';
import { hashKey, slotOf } from '../key/key-hash.ts';
import type { MemberId, PartitionId } from '../mesh/shared-state.ts';

export class Placement {
  readonly partitionCount: number;
  readonly version: number;
  readonly #owners: readonly MemberId[];

  constructor(owners: readonly MemberId[], version = 1) {
    this.#owners = owners;
    this.version = version;
    this.partitionCount = owners.length;
  }

  /** Deals `partitionCount` partitions out to `hosts`, one after the other. */
  static roundRobin(partitionCount: number, hosts: readonly MemberId[]): Placement {
    return new Placement(
      Array.from({ length: partitionCount }, (_, partition) => hosts[partition % hosts.length] as MemberId),
    );
  }

  ownerOf(partition: PartitionId): MemberId {
    return this.#owners[partition] as MemberId;
  }

  partitionsOf(owner: MemberId): PartitionId[] {
    return this.#owners.flatMap((member, partition) => (member === owner ? [partition] : []));
  }

  /** The partition of a key of a table. `stored` is the key's storage form. */
  partitionOf(table: AnyTable, key: Key, stored: StorageKey): PartitionId {
    return this.partitionOfAffinity(affinityOf(table, key, stored));
  }

  partitionOfAffinity(stored: StorageKey): PartitionId {
    return slotOf(hashKey(stored), this.partitionCount);
  }
}

/** The affinity key of a key, in storage form. `stored` is the key's storage form. */
export function affinityOf(table: AnyTable, key: Key, stored: StorageKey): StorageKey {
  const { affinity } = table;
  if (affinity === undefined) return stored;
  return toStorageKey(affinity(key as never), `what the affinity function of table '${table.name}' returned`);
}
