/** What an attempt needs of its member, and who is told about it. */
import type { Clock, PartitionId, Timestamp } from '@troupe/core';
import type { Decision } from '../protocol/decision.ts';
import type { AbortCause, Outcome } from '../protocol/outcome.ts';
import type { Attempt } from './attempt.ts';

/** What an attempt needs of its member. */
export interface AttemptGround {
  readonly clock: Clock;
  readonly decision: Decision;
  readonly partitionCount: number;
  /** What holds the lock of every write commits without votes. */
  readonly commitsUnasked: boolean;
  incarnationOf(partition: PartitionId): number;
  now(): Timestamp;
  /** Sends to the owner of a partition; to one that is gone, nothing. */
  send(partition: PartitionId, message: unknown[]): void;
  /** It is on this thread. */
  diesWithUs(partition: PartitionId): boolean;
  /** See `CoordinatorPorts`. */
  whenHandedOver(then: () => void): void;
  /** The owner of this partition can be reached now. */
  isConnected(partition: PartitionId): boolean;
  /** Resolves when it can. */
  connected(partition: PartitionId): Promise<void>;
  /** The attempt has ended: its word may be lent to another once its decisions are on their way. */
  ended(attempt: Attempt): void;
  /** What the user is told about an attempt that ended without a commit. */
  abortError(attempt: Attempt, cause: AbortCause, partition: PartitionId | undefined): Error;
}

/** Who has to know which attempt is under way even if this thread dies. */
export interface AttemptReport {
  /** Before anything is sent. False: nobody wants it any more. */
  begins(slot: number): boolean;
  /** Before the slot is lent again. */
  ends(slot: number, fate: AttemptFate): void;
}

/** Unknown: the storage has failed with its commit. */
export type AttemptFate = 'committed' | 'aborted' | 'unknown';

/** Who is told how an attempt ends. */
export interface AttemptListener {
  attemptEnded(outcome: Outcome): void;
}

/** Tells both, in this order. */
export function both(first: AttemptListener, second: AttemptListener): AttemptListener {
  return {
    attemptEnded(outcome) {
      first.attemptEnded(outcome);
      second.attemptEnded(outcome);
    },
  };
}
