/**
 * A partition: the unit of placement, ordering, locking and recovery. One incarnation of it lives on one thread; it
 * holds its share of every table, and the concurrency control that each access to them has to pass.
 */
import type { PartitionId } from '../mesh/shared-state.ts';
import type { PartitionConcurrency } from './partition-concurrency.ts';
import type { PartitionStore } from './partition-store.ts';

export interface Partition {
  readonly id: PartitionId;
  readonly incarnation: number;
  readonly store: PartitionStore;
  readonly concurrency: PartitionConcurrency;
}

/** The partitions one member owns. */
export class OwnedPartitions {
  /** By id. */
  readonly #partitions: (Partition | undefined)[] = [];

  add(partition: Partition): void {
    this.#partitions[partition.id] = partition;
  }

  /** The partition, if this member owns this incarnation of it. */
  tryGet(id: PartitionId, incarnation: number): Partition | undefined {
    const partition = this.#partitions[id];
    return partition !== undefined && partition.incarnation === incarnation ? partition : undefined;
  }

  /** The current incarnation, if this member owns it. */
  current(id: PartitionId): Partition | undefined {
    return this.#partitions[id];
  }

  /** Those that have been added, by id. */
  all(): Partition[] {
    return this.#partitions.filter((partition) => partition !== undefined);
  }
}
