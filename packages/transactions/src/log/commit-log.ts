/**
 * Decides the fates of transactions where commits go to one log: whatever is appended is committed, and appended is
 * once and for all. Pure and synchronous; it lives beside the storage, which it knows as two ports, and serves every
 * member of the process.
 *
 * - A commit is appended as **one record** with the writes of all partitions, so no crash can keep half of it. It is
 *   refused when a partition it touched has been opened anew since (its locks are gone), or when it was prevented.
 * - Nothing leaves before it is durable: not the word "committed", not a fate, not the state of a partition. Refusals
 *   show nothing and leave at once. A commit may ask not to wait for the flush itself (`appended`).
 * - `open` **raises the fence first, then reads** the state, so nothing of the dead incarnation can come after what its
 *   successor has read. The fence only rises: the `open` of an incarnation that has died meanwhile may come late.
 * - A partition's own commits come in its order. When one of them is refused, what follows might build on it, so its
 *   incarnation is closed: a **hole** in the stream refuses everything behind it.
 * - A storage that has **no room** keeps nothing of a record and takes later ones: the record is `refused`, and nobody
 *   has built on it, for its locks are still held. One that has **failed** may have kept anything of what it was given:
 *   those commits are told `unknown`, and from then on nothing is committed and no partition is opened.
 *
 * Fates of transactions are remembered until the member that submitted them has heard; those that a dead member has not heard, and
 * ids that were prevented, stay: at most one for each of its status words.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import { TransientMap } from '@troupe/core';
import type { TransactionId } from '../protocol/status-word.ts';
import { LogReplyOp, LogVerdict, unknownFate } from './log-messages.ts';

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
  /** What a partition holds. All of it is durable, and nothing comes for it until this has been told. */
  stateOf(partition: PartitionId): unknown;
}

/** When a commit may be answered. */
export type AnswerWhen = 'flushed' | 'appended';

interface Answer {
  /** How many records must be settled before it may leave. */
  readonly after: number;
  readonly to: LogOrigin;
  readonly op: (typeof LogReplyOp)['decided' | 'fate' | 'state'];
  /** A transaction, or a partition. */
  readonly about: number;
  /** A timestamp, or an incarnation. */
  readonly detail: number;
}

/** Of a transaction that was appended. */
interface Fate {
  timestamp: Timestamp;
  /** How many records there were with its own. */
  readonly position: number;
}

/** A record that is neither durable nor refused. */
interface Unsettled {
  readonly id: TransactionId;
  /** Its member was told that it is committed. */
  readonly told: boolean;
}

/** How records were settled. */
type Settlement = 'durable' | 'refused' | 'failed';

export class CommitLog {
  readonly #ports: CommitLogPorts;
  /** The oldest incarnation of each partition whose locks still count. */
  readonly #fences = new Map<PartitionId, number>();
  readonly #fates = new TransientMap<TransactionId, Fate>((id) => id);
  readonly #prevented = new Set<TransactionId>();
  /** Commits that a member was told of and may not have heard of yet, in the order in which it was. */
  readonly #unheard = new Map<LogOrigin, TransactionId[]>();
  readonly #heard = new Map<LogOrigin, number>();
  /** In order of `after`. */
  #held: Answer[] = [];
  /** In order, those from `#settled` on. */
  #unsettled: Unsettled[] = [];
  #appended = 0;
  #settled = 0;
  #isFull = false;
  #hasFailed = false;

  constructor(ports: CommitLogPorts) {
    this.#ports = ports;
  }

  /** Records that are not durable yet. */
  get unflushed(): number {
    return this.#appended - this.#settled;
  }

  /** Some of the first `count` unflushed records were called committed already: they must not be lost. */
  hasTold(count: number): boolean {
    return this.#unsettled.slice(0, count).some(({ told }) => told);
  }

