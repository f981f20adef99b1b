/**
 * What a member of a grid consists of before anything is plugged in, and the function that plugs in the rest. Core
 * knows neither transactions nor jobs: the facade hands in one `WireMember`, and it runs in every thread that is a
 * member, with the same result for the same definitions.
 */
import type { Definitions } from '../definition/definitions.ts';
import type { Member } from '../mesh/member.ts';
import type { MemberId, PartitionId } from '../mesh/shared-state.ts';
import type { OwnedPartitions } from '../partition/partition.ts';
import type { Placement } from '../partition/placement.ts';

/** One incarnation of a partition that a host is to create. */
export interface AssignedPartition {
  readonly id: PartitionId;
  readonly incarnation: number;
}

/** Where a grid with storage keeps its data, as a member knows it. */
export interface StorageMembership {
  /** The member that has the storage. */
  readonly member: MemberId;
  /** What the engine has answered for `storageShapeOf` these definitions. */
  readonly tableNumbers: readonly number[];
  /** What commits wait for that don't say. */
  readonly durability: 'flushed' | 'buffered';
}

export interface CoreMember {
  readonly member: Member;
  /** True for hosts, false for the member of the service, which owns no partitions. */
  readonly isHost: boolean;
  readonly definitions: Definitions;
  readonly placement: Placement;
  /** Filled by the wiring: one partition for each of `assigned`. */
  readonly owned: OwnedPartitions;
  readonly assigned: readonly AssignedPartition[];
  /** What the grid was started with for every member; the wiring's own. */
  readonly settings: unknown;
  /** Undefined: data lives in memory only. */
  readonly storage?: StorageMembership | undefined;
}

/** What a wiring answers: whatever code on the member is given, and how far it is. */
export interface Wired {
  /** Resolves when the assigned partitions hold what was stored. Undefined: there is nothing to wait for. */
  readonly opened: Promise<void> | undefined;
}

/**
 * Registers message families, creates the assigned partitions and answers what code on this member is given. Runs
 * before the member is connected to anybody but the storage. What it throws fails the start of the grid.
 */
export type WireMember<Api extends Wired> = (core: CoreMember, progress?: RecoveryListener) => Api;

/** Told each time that a partition was read back. */
export type RecoveryListener = (done: number, total: number) => void;
