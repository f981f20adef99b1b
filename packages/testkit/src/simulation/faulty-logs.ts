/** Commit logs and ways to them with one fault each; see `log-faults.ts`. */
import type { PartitionId, Timestamp } from '@troupe/core';
import {
  type AnswerWhen,
  type CommitGroup,
  CommitLog,
  type CommitLogPorts,
  type CommitRecord,
  type GroupCommitPorts,
  type LogClient,
  type LoggedTransaction,
  type LogOrigin,
  LogReplyOp,
  OneLogParticipation,
  type TransactionId,
} from '@troupe/transactions';

/** Takes what touched a partition that has been opened anew since. */
export class LogWithoutFence extends CommitLog {
  protected override isFenced(): boolean {
    return false;
  }
}

/** Lets the fences fall that a member has raised, when that member dies. */
export class LogWithFallingFence extends CommitLog {
  readonly #opened = new Map<LogOrigin, PartitionId[]>();

  override open(partition: PartitionId, incarnation: number, from: LogOrigin): void {
    const opened = this.#opened.get(from) ?? [];
    this.#opened.set(from, [...opened, partition]);
    super.open(partition, incarnation, from);
  }

  override originLost(origin: LogOrigin): void {
    super.originLost(origin);
    for (const partition of this.#opened.get(origin) ?? []) this.setFence(partition, 0);
  }
}

/** Reads what a partition holds, and raises its fence when that is sent. */
export class LogFencingLate extends CommitLog {
  readonly #stateOf: (partition: PartitionId) => unknown;
  #isOpening = false;

  constructor(ports: CommitLogPorts) {
    super(ports);
    this.#stateOf = (partition) => ports.stateOf(partition);
  }

  override open(partition: PartitionId, incarnation: number, from: LogOrigin): void {
    const state = this.#stateOf(partition);
    this.#isOpening = true;
    super.open(partition, incarnation, {
      send: ([op]) => {
        super.raiseFence(partition, incarnation);
        from.send([op, partition, incarnation, state]);
      },
    });
    this.#isOpening = false;
  }

  protected override raiseFence(partition: PartitionId, incarnation: number): void {
    if (!this.#isOpening) super.raiseFence(partition, incarnation);
  }
}

/** Tells at once what a partition holds, without what waits for the flush. */
export class LogOpeningBeforeTheFlush extends CommitLog {
  readonly #durableStateOf: (partition: PartitionId) => unknown;

  constructor(ports: CommitLogPorts, durableStateOf: (partition: PartitionId) => unknown) {
    super(ports);
    this.#durableStateOf = durableStateOf;
  }

  override open(partition: PartitionId, incarnation: number, from: LogOrigin): void {
    this.raiseFence(partition, incarnation);
    from.send([LogReplyOp.state, partition, incarnation, this.#durableStateOf(partition)]);
  }
}

/** Says "committed" when a record has been handed over, not when it is durable. */
export class LogAnsweringBeforeTheFlush extends CommitLog {
  #waiting = 0;

  override get unflushed(): number {
    return this.#waiting;
  }

  override commit(record: CommitRecord, heard: number, from: LogOrigin, when?: AnswerWhen): void {
    super.commit(record, heard, from, when);
    const appended = super.unflushed;
    this.#waiting += appended;
    super.flushed(appended);
  }

  override flushed(count: number): void {
    this.#waiting -= count;
  }
}

/** Takes what there is no room for to be as good as kept. */
export class LogForgettingRefusals extends CommitLog {
  override refused(count: number): void {
    this.flushed(count);
  }
}

/** Says of commits that a failing storage may have kept that they were not done. */
export class LogSureOfFailures extends CommitLog {
  override failed(): void {
    this.refused(this.unflushed);
    super.failed();
  }
}

/** Goes on after a failure as if later flushes could be believed. */
export class LogWritingOn extends CommitLog {
  override failed(): void {
    this.refused(this.unflushed);
  }
}

/** Opens partitions with whatever a failed storage shows of them. */
export class LogOpeningAfterFailures extends CommitLog {
  readonly #stateOf: (partition: PartitionId) => unknown;

  constructor(ports: CommitLogPorts) {
    super(ports);
    this.#stateOf = (partition) => ports.stateOf(partition);
  }

  override open(partition: PartitionId, incarnation: number, from: LogOrigin): void {
    super.open(partition, incarnation, {
      send: ([op, ...rest]) => {
        if (op === LogReplyOp.unopened)
          from.send([LogReplyOp.state, partition, incarnation, this.#stateOf(partition)]);
        else from.send([op, ...rest]);
      },
    });
  }
}

/** Answers a plain write when it has been submitted. */
export class ParticipationKeepingEarly extends OneLogParticipation {
  readonly #atTurnEnd: GroupCommitPorts['atTurnEnd'];

  constructor(log: LogClient, ports: GroupCommitPorts) {
    super(log, ports);
    this.#atTurnEnd = (action) => ports.atTurnEnd(action);
  }

  override keep(
    ...[touched, table, key, value, decided]: Parameters<OneLogParticipation['keep']>
  ): CommitGroup {
    const group = super.keep(touched, table, key, value, () => undefined);
    this.#atTurnEnd(() => decided('committed'));
    return group;
  }
}

/** Draws the timestamp of a group for its first write, when the keys of the others are not locked yet. */
export function participationDrawingFirst(log: LogClient, ports: GroupCommitPorts): OneLogParticipation {
  let first = 0;
  return new OneLogParticipation(log, {
    draw: () => first,
    atTurnEnd: (submit) => {
      first = ports.draw();
      ports.atTurnEnd(submit);
    },
  });
}

/** Says that a transaction never will be committed, and forgets that it said so. */
export class LogForgettingPrevents extends CommitLog {
  readonly #appended = new Set<TransactionId>();

  override commit(record: CommitRecord, heard: number, from: LogOrigin): void {
    this.#appended.add(record.id);
    super.commit(record, heard, from);
  }

  override prevent(id: TransactionId, from: LogOrigin): void {
    if (this.#appended.has(id)) super.prevent(id, from);
    else from.send([LogReplyOp.fate, id, 0]);
  }
}

/** Takes a COMMITTING transaction whose coordinator is dead for one that never committed, as in memory. */
export class ParticipationNotAsking extends OneLogParticipation {
  override resolve({ id, slot, origin }: LoggedTransaction, resolved: (timestamp: Timestamp) => void): void {
    origin.words.abortCommitting(slot, id);
    resolved(0);
  }
}
