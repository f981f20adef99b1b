/**
 * Plain operations that wait in a partition for a key that transactions have locked. A part of the participant: pure and
 * synchronous. One waits in the same lines as they do, at its own age, and has the key for no longer than the call that
 * grants it.
 */

import type { Waiting } from '@troupe/core';
import {
  type KeyAccess,
  OverloadedError,
  type PartitionId,
  type StorageKey,
  type Timestamp,
} from '@troupe/core';
import type { LockManager } from './lock-manager.ts';
import { lockModeOf } from './lock-requests.ts';
import type { LockWaits } from './lock-waits.ts';
import { PlainOperation } from './transaction-record.ts';

export class PlainWaits {
  readonly #locks: LockManager;
  readonly #waits: LockWaits;
  readonly #draw: () => Timestamp;

  constructor(locks: LockManager, waits: LockWaits, draw: () => Timestamp) {
    this.#locks = locks;
    this.#waits = waits;
    this.#draw = draw;
  }

  /** Calls `resume` once the key is free for it, maybe within this call. */
  wait(table: number, key: StorageKey, access: KeyAccess, resume: () => void): Waiting {
    const id = this.#draw();
    const operation = new PlainOperation(id, this.#locks.strategy.ageOfPlain(id), resume);
    // Drawn now, its id is the latest of all; those with a low priority count as younger still, and may give way.
    this.#locks.lockKey(operation, table, key, lockModeOf(access));
    if (operation.waits === 0) this.granted(operation);
    else this.#waits.begin(operation);
    return {
      cancel: () => {
        this.#waits.end(operation);
        this.#locks.release(operation);
      },
    };
  }

  /** It has the key, for as long as this call takes. */
  granted(operation: PlainOperation): void {
    this.#waits.end(operation);
    operation.resume();
    this.#locks.release(operation);
  }
}

/** Why one may not wait. */
export function lineFull(partition: PartitionId): OverloadedError {
  return new OverloadedError(
    'QUEUE_FULL',
    `too many operations wait for locks in partition ${partition}; try again later`,
    { details: { partition } },
  );
}