  /** Fates that are remembered. */
  get remembered(): number {
    return this.#fates.size + this.#prevented.size;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  commit(record: CommitRecord, heard: number, from: LogOrigin, when: AnswerWhen = 'flushed'): void {
    this.#forget(from, heard);
    const { id, parts } = record;
    if (this.#prevented.has(id)) {
      this.#closeStream(parts);
      from.send([LogReplyOp.decided, LogVerdict.prevented, id]);
    } else if (this.isFenced(parts)) from.send([LogReplyOp.decided, LogVerdict.fenced, id]);
    else if (this.#hasFailed) from.send([LogReplyOp.decided, LogVerdict.closed, id]);
    else if (this.#isFull) from.send([LogReplyOp.decided, LogVerdict.full, id]);
    else this.#append(record, from, when);
  }

  prevent(id: TransactionId, from: LogOrigin): void {
    const fate = this.#fates.get(id);
    if (fate !== undefined) this.#answer(from, fate.position, LogReplyOp.fate, id, fate.timestamp);
    else {
      this.#prevented.add(id);
      from.send([LogReplyOp.fate, id, 0]);
    }
  }

  open(partition: PartitionId, incarnation: number, from: LogOrigin): void {
    this.raiseFence(partition, incarnation);
    this.#answer(from, this.#appended, LogReplyOp.state, partition, incarnation);
  }

  /** So many more records are durable. */
  flushed(count: number): void {
    this.#settle(count, 'durable');
  }

  /** Of so many more records nothing was kept, nor will be: there was no room. Only of such that nobody was told of. */
  refused(count: number): void {
    this.#settle(count, 'refused');
  }

  /** Until further notice there is no room: commits are refused. */
  full(isFull: boolean): void {
    this.#isFull = isFull;
  }

  /** The storage is lost for writing, for good; what it has kept of the unflushed records is unknown. */
  failed(): void {
    this.#hasFailed = true;
    this.#settle(this.unflushed, 'failed');
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

  #append(record: CommitRecord, from: LogOrigin, when: AnswerWhen): void {
    const { id, timestamp } = record;
    this.#ports.append(record);
    this.#appended += 1;
    if (isAskedAbout(id, timestamp)) this.#fates.add(id, { timestamp, position: this.#appended });
    this.#unsettled.push({ id, told: when === 'appended' });
    if (when === 'appended') this.#tell(from, LogVerdict.committed, [id]);
    else this.#answer(from, this.#appended, LogReplyOp.decided, id, timestamp);
  }

  #settle(count: number, how: Settlement): void {
    const records = this.#unsettled.splice(0, count);
    this.#settled += count;
    if (how !== 'durable') for (const record of records) this.#drop(record, how);
    const held = this.#held;
    const leaving = held.findIndex(({ after }) => after > this.#settled);
    this.#held = leaving === -1 ? [] : held.slice(leaving);
    this.#leaveAll(leaving === -1 ? held : held.slice(0, leaving), how);
  }

  /** It never was committed, or nobody can say. One that somebody was told of stays committed in this process. */
  #drop({ id, told }: Unsettled, how: Exclude<Settlement, 'durable'>): void {
    const fate = this.#fates.get(id);
    if (told || fate === undefined) return;
    if (how === 'refused') this.#fates.delete(id);
    else fate.timestamp = unknownFate;
  }

  /** Who touched one partition only is submitted by that partition; the others by a coordinator. */
  #closeStream(parts: readonly unknown[]): void {
    if (parts.length === 4) this.raiseFence(parts[0] as PartitionId, (parts[1] as number) + 1);
  }

  /** Leaves when the first `after` records are settled; in the order of `after`, which the callers' order mostly is. */
  #answer(to: LogOrigin, after: number, op: Answer['op'], about: number, detail: number): void {
    const answer: Answer = { after, to, op, about, detail };
    if (after <= this.#settled) {
      this.#leave(answer, 'durable');
      return;
    }
    let index = this.#held.length;
    while (index > 0 && (this.#held[index - 1]?.after ?? 0) > after) index -= 1;
    if (index === this.#held.length) this.#held.push(answer);
    else this.#held.splice(index, 0, answer);
  }

  /** In order for each member; of commits in a row each is told in one message. */
  #leaveAll(answers: readonly Answer[], how: Settlement): void {
    const decided = new Map<LogOrigin, TransactionId[]>();
    const tellDecided = (): void => {
      for (const [to, ids] of decided) this.#tell(to, verdicts[how], ids);
      decided.clear();
    };
    for (const answer of answers) {
      const { to, op, about } = answer;
      if (op !== LogReplyOp.decided) {
        tellDecided();
        this.#leave(answer, how);
        continue;
      }
      const ids = decided.get(to);
      if (ids === undefined) decided.set(to, [about]);
      else ids.push(about);
    }
    tellDecided();
  }

  #tell(to: LogOrigin, verdict: LogVerdict, ids: readonly TransactionId[]): void {
    if (verdict === LogVerdict.committed) {
      const unheard = this.#unheard.get(to);
      for (const id of ids) if (this.#fates.get(id) !== undefined) unheard?.push(id);
    }
    to.send([LogReplyOp.decided, verdict, ...ids]);
  }

  /** `how` the last records were settled that it had to wait for. */
  #leave({ to, op, about, detail }: Answer, how: Settlement): void {
    switch (op) {
      case LogReplyOp.decided:
        this.#tell(to, verdicts[how], [about]);
        break;
      case LogReplyOp.fate:
        // What is durable may have been forgotten since it was asked about.
        to.send([op, about, this.#fates.get(about)?.timestamp ?? (how === 'durable' ? detail : 0)]);
        break;
      default:
        if (this.#hasFailed) to.send([LogReplyOp.unopened, about, detail]);
        else to.send([op, about, detail, this.#ports.stateOf(about)]);
    }
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

/**
 * What partitions write themselves has its timestamp for an id, which no transaction has: that was drawn when it began.
 * It has no word either, so nobody is ever in doubt about it.
 */
export function isAskedAbout(id: TransactionId, timestamp: Timestamp): boolean {
  return id !== timestamp;
}

const verdicts: Record<Settlement, LogVerdict> = {
  durable: LogVerdict.committed,
  refused: LogVerdict.full,
  failed: LogVerdict.unknown,
};
