/**
 * Reads a table at a snapshot, one partition after the other, in pages. While the reader has one page, the next is
 * under way: one page ahead hides the round trip, more would only cost memory.
 *
 * A reader that leaves early closes the cursor at the owner as soon as the page that is still under way has told its
 * number. That is why a page request itself has no bound: a reader that stops waiting leaves, but the answer is still
 * taken in. It ends with the owner's thread or the grid at the latest.
 */
import type { Message } from '../link/outbox.ts';
import { boundedWait } from '../mesh/bounded-wait.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId, Timestamp } from '../mesh/shared-state.ts';
import { type ScanPart, TableOp } from './messages.ts';
import type { OwnerCalls } from './owner-calls.ts';
import { type ScanRange, toWireRange } from './scan-range.ts';

/** What to read. */
export interface ScanSource {
  readonly calls: OwnerCalls;
  readonly table: number;
  readonly part: ScanPart;
  readonly snapshot: Timestamp;
  /** Bounds each page. */
  readonly options: CallOptions | undefined;
  /** Which entries; undefined: all. */
  readonly range?: ScanRange | undefined;
}

const unbounded: CallOptions = { timeoutMs: Number.POSITIVE_INFINITY };

/** A page under way. */
interface PageRequest {
  readonly message: Message;
  readonly answer: Promise<unknown[]>;
}

/** The pages of all partitions. Nothing is sent before the first is asked for. */
export async function* scanPartitions(
  source: ScanSource,
): AsyncGenerator<readonly unknown[], void, undefined> {
  let ahead: PageRequest | undefined = firstPage(source, source.range?.partition ?? 0);
  try {
    while (ahead !== undefined) {
      const page: unknown[] = await boundedWait(
        source.calls.clock,
        ahead.answer,
        source.options,
        'the iteration was left',
      );
      ahead = pageAfter(source, ahead.message, page.shift() as number);
      if (page.length > 0) yield page;
    }
  } finally {
    if (ahead !== undefined) abandon(source.calls, ahead);
  }
}

function firstPage(source: ScanSource, partition: PartitionId): PageRequest {
  const { calls, table, part, snapshot, range } = source;
  const message: Message = [TableOp.scan, 0, partition, 0, table, snapshot, part, 0];
  if (range !== undefined) message.push(toWireRange(range));
  return underWay(message, calls.request(message, 0, unbounded));
}

/** `cursor` is what the last page answered: 0 when the partition is read to its end. */
function pageAfter(source: ScanSource, last: Message, cursor: number): PageRequest | undefined {
  const partition = last[2] as PartitionId;
  if (cursor === 0) {
    if (source.range?.partition !== undefined) return undefined;
    const following = partition + 1;
    return following < source.calls.placement.partitionCount ? firstPage(source, following) : undefined;
  }
  const message = [...last];
  message[7] = cursor;
  return underWay(message, source.calls.requestSame(message, unbounded));
}

function underWay(message: Message, answer: Promise<unknown>): PageRequest {
  // Its failure counts when the reader comes to it, not while he is busy with the page before.
  answer.catch(() => undefined);
  return { message, answer: answer as Promise<unknown[]> };
}

function abandon(calls: OwnerCalls, { message, answer }: PageRequest): void {
  const [, , partition, incarnation] = message;
  answer.then(
    ([cursor]) => {
      if (cursor !== 0) calls.notify([TableOp.closeScan, 0, partition, incarnation, cursor]);
    },
    () => undefined,
  );
}
