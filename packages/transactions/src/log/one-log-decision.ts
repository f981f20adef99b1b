/**
 * The *one log* form of the decision: a commit is what the log has appended, known when it is durable. Pure.
 *
 * - Whoever submits a transaction has made its word COMMITTING before, so no wound can come in between; the word says
 *   COMMITTED only after the log's answer. Locks are held until then, so whatever can be read is durable, and neither
 *   a vote nor an answer has to wait for a flush.
 * - What has written nothing needs no record: the word proves its locks, as in memory.
 * - A COMMITTING transaction whose submitter is dead is asked about with `prevent`. That is never done while the
 *   submitter lives: its answer comes.
 */
import { arrayOf, type PartitionId, type StorageKey, type Timestamp } from '@troupe/core';
import {
  type CommitGroup,
  type Decision,
  type Durability,
  type LoggedTransaction,
  MemoryDecision,
  type ParticipantLog,
  type PartitionWrites,
  type Resolution,
  type Touched,
  type UnaskedSteps,
  type Verdict,
  type Vote,
} from '../protocol/decision.ts';
import type { StatusWords, TransactionId } from '../protocol/status-word.ts';
import type { AnswerWhen } from './commit-log.ts';
import { GroupCommit, type GroupCommitPorts } from './group-commit.ts';
import type { LogClient } from './log-client.ts';
import { LogVerdict, unknownFate } from './log-messages.ts';
import { verdicts } from './log-verdicts.ts';

type Writes = ReadonlyMap<PartitionId, PartitionWrites>;

/** For the coordinators of one member. */
export class OneLogDecision implements Decision {
  readonly #words: StatusWords;
  readonly #incarnationOf: (partition: PartitionId) => number;
  readonly #draw: () => Timestamp;
  readonly #log: LogClient;
  readonly #unlogged: MemoryDecision;

  constructor(
    words: StatusWords,
    incarnationOf: (partition: PartitionId) => number,
    draw: () => Timestamp,
    log: LogClient,
  ) {
    this.#words = words;
    this.#incarnationOf = incarnationOf;
    this.#draw = draw;
    this.#log = log;
    this.#unlogged = new MemoryDecision(words, incarnationOf, draw);
  }

  commit(
    id: TransactionId,
    slot: number,
    timestamp: Timestamp,
    touched: readonly Touched[],
    writes: Writes,
    decided: (verdict: Verdict) => void,
    durability?: Durability,
  ): void {
    // The log would refuse it later.
    if (writes.size === 0 || this.#anyLost(touched))
      this.#unlogged.commit(id, slot, timestamp, touched, writes, decided);
    else if (this.#words.tryCommitting(slot, id))
      this.#submit(id, slot, timestamp, partsOf(touched, writes), decided, durability);
    else decided('aborted');
  }

  commitUnasked(
    id: TransactionId,
    slot: number,
    touched: readonly Touched[],
    writes: Writes,
    steps: UnaskedSteps,
    durability?: Durability,
  ): void {
    if (!this.#words.tryCommitting(slot, id)) {
      steps.decided('aborted', 0);
      return;
    }
    const timestamp = this.#draw();
    // The log has the writes, and its answer is the commit.
    const decided = (verdict: Verdict): void => {
      if (verdict !== 'committed') steps.decided(verdict, 0);
      else steps.handOver(timestamp, () => steps.decided(verdict, timestamp));
    };
    this.#submit(id, slot, timestamp, partsOf(touched, writes), decided, durability);
  }

  tryAbort(id: TransactionId, slot: number): boolean {
    return this.#words.tryAbort(slot, id);
  }

  resolve(id: TransactionId, slot: number, resolved: (committedAt: Resolution) => void): void {
    if (this.#words.fate(slot, id) !== 'committing') {
      this.#unlogged.resolve(id, slot, resolved);
      return;
    }
    this.#log.prevent(id, (timestamp) => {
      if (timestamp !== unknownFate) settle(this.#words, slot, id, timestamp);
      resolved(timestamp === unknownFate ? 'unknown' : timestamp === 0 ? undefined : timestamp);
    });
  }

  #submit(
    id: TransactionId,
    slot: number,
    timestamp: Timestamp,
    parts: readonly unknown[],
    decided: (verdict: Verdict) => void,
    durability: Durability | undefined,
  ): void {
    const told = (verdict: LogVerdict): void => {
      settleAs(verdict, this.#words, slot, id, timestamp);
      decided(verdicts[verdict]);
    };
    this.#log.commit(id, timestamp, parts, told, answerWhen(durability));
  }

  #anyLost(touched: readonly Touched[]): boolean {
    return touched.some(({ partition, incarnation }) => this.#incarnationOf(partition) !== incarnation);
  }
}

function answerWhen(durability: Durability | undefined): AnswerWhen | undefined {
  if (durability === undefined) return undefined;
  return durability === 'buffered' ? 'appended' : 'flushed';
}

/** For the participants of one member. */
export class OneLogParticipation implements ParticipantLog {
  readonly #log: LogClient;
  readonly #group: GroupCommit;

  constructor(log: LogClient, ports: GroupCommitPorts) {
    this.#log = log;
    this.#group = new GroupCommit(log, ports);
  }

  commitHere(
    { id, slot, origin }: LoggedTransaction,
    { timestamp, writes, cleared, durability }: Vote,
    { partition, incarnation }: Touched,
    decided: (verdict: Verdict) => void,
  ): void {
    const told = (verdict: LogVerdict): void => {
      settleAs(verdict, origin.words, slot, id, timestamp);
      decided(verdicts[verdict]);
    };
    const parts = arrayOf<unknown>(partition, incarnation, writes, cleared);
    this.#log.commit(id, timestamp, parts, told, answerWhen(durability));
  }

  keep(
    partition: Touched,
    table: number,
    key: StorageKey,
    value: unknown,
    decided: (verdict: Verdict) => void,
  ): CommitGroup {
    return this.#group.keep(partition, table, key, value, decided);
  }

  get isCongested(): boolean {
    return this.#log.isCongested;
  }

  resolve({ id, slot, origin }: LoggedTransaction, resolved: (timestamp: Timestamp) => void): void {
    if (this.#log.hasSubmitted(id)) return;
    this.#log.prevent(id, (timestamp) => {
      if (timestamp !== unknownFate) settle(origin.words, slot, id, timestamp);
      resolved(timestamp === unknownFate ? 0 : timestamp);
    });
  }
}

/** Where nobody can say, the word stays as it is, so that nobody else takes it for aborted. */
function settleAs(
  verdict: LogVerdict,
  words: StatusWords,
  slot: number,
  id: TransactionId,
  timestamp: Timestamp,
): void {
  if (verdict !== LogVerdict.unknown)
    settle(words, slot, id, verdict === LogVerdict.committed ? timestamp : 0);
}

/** COMMITTING → COMMITTED, or ABORTED at 0. Whoever asks the log is told the same, so it may be done twice. */
function settle(words: StatusWords, slot: number, id: TransactionId, timestamp: Timestamp): void {
  if (timestamp === 0) words.abortCommitting(slot, id);
  else words.commit(slot, id, timestamp);
}

function partsOf(touched: readonly Touched[], writes: Writes): unknown[] {
  const parts: unknown[] = [];
  for (const { partition, incarnation } of touched) {
    const changes = writes.get(partition);
    parts.push(partition, incarnation, changes?.writes ?? [], changes?.cleared ?? []);
  }
  return parts;
}
