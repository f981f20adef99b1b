/** How an attempt ended, and why, where it ended without a commit. */
import type { PartitionId, Timestamp } from '@troupe/core';
import { TransactionFinishedError } from '@troupe/core';
import type { Conflict } from './conflict.ts';
import type { StorageRefusal, Verdict } from './decision.ts';
import { Refusal } from './messages.ts';

/** Why an attempt ended without a commit. */
export type AbortCause =
  | 'wounded'
  | 'participant-lost'
  | 'line-full'
  /** A turn of an actor was under way that it must not wait for. */
  | 'busy'
  | 'killed'
  | 'timeout'
  | 'user'
  /** It was done before, under the same idempotency key. */
  | 'already'
  | StorageRefusal;

export type Outcome =
  | { readonly committed: true; readonly timestamp: Timestamp }
  | {
      readonly committed: false;
      readonly cause: AbortCause;
      readonly partition: PartitionId | undefined;
      /** What it was wounded over, where that is known. */
      readonly conflict?: Conflict | undefined;
    };

/** An outcome without a commit. */
export type Abort = Extract<Outcome, { readonly committed: false }>;

/** Why a run failed whose last attempt ended so: of itself, unless the attempt was aborted. */
export function causeOfFailure(outcome: Outcome | undefined): AbortCause {
  return outcome === undefined || outcome.committed ? 'user' : outcome.cause;
}

/** What a refusal makes of the attempt that was refused. */
export const causeOfRefusal: Record<Refusal, AbortCause> = {
  [Refusal.wounded]: 'wounded',
  [Refusal.incarnation]: 'participant-lost',
  [Refusal.lineFull]: 'line-full',
  [Refusal.ended]: 'killed',
  [Refusal.busy]: 'busy',
  [Refusal.storageFull]: 'storage-full',
  [Refusal.storageUnknown]: 'storage-unknown',
  [Refusal.storageClosed]: 'storage-closed',
};

/** What a decision not to commit makes of it. */
export const causeOfVerdict: Record<Exclude<Verdict, 'committed'>, AbortCause> = {
  aborted: 'wounded',
  lost: 'participant-lost',
  'storage-full': 'storage-full',
  'storage-unknown': 'storage-unknown',
  'storage-closed': 'storage-closed',
};

/**
 * What an operation is told that comes after the end, or while the attempt commits. `abortError` says how an attempt
 * ended without a commit.
 */
export function finishedError(
  outcome: Outcome | undefined,
  abortError: (abort: Abort) => Error,
): TransactionFinishedError {
  if (outcome === undefined)
    return new TransactionFinishedError('the transaction is committing; no operation can join it any more');
  if (outcome.committed)
    return new TransactionFinishedError(
      'the transaction has been committed; no operation can join it any more',
    );
  const cause = abortError(outcome);
  return new TransactionFinishedError(`the transaction has ended: ${cause.message}`, {
    cause,
    details: { reason: outcome.cause },
  });
}
