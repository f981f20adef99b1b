/**
 * One member's end of the link to the commit log: sends requests, and gives each answer to whoever waits for it. Pure.
 * The log never dies without its members, so every request is answered.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import { assert } from '@troupe/core';
import { LogOp, LogReplyOp, LogVerdict } from './log-messages.ts';
import type { TransactionId } from './status-word.ts';

type Prevented = (timestamp: Timestamp) => void;

export class LogClient {
  readonly #send: (message: unknown[]) => void;
  readonly #commits = new Map<TransactionId, (verdict: LogVerdict) => void>();
  readonly #prevents = new Map<TransactionId, Prevented[]>();
  readonly #opens = new Map<PartitionId, (incarnation: number, state: unknown) => void>();
  #heard = 0;

  constructor(send: (message: unknown[]) => void) {
    this.#send = send;
  }

  /** Requests that have no answer yet. */
  get pending(): number {
    return this.#commits.size + this.#prevents.size + this.#opens.size;
  }

  /** This member has submitted it, and waits. */
  hasSubmitted(id: TransactionId): boolean {
    return this.#commits.has(id);
  }

  /** `parts`: [partition, incarnation, writes, cleared, …] of all that was touched. */
  commit(
    id: TransactionId,
    timestamp: Timestamp,
    parts: readonly unknown[],
    decided: (verdict: LogVerdict) => void,
  ): void {
    this.#commits.set(id, decided);
    this.#send([LogOp.commit, id, timestamp, parts, this.#heard]);
  }

  /** Answers when it was committed, or 0. */
  prevent(id: TransactionId, prevented: Prevented): void {
    const waiting = this.#prevents.get(id);
    if (waiting !== undefined) {
      waiting.push(prevented);
      return;
    }
    this.#prevents.set(id, [prevented]);
    this.#send([LogOp.prevent, id]);
  }

  /** Answers what a partition that was created anew holds. */
  open(partition: PartitionId, incarnation: number, opened: (state: unknown) => void): void {
    this.#opens.set(partition, (answered, state) => {
      // The answer to a predecessor at this member shows less than its successor must know.
      if (answered !== incarnation) return;
      this.#opens.delete(partition);
      opened(state);
    });
    this.#send([LogOp.open, partition, incarnation]);
  }

  receive(message: readonly unknown[]): void {
    if (message[0] === LogReplyOp.state)
      this.#opens.get(message[1] as PartitionId)?.(message[2] as number, message[3]);
    else if (message[0] === LogReplyOp.fate) this.#fate(message[1] as TransactionId, message[2] as Timestamp);
    else this.#decided(message[1] as TransactionId, message[2] as LogVerdict);
  }

  #decided(id: TransactionId, verdict: LogVerdict): void {
    const decided = this.#commits.get(id);
    assert(decided !== undefined, 'the log decided a transaction that nobody had submitted');
    this.#commits.delete(id);
    if (verdict === LogVerdict.committed) this.#heard += 1;
    decided(verdict);
  }

  #fate(id: TransactionId, timestamp: Timestamp): void {
    const waiting = this.#prevents.get(id) ?? [];
    this.#prevents.delete(id);
    for (const prevented of waiting) prevented(timestamp);
  }
}
