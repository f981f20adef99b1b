/** Keys to be locked in one step, gathered partition by partition: one message goes to each. */
import { arrayOf, type PartitionId } from '@troupe/core';
import { LockMode } from '../locks/lock-mode.ts';
import type { Cell } from './workspace.ts';

/** Whether to wait for turns of actors that are under way: only with no locks that they could wait for. */
export type Patience = 'none' | 'turns';

/** What is asked of one partition in one step. */
export class PartitionRequest {
  readonly partition: PartitionId;
  /** [table, key, mode, …] */
  readonly accesses: unknown[];
  /** Where the values it answers belong, in the order of the accesses. */
  readonly cells: Cell[];

  constructor(first: Cell, mode: number) {
    this.partition = first.partition;
    this.accesses = arrayOf<unknown>(first.table, first.key, mode);
    this.cells = arrayOf(first);
  }
}

const noRequests: PartitionRequest[] = [];

/** Collects keys to lock, partition by partition. */
export class LockRequests {
  readonly mode: 'read' | 'write';
  readonly #wantsValues: boolean;
  #requests = noRequests;

  /** `wantsValues`: false for keys that will only be overwritten. */
  constructor(mode: 'read' | 'write', wantsValues = true) {
    this.mode = mode;
    this.#wantsValues = wantsValues;
  }

  get requests(): readonly PartitionRequest[] {
    return this.#requests;
  }

  add(cell: Cell): void {
    if (cell.askedBy === this) return;
    cell.askedBy = this;
    const { table, key, partition } = cell;
    const mode = this.#wantsValues ? lockModeOf(this.mode) : -lockModeOf(this.mode);
    for (const request of this.#requests) {
      if (request.partition !== partition) continue;
      request.accesses.push(table, key, mode);
      request.cells.push(cell);
      return;
    }
    const request = new PartitionRequest(cell, mode);
    if (this.#requests === noRequests) this.#requests = arrayOf(request);
    else this.#requests.push(request);
  }
}

export function lockModeOf(mode: 'read' | 'write'): typeof LockMode.S | typeof LockMode.X {
  return mode === 'read' ? LockMode.S : LockMode.X;
}
