/**
 * One member's end of the link to the commit log: sends requests, and gives each answer to whoever waits for it. Pure.
 * The log never dies without its members, so every request is answered; should its thread end all the same, `lost`
 * answers for it.
 *
 * Commits are never refused here, but only so many bytes of them are under way: the others wait, in order, until
 * earlier ones are answered. So what a slow storage holds up stays with those who wait for it.
 */
import type { PartitionId, StorageKey, Timestamp } from '@troupe/core';
import { arrayOf, assert, logBacklogBytesMax, logWindowBytes, TransientMap } from '@troupe/core';
import type { TransactionId } from '../protocol/status-word.ts';
import { type AnswerWhen, isAskedAbout } from './commit-log.ts';
import { LogOp, LogReplyOp, LogVerdict, unknownFate } from './log-messages.ts';
import { type PartWriter, PlainPartWriter } from './part-writer.ts';

type Prevented = (timestamp: Timestamp) => void;

interface Waiting {
  readonly message: unknown[];
  readonly bytes: number;
}

class Submitted {
  readonly id: TransactionId;
  readonly decided: (verdict: LogVerdict) => void;
  /** The log remembers what became of it until it knows that this was heard. */
  readonly isRemembered: boolean;
  readonly bytes: number;

  constructor(
    id: TransactionId,
    timestamp: Timestamp,
    bytes: number,
    decided: (verdict: LogVerdict) => void,
  ) {
    this.id = id;
    this.decided = decided;
    this.isRemembered = isAskedAbout(id, timestamp);
    this.bytes = bytes;
  }
}

/** Who waits for the state of a partition. */
export interface Opening {
  /** A part of what it holds. */
  opened(state: unknown, isLast: boolean): void;
  /** It can't be told. */
  unopened(error: unknown): void;
}

export interface LogClientOptions {
  /** Makes what the log is sent of the writes of a partition. */
  readonly newPartWriter?: () => PartWriter;
  /** When a commit is answered that doesn't say. */
  readonly answerWhen?: AnswerWhen;
  readonly windowBytes?: number;
  readonly backlogBytesMax?: number;
}

