/**
 * The owner's side of the family `table`: checks that the partition is the one the caller meant, asks its concurrency
 * control, applies, answers. The way of a request that needn't wait builds no closure.
 *
 * Stored values are answered as they are: they never change, links encode them, and a caller on this thread gets a
 * copy. What waits ends with its caller; what fails is the caller's error, but a broken invariant stops the thread.
 */
import { copyValue } from '../codec/value.ts';
import { approximateBytes } from '../codec/value-bytes.ts';
import type { AnyTable } from '../definition/table-definition.ts';
import { InvariantError, PartitionUnavailableError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';
import { prunedPerSweep } from '../limits.ts';
import type { Message } from '../link/outbox.ts';
import type { Member, MessageFamily } from '../mesh/member.ts';
import type { Peer } from '../mesh/peer.ts';
import type { PartitionId, Timestamp } from '../mesh/shared-state.ts';
import type { OwnedPartitions, Partition } from '../partition/partition.ts';
import type { KeptWrites } from '../partition/partition-concurrency.ts';
import type { Version } from '../partition/table-versions.ts';
import { newest, type OneKeyOp, type ScanPart, TableOp } from './messages.ts';
import { applyOperation, lockFor, WriteSlot } from './operation.ts';
import { type Scan, ScanCursors, type ScanLimits, scanLimits } from './scan-cursors.ts';
import { type KeyFilter, keyFilter, type WireRange } from './scan-range.ts';
import { WaitingRequests } from './waiting-requests.ts';

export type { ScanLimits };

/** What this needs of a Member. */
export type AnsweringMember = Pick<Member, 'clock' | 'self' | 'shared' | 'reply' | 'replyOwned' | 'fail'>;

const firstArgument = 6;

export class TableService implements MessageFamily {
  readonly #member: AnsweringMember;
  readonly #partitions: Pick<OwnedPartitions, 'tryGet' | 'all'>;
  readonly #tableOf: (id: number) => AnyTable;
  readonly #limits: ScanLimits;
  readonly #cursors: ScanCursors;
  readonly #waiting = new WaitingRequests();
  readonly #write = new WriteSlot();
  #pruning = false;

  /** `tableOf`: the definition behind a number. */
  constructor(
    member: AnsweringMember,
    partitions: Pick<OwnedPartitions, 'tryGet' | 'all'>,
    tableOf: (id: number) => AnyTable,
    limits = scanLimits,
  ) {
    this.#member = member;
    this.#partitions = partitions;
    this.#tableOf = tableOf;
    this.#limits = limits;
    this.#cursors = new ScanCursors(limits);
  }

  /** Iterations that are open here. */
  get openCursors(): number {
    return this.#cursors.size;
  }

  /** Requests that wait for locks here. */
  get waitingRequests(): number {
    return this.#waiting.size;
  }

  receive(message: Message, from: Peer): void {
    const op = message[0] as number;
    if (op >= TableOp.closeScan) {
      if (op === TableOp.prune) this.#prune();
      else this.#closeScan(message[4] as number, from);
      return;
    }
    const partition = this.#partitions.tryGet(message[2] as PartitionId, message[3] as number);
    if (partition === undefined) this.#member.fail(from, message[1] as number, partitionMoved(message));
    else if (op <= TableOp.increment) this.#oneKey(partition, message, from);
    else this.#bulkRead(partition, message, from);
  }

  cancelled(requestId: number, from: Peer): void {
    this.#waiting.cancel(from, requestId);
  }

  peerLost(peer: Peer): void {
    this.#waiting.cancelAll(peer);
    this.#cursors.closeAllOf(peer);
  }

  #closeScan(cursor: number, from: Peer): void {
    if (this.#cursors.tryGet(cursor, from) !== undefined) this.#cursors.close(cursor);
  }

  /** Drops what no snapshot needs, in portions, so that a long idle partition holds nobody up. */
  #prune(): void {
    if (this.#pruning) return;
    let rest = prunedPerSweep;
    for (const { store } of this.#partitions.all()) {
      rest -= store.prune(rest);
      if (rest === 0) break;
    }
    if (rest > 0) return;
    this.#pruning = true;
    this.#member.clock.nextTurn(() => {
      this.#pruning = false;
      this.#prune();
    });
  }

  #oneKey(partition: Partition, message: Message, from: Peer): void {
    const access = lockFor(message[0] as OneKeyOp);
    const table = message[4] as number;
    const key = message[5] as StorageKey;
    if (partition.concurrency.isFree(table, key, access)) this.#apply(partition, message, from);
    else this.#waitForKey(partition, message, from);
  }

  #apply(partition: Partition, message: Message, from: Peer): void {
    const requestId = message[1] as number;
    const table = message[4] as number;
    const key = message[5] as StorageKey;
    const write = this.#write;
    const newestVersion = partition.store.newest(table, key);
    let answer: unknown;
    try {
      const op = message[0] as OneKeyOp;
      answer = applyOperation(op, key, newestVersion?.value, message, firstArgument, write);
    } catch (error) {
      this.#fail(from, requestId, error);
      return;
    }
    if (write.changed) {
      const { writes } = partition.concurrency;
      if (writes !== undefined) {
        this.#keep(writes, message, from, answer, newestVersion);
        return;
      }
      partition.store.write(table, key, write.value, this.#member.shared.draw(), newestVersion);
    }
    if (typeof answer === 'object') this.#member.reply(from, requestId, answer);
    else this.#member.replyOwned(from, requestId, answer);
  }

  /** Answers when the write is durable. */
  #keep(writes: KeptWrites, message: Message, from: Peer, answer: unknown, known: Version | undefined): void {
    const requestId = message[1] as number;
    const kept = (error?: Error): void => {
      if (error === undefined) this.#member.reply(from, requestId, answer);
      else this.#fail(from, requestId, error);
    };
    writes.keepKey(message[4] as number, message[5] as StorageKey, this.#write.value, kept, known);
  }

  #waitForKey(partition: Partition, message: Message, from: Peer): void {
    const access = lockFor(message[0] as OneKeyOp);
    this.#wait(
      message,
      from,
      () => this.#apply(partition, message, from),
      (resume) => partition.concurrency.wait(message[4] as number, message[5] as StorageKey, access, resume),
    );
  }

  /** `size`, `read` and `scan`: begins again after each wait. */
  #bulkRead(partition: Partition, message: Message, from: Peer): void {
    const snapshot = message[5] as Timestamp;
    const unsettled = snapshot === newest ? settled : firstUnsettled(partition, message, snapshot);
    if (unsettled !== settled) {
      this.#wait(
        message,
        from,
        () => this.#bulkRead(partition, message, from),
        (resume) => partition.concurrency.waitSettled(message[4] as number, unsettled, snapshot, resume),
      );
      return;
    }
    try {
      this.#answerBulkRead(partition, message, from);
    } catch (error) {
      this.#fail(from, message[1] as number, error);
    }
  }

  #answerBulkRead(partition: Partition, message: Message, from: Peer): void {
    switch (message[0]) {
      case TableOp.size:
        this.#member.replyOwned(from, message[1] as number, this.#sizeOf(partition, message));
        break;
      case TableOp.read:
        this.#answerRead(partition, message, from);
        break;
      case TableOp.scan:
        this.#answerScan(partition, message, from);
        break;
      default:
        throw new InvariantError(`an unknown table message arrived: ${String(message[0])}`);
    }
  }

  #answerRead(partition: Partition, message: Message, from: Peer): void {
    const table = message[4] as number;
    const snapshot = message[5] as Timestamp;
    const { store } = partition;
    const values: unknown[] = [];
    let bytes = 0;
    for (const key of message[6] as StorageKey[]) {
      if (bytes >= this.#limits.pageBytesMax) break;
      const value = snapshot === newest ? store.read(table, key) : store.readAt(table, key, snapshot);
      values.push(value);
      bytes += approximateBytes(value, this.#limits.pageBytesMax);
    }
    this.#replyItems(from, message[1] as number, values);
  }

  #answerScan(partition: Partition, message: Message, from: Peer): void {
    const requestId = message[1] as number;
    const opened = message[7] as number;
    const scan = opened === 0 ? this.#openedScan(partition, message, from) : this.#mustContinue(opened, from);
    let cursor = opened;
    try {
      const { items, isLast } = this.#cursors.pageOf(scan);
      if (isLast) this.#cursors.close(opened);
      else if (opened === 0) cursor = this.#cursors.open(scan);
      items.unshift(isLast ? 0 : cursor);
      this.#replyItems(from, requestId, items);
    } catch (error) {
      this.#cursors.close(opened);
      throw error;
    }
  }

  #openedScan(partition: Partition, message: Message, peer: Peer): Scan {
    const walk = partition.store.iterate(message[4] as number, message[5] as Timestamp);
    const filter = this.#filterOf(message, message[8] as WireRange | undefined);
    return { partition, peer, part: message[6] as ScanPart, walk, filter };
  }

  #sizeOf({ store }: Partition, message: Message): number {
    const table = message[4] as number;
    const snapshot = message[5] as Timestamp;
    const filter = this.#filterOf(message, message[6] as WireRange | undefined);
    if (filter === undefined) return snapshot === newest ? store.size(table) : store.sizeAt(table, snapshot);
    let count = 0;
    const walk = store.iterate(table, snapshot);
    while (walk.advance()) if (filter(walk.key)) count++;
    return count;
  }

  #filterOf(message: Message, range: WireRange | undefined): KeyFilter | undefined {
    return range === undefined ? undefined : keyFilter(this.#tableOf(message[4] as number), range);
  }

  #mustContinue(cursor: number, from: Peer): Scan {
    const scan = this.#cursors.tryGet(cursor, from);
    if (scan === undefined) throw iterationEnded();
    return scan;
  }

  /** Copies item by item for a caller on this thread: all together may be larger than one value may be. */
  #replyItems(to: Peer, requestId: number, items: unknown[]): void {
    const own = to === this.#member.self ? items.map((item) => copyValue(item, 'value')) : items;
    this.#member.replyOwned(to, requestId, own);
  }

  #wait(
    message: Message,
    from: Peer,
    run: () => void,
    queue: (resume: () => void) => { cancel(): void },
  ): void {
    const requestId = message[1] as number;
    let resumed = false;
    try {
      const waiting = queue(() => {
        resumed = true;
        this.#waiting.remove(from, requestId);
        run();
      });
      if (!resumed) this.#waiting.add(from, requestId, waiting);
    } catch (error) {
      this.#fail(from, requestId, error);
    }
  }

  #fail(to: Peer, requestId: number, error: unknown): void {
    if (error instanceof InvariantError) throw error;
    this.#member.fail(to, requestId, error);
  }
}

/** Says that nothing has to be waited for; undefined would mean "any key of the table". */
const settled = Symbol('settled');

/** What a snapshot read has to wait for first: a key, undefined for any of the table, or `settled`. */
function firstUnsettled(
  { concurrency }: Partition,
  message: Message,
  snapshot: Timestamp,
): StorageKey | undefined | typeof settled {
  const table = message[4] as number;
  if (message[0] === TableOp.read) {
    for (const key of message[6] as StorageKey[]) {
      if (!concurrency.isSettled(table, key, snapshot)) return key;
    }
    return settled;
  }
  const continues = message[0] === TableOp.scan && message[7] !== 0;
  return continues || concurrency.isSettled(table, undefined, snapshot) ? settled : undefined;
}

function partitionMoved(message: Message): PartitionUnavailableError {
  const [, , partition, incarnation] = message;
  return new PartitionUnavailableError(
    `partition ${String(partition)} has moved or been created anew since the call was made; nothing was done, make it again`,
    { details: { partition, incarnation } },
  );
}

function iterationEnded(): PartitionUnavailableError {
  return new PartitionUnavailableError('this iteration was closed at its owner; begin a new one');
}
