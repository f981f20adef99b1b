/** When a table may be read at a snapshot, at its owner. */
import type { Timestamp } from '../mesh/shared-state.ts';
import type { Partition } from '../partition/partition.ts';

/** Resolves when no writer that belongs to the snapshot is still to be installed in these partitions. */
export async function whenSettled(
  partitions: Iterable<Partition>,
  table: number,
  snapshot: Timestamp,
): Promise<void> {
  for (const { concurrency } of partitions) {
    while (!concurrency.isSettled(table, undefined, snapshot)) {
      await new Promise<void>((resolve) => {
        concurrency.waitSettled(table, undefined, snapshot, resolve);
      });
    }
  }
}
