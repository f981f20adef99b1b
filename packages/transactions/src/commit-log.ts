/**
 * Decides the fates of transactions where commits go to one log: whatever is appended is committed, and appended is
 * once and for all. Pure and synchronous; it lives beside the storage, which it knows as two ports, and serves every
 * member of the process.
 *
 * - A commit is appended as **one record** with the writes of all partitions, so no crash can keep half of it. It is
 *   refused when a partition it touched has been opened anew since (its locks are gone), or when it was prevented.
 * - Nothing leaves before it is durable: not the word "committed", not a fate, not the state of a partition. Refusals
 *   show nothing and leave at once.
 * - `open` **raises the fence first, then reads** the state, so nothing of the dead incarnation can come after what its
 *   successor has read. The fence only rises: the `open` of an incarnation that has died meanwhile may come late.
 * - A partition's own commits come in its order. When one of them is refused, what follows might build on it, so its
 *   incarnation is closed: a **hole** in the stream refuses everything behind it.
 *
 * Fates are remembered until the member that submitted them has heard; those that a dead member has not heard, and
 * ids that were prevented, stay: at most one for each of its status words.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import { LogReplyOp, LogVerdict } from './log-messages.ts';
import type { TransactionId } from './status-word.ts';

/** One committed transaction. */
export interface CommitRecord {
  readonly id: TransactionId;
  readonly timestamp: Timestamp;
  /** [partition, incarnation, writes, cleared, …]; partitions that were only read have no writes. */
  readonly parts: readonly unknown[];
}

/** One incarnation of a member, as the log answers it. Compared by identity. */
export interface LogOrigin {
  send(message: unknown[]): void;
}

export interface CommitLogPorts {
  /** Puts a record behind all others. It is durable once `flushed` has counted it. */
  append(record: CommitRecord): void;
  /** What a partition holds after every record appended so far. */
  stateOf(partition: PartitionId): unknown;
}

interface Answer {
  /** How many records must be durable before it may leave. */
  readonly after: number;
  readonly to: LogOrigin;
  readonly message: unknown[];
}

interface Fate {
  readonly timestamp: Timestamp;
  /** Records up to and with its own. */
  readonly position: number;
}

export class CommitLog {
  readonly #ports: CommitLogPorts;
  /** The oldest incarnation of each partition whose locks still count. */
  readonly #fences = new Map<PartitionId, number>();
  readonly #fates = new Map<TransactionId, Fate>();
  readonly #prevented = new Set<TransactionId>();
  /** Commits of a member that it may not have heard of yet, in order. */
  readonly #unheard = new Map<LogOrigin, TransactionId[]>();
  readonly #heard = new Map<LogOrigin, number>();
  /** In order of `after`. */
  #held: Answer[] = [];
  #appended = 0;
  #flushed = 0;

  constructor(ports: CommitLogPorts) {
    this.#ports = ports;
  }

  /** Records that are not durable yet. */
  get unflushed(): number {
    return this.#appended - this.#flushed;
  }

  /** Fates that are remembered. */
  get remembered(): number {
    return this.#fates.size + this.#prevented.size;
  }

  commit(record: CommitRecord, heard: number, from: LogOrigin): void {
    this.#forget(from, heard);
    const { id, timestamp, parts } = record;
    if (this.#prevented.has(id)) {
      this.#closeStream(parts);
      from.send([LogReplyOp.decided, id, LogVerdict.prevented]);
    } else if (this.isFenced(parts)) from.send([LogReplyOp.decided, id, LogVerdict.fenced]);
    else {
      this.#ports.append(record);
      this.#appended += 1;
      this.#fates.set(id, { timestamp, position: this.#appended });
      this.#unheardOf(from).push(id);
      this.#answer(from, this.#appended, [LogReplyOp.decided, id, LogVerdict.committed]);
    }
  }

  prevent(id: TransactionId, from: LogOrigin): void {
    const fate = this.#fates.get(id);
    if (fate !== undefined) this.#answer(from, fate.position, [LogReplyOp.fate, id, fate.timestamp]);
    else {
      this.#prevented.add(id);
      from.send([LogReplyOp.fate, id, 0]);
    }
  }

  open(partition: PartitionId, incarnation: number, from: LogOrigin): void {
    this.raiseFence(partition, incarnation);
    const state = this.#ports.stateOf(partition);
    this.#answer(from, this.#appended, [LogReplyOp.state, partition, incarnation, state]);
  }

  /** So many more records are durable. */
  flushed(count: number): void {
    this.#flushed += count;
    const held = this.#held;
    const leaving = held.findIndex(({ after }) => after > this.#flushed);
    this.#held = leaving === -1 ? [] : held.slice(leaving);
    for (const { to, message } of leaving === -1 ? held : held.slice(0, leaving)) to.send(message);
  }

  /** Nothing comes from this member any more. */
  originLost(origin: LogOrigin): void {
    this.#unheard.delete(origin);
    this.#heard.delete(origin);
  }

  /** Whether a partition of a commit has been opened anew since it was touched. */
  protected isFenced(parts: readonly unknown[]): boolean {
    for (let i = 0; i < parts.length; i += 4) {
      if ((parts[i + 1] as number) < this.fenceOf(parts[i] as PartitionId)) return true;
    }
    return false;
  }

  protected raiseFence(partition: PartitionId, incarnation: number): void {
    this.setFence(partition, Math.max(incarnation, this.fenceOf(partition)));
  }

  protected setFence(partition: PartitionId, incarnation: number): void {
    this.#fences.set(partition, incarnation);
  }

  protected fenceOf(partition: PartitionId): number {
    return this.#fences.get(partition) ?? 0;
  }

  /** Whoever touched one partition only is submitted by that partition; the others by a coordinator. */
  #closeStream(parts: readonly unknown[]): void {
    if (parts.length === 4) this.raiseFence(parts[0] as PartitionId, (parts[1] as number) + 1);
  }

  /** Leaves when the first `after` records are durable; in the order of `after`, which the callers' order mostly is. */
  #answer(to: LogOrigin, after: number, message: unknown[]): void {
    if (after <= this.#flushed) {
      to.send(message);
      return;
    }
    let index = this.#held.length;
    while (index > 0 && (this.#held[index - 1]?.after ?? 0) > after) index -= 1;
    this.#held.splice(index, 0, { after, to, message });
  }

  #unheardOf(origin: LogOrigin): TransactionId[] {
    let ids = this.#unheard.get(origin);
    if (ids === undefined) {
      ids = [];
      this.#unheard.set(origin, ids);
    }
    return ids;
  }

  #forget(origin: LogOrigin, heard: number): void {
    const known = this.#heard.get(origin) ?? 0;
    this.#heard.set(origin, heard);
    for (const id of this.#unheardOf(origin).splice(0, heard - known)) this.#fates.delete(id);
  }
}
