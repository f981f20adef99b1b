/** Where a job is to run, and what that means in members and partitions. */
import {
  type AffinityTarget,
  type AnyTable,
  type CoreMember,
  checkOptions,
  InvalidArgumentError,
  type Key,
  type MemberId,
  type MemberTables,
  mustBe,
  mustBeInteger,
  type PartitionId,
  type TableKey,
  toStorageKey,
} from '@troupe/core';
import { noPartition } from './messages.ts';

/**
 * `table.key(k)` and `table.affinityKey(a)`: at the owner of that key. `{ table, partition }`: at the owner of that
 * partition. `{ host }`: on that host thread, with all of its partitions. `'any'`: on a thread of the pool, without data.
 */
export type JobTarget =
  | TableKey
  | AffinityTarget
  | { readonly table: AnyTable; readonly partition: PartitionId }
  | { readonly host: number }
  | 'any';

/** A member, and the partition there that the job is for (`noPartition`: none in particular). */
export interface PlacedTarget {
  readonly owner: MemberId;
  readonly partition: PartitionId;
}

const forms = "table.key(k), table.affinityKey(a), { table, partition }, { host } or 'any'";

export class TargetPlacer {
  readonly #core: CoreMember;
  readonly #tables: MemberTables;

  constructor(core: CoreMember, tables: MemberTables) {
    this.#core = core;
    this.#tables = tables;
  }

  /** `'any'`, or where the target is now. Throws INVALID_ARGUMENT or DEFINITION_MISSING. */
  place(at: JobTarget): PlacedTarget | 'any' {
    if (at === 'any') return at;
    mustBe(typeof at === 'object' && at !== null, 'at', forms, at);
    if ('host' in at) return this.#host(at);
    if (!('table' in at)) throw badForm(at);
    const { definition } = this.#tables.handle(at.table);
    const partition = this.#partition(definition, at);
    return { owner: this.#core.placement.ownerOf(partition), partition };
  }

  /** Every partition of a table with its owner, in order. */
  partitionsOf(over: AnyTable): PlacedTarget[] {
    mustBe(typeof over === 'object' && over !== null, 'over', "a table (or 'hosts' in a broadcast)", over);
    this.#tables.handle(over);
    const { placement } = this.#core;
    return Array.from({ length: placement.partitionCount }, (_, partition) => ({
      owner: placement.ownerOf(partition),
      partition,
    }));
  }

  /** Every host, in order. */
  hosts(): PlacedTarget[] {
    return Array.from({ length: this.#hostCount }, (_, host) => ({
      owner: host + 1,
      partition: noPartition,
    }));
  }

  /** Member 0 is the main thread. */
  get #hostCount(): number {
    return this.#core.member.shared.memberCount - 1;
  }

  #host(at: { readonly host: number }): PlacedTarget {
    checkOptions(at, 'at', ['host']);
    const host = mustBeInteger(at.host, 'at.host', 0, this.#hostCount - 1);
    return { owner: host + 1, partition: noPartition };
  }

  #partition(table: AnyTable, at: object): PartitionId {
    const { placement } = this.#core;
    if ('key' in at) {
      checkOptions(at, 'at', ['table', 'key']);
      const key = at.key as Key;
      return placement.partitionOf(table, key, toStorageKey(key, 'at.key'));
    }
    if ('affinityKey' in at) {
      checkOptions(at, 'at', ['table', 'affinityKey']);
      return placement.partitionOfAffinity(toStorageKey(at.affinityKey as Key, 'at.affinityKey'));
    }
    if (!('partition' in at)) throw badForm(at);
    checkOptions(at, 'at', ['table', 'partition']);
    return mustBeInteger(at.partition, 'at.partition', 0, placement.partitionCount - 1);
  }
}

function badForm(at: object): InvalidArgumentError {
  const got =
    'kind' in at && 'name' in at
      ? `${String(at.kind)} '${String(at.name)}' itself`
      : `an object with ${Object.keys(at).join(', ') || 'nothing'}`;
  return new InvalidArgumentError(`at must be ${forms}, got ${got}`, { details: { argument: 'at' } });
}

/** The partitions of one host. */
export interface Share {
  readonly owner: MemberId;
  readonly partitions: readonly PartitionId[];
}

/** In the order of hosts. */
export function sharesOf(targets: readonly PlacedTarget[]): Share[] {
  const shares = new Map<MemberId, PartitionId[]>();
  for (const { owner, partition } of targets) {
    const share = shares.get(owner);
    if (share === undefined) shares.set(owner, [partition]);
    else share.push(partition);
  }
  return [...shares].map(([owner, partitions]) => ({ owner, partitions })).sort((a, b) => a.owner - b.owner);
}
