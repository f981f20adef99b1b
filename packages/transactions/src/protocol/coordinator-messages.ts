/** What a coordinator sends to participants, in the forms of `messages.ts`. Pure. */
import type { Timestamp } from '@troupe/core';
import type { PartitionWrites, Touched } from './decision.ts';
import { RequestOp } from './messages.ts';
import type { TransactionId } from './status-word.ts';

/** One attempt, as it presents itself to partitions. */
interface Sender {
  readonly id: TransactionId;
  readonly slot: number;
  readonly age: number;
}

/**
 * Asks for locks or for a vote. Of `c` and `d` those that are undefined are left out, unless the label comes behind them:
 * always at `labelPosition`.
 */
export function requestMessage(
  op: number,
  { id, slot, age }: Sender,
  { partition, incarnation }: Touched,
  first: 0 | 1,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
  label: string | undefined,
): unknown[] {
  // Whole literals: whatever is added to an array afterwards makes it half as large again.
  if (label !== undefined) return [op, id, partition, incarnation, slot, age, first, a, b, c, d, label];
  if (d !== undefined) return [op, id, partition, incarnation, slot, age, first, a, b, c, d];
  if (c !== undefined) return [op, id, partition, incarnation, slot, age, first, a, b, c];
  return [op, id, partition, incarnation, slot, age, first, a, b];
}

/** Installs what was kept with the vote at `timestamp`, or drops it when that is 0. */
export function decideMessage(
  id: TransactionId,
  { partition, incarnation }: Touched,
  timestamp: Timestamp,
): unknown[] {
  return [RequestOp.decide, id, partition, incarnation, timestamp];
}

/** Decided without a vote: the changes come along, where there are any. */
export function unaskedMessage(
  id: TransactionId,
  touched: Touched,
  timestamp: Timestamp,
  changes: PartitionWrites | undefined,
): unknown[] {
  if (changes === undefined) return decideMessage(id, touched, 0);
  const { partition, incarnation } = touched;
  return [RequestOp.commit, id, partition, incarnation, timestamp, changes.writes, changes.cleared];
}
