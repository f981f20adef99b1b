/** What a coordinator sends to participants, in the forms of `messages.ts`. Pure. */
import type { Timestamp } from '@troupe/core';
import type { PartitionWrites, Touched } from './decision.ts';
import { labelPosition, RequestOp } from './messages.ts';
import type { TransactionId } from './status-word.ts';

/** One attempt, as it presents itself to partitions. */
interface Sender {
  readonly id: TransactionId;
  readonly slot: number;
  readonly age: number;
}

/** Asks for locks or for a vote. Of `c` and `d` those that are undefined are left out. */
export function requestMessage(
  op: number,
  { id, slot, age }: Sender,
  { partition, incarnation }: Touched,
  first: 0 | 1,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
): unknown[] {
  const message = [op, id, partition, incarnation, slot, age, first, a, b];
  if (c !== undefined) message.push(c);
  if (d !== undefined) message.push(d);
  return message;
}

/** Adds the label, always at the same place, whatever the message carries before it. */
export function addLabel(message: unknown[], label: string): void {
  while (message.length < labelPosition) message.push(undefined);
  message.push(label);
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