export class LogClient {
  readonly #send: (message: unknown[], bytes: number) => void;
  readonly #options: Required<LogClientOptions>;
  readonly #writer: PartWriter;
  readonly #commits = new TransientMap<TransactionId, Submitted>((id) => id);
  readonly #prevents = new Map<TransactionId, Prevented[]>();
  readonly #opens = new Map<PartitionId, { readonly incarnation: number; readonly opening: Opening }>();
  #heard = 0;
  #isLost = false;
  /** Of commits that were sent and have no answer. */
  #bytesUnderWay = 0;
  /** Commits that wait to be sent, and their bytes. */
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  /** `send`: a message of about so many bytes. */
  constructor(send: (message: unknown[], bytes: number) => void, options: LogClientOptions = {}) {
    this.#send = send;
    this.#options = {
      answerWhen: 'flushed',
      windowBytes: logWindowBytes,
      backlogBytesMax: logBacklogBytesMax,
      newPartWriter: () => new PlainPartWriter(),
      ...options,
    };
    this.#writer = this.newPartWriter();
  }

  /** Requests that have no answer yet. */
  get pending(): number {
    return this.#commits.size + this.#prevents.size + this.#opens.size;
  }

  /** So much waits here that whoever can should refuse further writes. */
  get isCongested(): boolean {
    return this.#waitingBytes >= this.#options.backlogBytesMax;
  }

  /** This member has submitted it, and waits. */
  hasSubmitted(id: TransactionId): boolean {
    return this.#commits.get(id) !== undefined;
  }

  newPartWriter(): PartWriter {
    return this.#options.newPartWriter();
  }

  /** `parts`: [partition, incarnation, writes, cleared, …] of all that was touched. */
  commit(
    id: TransactionId,
    timestamp: Timestamp,
    parts: readonly unknown[],
    decided: (verdict: LogVerdict) => void,
    when?: AnswerWhen,
  ): void {
    const [written, bytes] = this.#written(parts);
    this.submit(id, timestamp, written, bytes, decided, when);
  }

  /** The same with parts that a part writer has made, of so many bytes. */
  submit(
    id: TransactionId,
    timestamp: Timestamp,
    parts: readonly unknown[],
    bytes: number,
    decided: (verdict: LogVerdict) => void,
    when: AnswerWhen = this.#options.answerWhen,
  ): void {
    if (this.#isLost) {
      decided(LogVerdict.closed);
      return;
    }
    const message = arrayOf<unknown>(LogOp.commit, id, timestamp, parts, this.#heard);
    if (when === 'appended') message.push(1);
    this.#commits.add(id, new Submitted(id, timestamp, bytes, decided));
    if (this.#waiting.length > 0 || this.#bytesUnderWay >= this.#options.windowBytes) {
      this.#waiting.push({ message, bytes });
      this.#waitingBytes += bytes;
    } else this.#post(message, bytes);
  }

  /** Answers when it was committed, or 0, or `unknownFate`. */
  prevent(id: TransactionId, prevented: Prevented): void {
    const waiting = this.#prevents.get(id);
    if (waiting !== undefined) {
      waiting.push(prevented);
      return;
    }
    if (this.#isLost) {
      prevented(unknownFate);
      return;
    }
    this.#prevents.set(id, [prevented]);
    this.#send([LogOp.prevent, id], 0);
  }

  /** Asks what a partition that was created anew holds. */
  open(partition: PartitionId, incarnation: number, opening: Opening): void {
    if (this.#isLost) {
      opening.unopened(undefined);
      return;
    }
    this.#opens.set(partition, { incarnation, opening });
    this.#send([LogOp.open, partition, incarnation], 0);
  }

  receive(message: readonly unknown[]): void {
    switch (message[0]) {
      case LogReplyOp.decided:
        for (let i = 2; i < message.length; i++)
          this.#decided(message[i] as TransactionId, message[1] as LogVerdict);
        break;
      case LogReplyOp.fate:
        this.#fate(message[1] as TransactionId, message[2] as Timestamp);
        break;
      default:
        this.#opened(message);
    }
  }

  /** The log's thread has ended: what it had not answered it may have kept, and it takes nothing more. */
  lost(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const unsent = new Set(this.#waiting.map(({ message }) => message[1]));
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { id } of this.#commits.values())
      this.#decided(id, unsent.has(id) ? LogVerdict.closed : LogVerdict.unknown);
    for (const id of Array.from(this.#prevents.keys())) this.#fate(id, unknownFate);
    for (const { opening } of this.#opens.values()) opening.unopened(undefined);
    this.#opens.clear();
  }

  #decided(id: TransactionId, verdict: LogVerdict): void {
    const submitted = this.#commits.get(id);
    assert(submitted !== undefined, 'the log decided a transaction that nobody had submitted');
    this.#commits.delete(id);
    this.#bytesUnderWay -= submitted.bytes;
    if (verdict === LogVerdict.committed && submitted.isRemembered) this.#heard += 1;
    submitted.decided(verdict);
    if (this.#waiting.length > 0) this.#sendWaiting();
  }

  #fate(id: TransactionId, timestamp: Timestamp): void {
    const waiting = this.#prevents.get(id) ?? [];
    this.#prevents.delete(id);
    for (const prevented of waiting) prevented(timestamp);
  }

  #opened(message: readonly unknown[]): void {
    const partition = message[1] as PartitionId;
    const open = this.#opens.get(partition);
    // The answer to a predecessor at this member shows less than its successor must know.
    if (open === undefined || open.incarnation !== message[2]) return;
    const isLast = message[4] !== 1;
    if (isLast) this.#opens.delete(partition);
    if (message[0] === LogReplyOp.unopened) open.opening.unopened(message[3]);
    else open.opening.opened(message[3], isLast);
    if (!isLast && message[0] === LogReplyOp.state) this.#send([LogOp.more, partition, open.incarnation], 0);
  }

  #post(message: unknown[], bytes: number): void {
    this.#bytesUnderWay += bytes;
    this.#send(message, bytes);
  }

  #sendWaiting(): void {
    let sent = 0;
    while (sent < this.#waiting.length && this.#bytesUnderWay < this.#options.windowBytes) {
      const { message, bytes } = this.#waiting[sent] as Waiting;
      sent++;
      this.#waitingBytes -= bytes;
      this.#post(message, bytes);
    }
    this.#waiting.splice(0, sent);
  }

  #written(parts: readonly unknown[]): readonly [written: readonly unknown[], bytes: number] {
    const writer = this.#writer;
    const written = arrayOf<unknown>();
    let bytes = 0;
    for (let i = 0; i < parts.length; i += 4) {
      const writes = parts[i + 2] as readonly unknown[];
      writer.begin(parts[i + 3] as readonly number[]);
      for (let at = 0; at < writes.length; at += 3)
        writer.write(writes[at] as number, writes[at + 1] as StorageKey, writes[at + 2]);
      bytes += writer.bytes;
      written.push(parts[i], parts[i + 1]);
      writer.takeInto(written);
    }
    return [written, bytes];
  }
}
