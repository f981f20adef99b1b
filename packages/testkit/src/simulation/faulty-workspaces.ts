/** Workspaces with one fault each; see `memory-faults.ts`. */
import type { PartitionId } from '@troupe/core';
import { type PartitionWrites, Workspace } from '@troupe/transactions';

/** Keeps what a nested transaction wrote before it failed. */
export class WorkspaceKeepingNestedWrites extends Workspace {
  override rollbackTo(): void {}
}

/** Lets a clear that failed with its nested transaction stand. */
export class WorkspaceKeepingNestedClears extends Workspace {
  readonly #cleared = new Set<number>();

  override clear(table: number): void {
    this.#cleared.add(table);
    super.clear(table);
  }

  override writes(partitionCount: number): Map<PartitionId, PartitionWrites> {
    const writes = super.writes(partitionCount);
    if (this.#cleared.size === 0) return writes;
    for (let partition = 0; partition < partitionCount; partition++) {
      const kept = writes.get(partition)?.writes ?? [];
      writes.set(partition, { writes: kept, cleared: [...this.#cleared] });
    }
    return writes;
  }
}

/** Removes what it has touched of a table that it clears, and nothing else. */
export class WorkspaceClearingWhatItKnows extends Workspace {
  override writes(partitionCount: number): Map<PartitionId, PartitionWrites> {
    const writes = super.writes(partitionCount);
    for (const [partition, changes] of writes) writes.set(partition, { ...changes, cleared: [] });
    return writes;
  }
}
