/**
 * How a message names a transaction and a place in it: what a call that joins carries to another thread, and what the
 * branch there is made from. `[id, member, attempt, label, scope, readOnly, readTimestamp]`; `member` coordinates it, or
 * holds the snapshot that it reads.
 */
import type { MemberId, Timestamp, TransactionRef } from '@troupe/core';
import type { TransactionId } from '../protocol/status-word.ts';
import type { ScopeId } from './scopes.ts';

export interface TransactionPlace {
  readonly id: TransactionId;
  readonly home: MemberId;
  readonly attempt: number;
  readonly label: string | undefined;
  readonly scope: ScopeId;
  readonly readOnly: boolean;
  /** Set for one that reads a snapshot. */
  readonly readTimestamp: Timestamp | undefined;
}

export function toRef(place: TransactionPlace): TransactionRef {
  const { id, home, attempt, label, scope, readOnly, readTimestamp } = place;
  return [id, home, attempt, label, scope, readOnly ? 1 : 0, readTimestamp];
}

export function fromRef(ref: TransactionRef): TransactionPlace {
  return {
    id: ref[0] as TransactionId,
    home: ref[1] as MemberId,
    attempt: ref[2] as number,
    label: ref[3] as string | undefined,
    scope: ref[4] as ScopeId,
    readOnly: ref[5] === 1,
    readTimestamp: ref[6] as Timestamp | undefined,
  };
}
