/**
 * What a member of a grid consists of before anything is plugged in, and the function that plugs in the rest. Core
 * knows neither transactions nor jobs: the facade hands in one `WireMember`, and it runs in every thread that is a
 * member, with the same result for the same definitions.
 */
import type { Definitions } from '../definition/definitions.ts';
import type { Member } from '../mesh/member.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { OwnedPartitions } from '../partition/partition.ts';
import type { Placement } from '../partition/placement.ts';

/** One incarnation of a partition that a host is to create. */
export interface AssignedPartition {
  readonly id: PartitionId;
  readonly incarnation: number;
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
}

/**
 * Registers message families, creates the assigned partitions and answers what code on this member is given. Runs
 * before the member is connected to anybody. What it throws fails the start of the grid.
 */
export type WireMember<Api> = (core: CoreMember) => Api;
