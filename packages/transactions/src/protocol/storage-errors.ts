/** What callers are told whose commit the storage did not take, or may have taken. */
import { StorageError } from '@troupe/core';
import type { Verdict } from './decision.ts';

/** `what` is in the middle of the message: 'transaction 7'. */
export function storageError(verdict: Exclude<Verdict, 'committed'>, what: string): StorageError {
  switch (verdict) {
    case 'storage-full':
      return new StorageError(
        'STORAGE_FULL',
        `${what} was not kept: the storage has no room; nothing was done`,
        {
          details: { outcome: 'not-done' },
        },
      );
    case 'storage-unknown':
      return new StorageError(
        'STORAGE_FAILED',
        `the storage failed while it kept ${what}: whether it will be there after the next start is unknown. Nothing is written any more; reads go on`,
        { details: { outcome: 'unknown' } },
      );
    default:
      return new StorageError(
        'STORAGE_FAILED',
        `${what} was refused: the storage has failed, so nothing is written any more; reads go on`,
        { details: { outcome: 'not-done' } },
      );
  }
}
