/**
 * Plain operations that wait in a partition for a key that transactions have locked. A part of the participant: pure and
 * synchronous. One waits in the same lines as they do, at its own age, and has the key for no longer than the call that
 * grants it, unless its write must be durable first (`partition-writer.ts`).
 */

import type { Waiting } from '@troupe/core';
import {
  type KeyAccess,
  OverloadedError,
  type PartitionId,
  type StorageKey,
  type Timestamp,
} from '@troupe/core';
import type { LockManager } from '../locks/lock-manager.ts';
import type { LockWaits } from '../locks/lock-waits.ts';
import { lockModeOf } from './lock-requests.ts';
import { PlainOperation } from './transaction-record.ts';

export class PlainWaits {
  readonly #locks: LockManager;
  readonly #waits: LockWaits;
  readonly #draw: () => Timestamp;
  #current: PlainOperation | undefined;

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
    const outer = this.#current;
    this.#current = operation;
    operation.resume();
    this.#current = outer;
    // It keeps the lock until what it has written is durable.
    if (!operation.isKept) this.#locks.release(operation);
  }

  /** The operation that has its key within the call under way. */
  get current(): PlainOperation | undefined {
    return this.#current;
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
