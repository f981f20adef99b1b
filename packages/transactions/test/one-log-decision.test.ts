/** Coordinators and participants whose fates a log decides; the test plays the log. */
import { groupCommitBytesMax, newest, PartitionStore, type StorageError, type Timestamp } from '@troupe/core';
import {
  Coordinator,
  clockStartOf,
  LockMode,
  LogClient,
  LogOp,
  LogReplyOp,
  LogVerdict,
  nextStartEpoch,
  OneLogDecision,
  OneLogParticipation,
  type Origin,
  type Outcome,
  Participant,
  type PartitionWrites,
  type PartWriter,
  Refusal,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
  unknownFate,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const slot = 0;
const id = 1;

class Stage {
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(1)));
  readonly toLog: unknown[][] = [];
  readonly log = new LogClient((message) => this.toLog.push(message));
  clock: Timestamp = 100;
  // ── a coordinator
  readonly incarnations = new Map<number, number>();
  readonly sent: unknown[][] = [];
  readonly outcomes: Outcome[] = [];
  readonly coordinator = new Coordinator(id, id, slot, {
    decision: new OneLogDecision(
      this.words,
      (partition) => this.incarnationOf(partition),
      () => ++this.clock,
      this.log,
    ),
    incarnationOf: (partition) => this.incarnationOf(partition),
    now: () => this.clock,
    diesWithUs: () => false,
    send: (_partition, message) => void this.sent.push(message),
    whenHandedOver: (then) => then(),
    answered: () => undefined,
    ended: (outcome) => void this.outcomes.push(outcome),
  });
  // ── a participant
  readonly store = new PartitionStore({ oldestSnapshot: () => Number.MAX_SAFE_INTEGER }, 0);
  readonly participant = new Participant(
    { id: 0, incarnation: 1, store: this.store },
    { draw: () => ++this.clock, lookLater: () => undefined, log: this.participation() },
  );
  readonly answers: unknown[][] = [];
  readonly origin: Origin = { words: this.words, send: (message) => void this.answers.push(message) };

  readonly #turnEnds: (() => void)[] = [];

  constructor() {
    this.words.begin(slot, id);
  }

  participation(): OneLogParticipation {
    return new OneLogParticipation(this.log, {
      draw: () => ++this.clock,
      atTurnEnd: (submit) => this.#turnEnds.push(submit),
    });
  }

  turnEnds(): void {
    for (const submit of this.#turnEnds.splice(0)) submit();
  }

  incarnationOf(partition: number): number {
    return this.incarnations.get(partition) ?? 1;
  }

  decided(verdict: LogVerdict): void {
    this.log.receive([LogReplyOp.decided, verdict, id]);
  }

  commitOne(): void {
    this.participant.commitOne(
      [RequestOp.commitOne, id, 0, 1, slot, id, 1, [0, 'key', 'value'], []],
      this.origin,
    );
  }

  prepare(): void {
    this.participant.prepare(
      [RequestOp.prepare, id, 0, 1, slot, id, 1, [0, 'key', 'value'], []],
      this.origin,
    );
  }
}

const writesOf = (...partitions: number[]): Map<number, PartitionWrites> =>
  new Map(partitions.map((partition) => [partition, { writes: [0, 'key', 'value'], cleared: [] }]));

describe('a coordinator', () => {
  test('sends every write with its votes’ timestamp, and decides when the log has flushed', () => {
    const stage = new Stage();
    stage.coordinator.lock(2, 1, [0, 'key', LockMode.S]);
    stage.coordinator.commit(writesOf(0, 1));
    stage.coordinator.vote(0, 30);
    stage.coordinator.vote(1, 40);
    const changes = [[0, 'key', 'value'], []];
    expect(stage.toLog).toEqual([
      [LogOp.commit, id, 40, [2, 1, [], [], 0, 1, ...changes, 1, 1, ...changes], 0],
    ]);
    expect([stage.words.fate(slot, id), stage.outcomes]).toEqual(['committing', []]);
    stage.decided(LogVerdict.committed);
    expect([stage.words.fate(slot, id), stage.words.commitTimestamp(slot)]).toEqual(['committed', 40]);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 40 }]);
    expect(stage.sent.filter(([op]) => op === RequestOp.decide)).toEqual([
      [RequestOp.decide, id, 2, 1, 0],
      [RequestOp.decide, id, 0, 1, 40],
      [RequestOp.decide, id, 1, 1, 40],
    ]);
  });

  test('leaves a transaction to the log once it was submitted: no time-out, loss or refusal ends it', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesOf(0, 1));
    stage.coordinator.vote(0, 30);
    stage.coordinator.vote(1, 40);
    stage.incarnations.set(0, 2);
    stage.coordinator.partitionLost(0);
    stage.coordinator.refused(1, Refusal.wounded);
    expect(stage.coordinator.abort('timeout')).toBe(false);
    expect(stage.outcomes).toEqual([]);
    stage.decided(LogVerdict.fenced);
    expect(stage.words.fate(slot, id)).toBe('aborted');
    expect(stage.outcomes).toEqual([{ committed: false, cause: 'participant-lost', partition: 0 }]);
  });

  test('leaves the word when the storage has failed with the commit: nobody is to take it for aborted', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesOf(0, 1));
    stage.coordinator.vote(0, 30);
    stage.coordinator.vote(1, 40);
    stage.decided(LogVerdict.unknown);
    expect(stage.words.fate(slot, id)).toBe('committing');
    expect(stage.outcomes).toMatchObject([{ committed: false, cause: 'storage-unknown' }]);
    expect(stage.sent.filter(([op]) => op === RequestOp.decide)).toEqual([
      [RequestOp.decide, id, 0, 1, 0],
      [RequestOp.decide, id, 1, 1, 0],
    ]);
  });

  test('commits without votes when the log has flushed', () => {
    const stage = new Stage();
    stage.coordinator.lock(0, 1, [0, 'key', LockMode.X]);
    stage.coordinator.commit(writesOf(0), true);
    expect(stage.sent).toHaveLength(1);
    stage.decided(LogVerdict.committed);
    expect(stage.sent.at(-1)).toEqual([RequestOp.commit, id, 0, 1, 101, [0, 'key', 'value'], []]);
  });

  test('asks the log for nothing when it has written nothing', () => {
    const stage = new Stage();
    stage.coordinator.lock(0, 1, [0, 'key', LockMode.S]);
    stage.coordinator.commit(new Map());
    expect(stage.toLog).toEqual([]);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 100 }]);
  });

  test('asks the log what the only partition had begun to commit when it died', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesOf(0));
    stage.words.tryCommitting(slot, id);
    stage.incarnations.set(0, 2);
    stage.coordinator.partitionLost(0);
    expect(stage.toLog).toEqual([[LogOp.prevent, id]]);
    expect(stage.coordinator.abort('timeout')).toBe(false);
    stage.log.receive([LogReplyOp.fate, id, 50]);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 50 }]);
  });

  test('prevents nothing that a living partition is committing when it hears of a predecessor’s death late', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesOf(0));
    stage.words.tryCommitting(slot, id);
    stage.coordinator.partitionLost(0);
    expect([stage.toLog, stage.outcomes]).toEqual([[], []]);
    stage.coordinator.done(50);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 50 }]);
  });

  test('tells that nobody knows when the storage has failed with it, and leaves the word', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesOf(0));
    stage.words.tryCommitting(slot, id);
    stage.incarnations.set(0, 2);
    stage.coordinator.partitionLost(0);
    stage.log.receive([LogReplyOp.fate, id, unknownFate]);
    expect(stage.outcomes).toEqual([{ committed: false, cause: 'storage-unknown', partition: 0 }]);
    expect(stage.words.fate(slot, id)).toBe('committing');
  });

  test('tells the loss when the log never had it', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesOf(0));
    stage.words.tryCommitting(slot, id);
    stage.incarnations.set(0, 2);
    stage.coordinator.partitionLost(0);
    stage.log.receive([LogReplyOp.fate, id, 0]);
    expect(stage.outcomes).toEqual([{ committed: false, cause: 'participant-lost', partition: 0 }]);
    expect(stage.words.fate(slot, id)).toBe('aborted');
  });
});

describe('a participant', () => {
  test('keeps its lock, and snapshots waiting, until the log has flushed what it commits alone', () => {
    const stage = new Stage();
    stage.commitOne();
    expect(stage.toLog).toEqual([[LogOp.commit, id, 101, [0, 1, [0, 'key', 'value'], []], 0]]);
    expect(stage.participant.isFree(0, 'key', 'read')).toBe(false);
    expect(stage.participant.isSettled(0, 'key', 101)).toBe(false);
    expect(stage.participant.isSettled(0, 'key', 100)).toBe(true);
    expect([stage.store.read(0, 'key'), stage.answers]).toEqual([undefined, []]);
    stage.decided(LogVerdict.committed);
    expect(stage.store.read(0, 'key')).toBe('value');
    expect(stage.answers).toEqual([[ReplyOp.done, id, 0, 101]]);
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('asks the log for nothing when somebody else has ended it first, and says so', () => {
    const stage = new Stage();
    stage.words.tryAbort(slot, id);
    stage.commitOne();
    expect(stage.toLog).toEqual([]);
    expect(stage.answers).toEqual([[ReplyOp.refused, id, 0, Refusal.ended]]);
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('drops what the log refuses', () => {
    const stage = new Stage();
    stage.commitOne();
    stage.decided(LogVerdict.fenced);
    expect(stage.answers).toEqual([[ReplyOp.refused, id, 0, Refusal.incarnation]]);
    expect([stage.store.read(0, 'key'), stage.participant.locks.idle]).toEqual([undefined, true]);
  });

  test('waits for its own commit when the coordinator dies, and prevents nothing', () => {
    const stage = new Stage();
    stage.commitOne();
    stage.participant.originLost(stage.origin);
    expect(stage.toLog).toHaveLength(1);
    stage.decided(LogVerdict.committed);
    expect(stage.store.read(0, 'key')).toBe('value');
  });

  test.each([
    [150, 'value', 'committed'],
    [0, undefined, 'aborted'],
    [unknownFate, undefined, 'committing'],
  ] as const)('asks the log about a dead coordinator’s vote; told %s it has %s', (timestamp, value, fate) => {
    const stage = new Stage();
    stage.prepare();
    stage.words.tryCommitting(slot, id);
    stage.participant.originLost(stage.origin);
    expect(stage.toLog).toEqual([[LogOp.prevent, id]]);
    expect(stage.participant.isFree(0, 'key', 'read')).toBe(false);
    stage.log.receive([LogReplyOp.fate, id, timestamp]);
    expect(stage.store.read(0, 'key')).toBe(value);
    expect(stage.words.fate(slot, id)).toBe(fate);
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('needs no log for a vote of a dead coordinator that had not begun to commit', () => {
    const stage = new Stage();
    stage.prepare();
    stage.participant.originLost(stage.origin);
    expect(stage.toLog).toEqual([]);
    expect(stage.participant.locks.idle).toBe(true);
  });
});

describe('what partitions of a member write themselves in one turn', () => {
  class Writers extends Stage {
    readonly #participation = this.participation();
    readonly second = new PartitionStore({ oldestSnapshot: () => Number.MAX_SAFE_INTEGER }, 0);
    readonly participants = [this.store, this.second].map(
      (store, partition) =>
        new Participant(
          { id: partition, incarnation: partition + 1, store },
          { draw: () => ++this.clock, lookLater: () => undefined, log: this.#participation },
        ),
    );
    readonly kept: unknown[] = [];

    keep(partition: number, key: string, value: unknown): void {
      const told = (error?: Error): number =>
        this.kept.push([key, (error as StorageError | undefined)?.code]);
      this.participants[partition]?.writes?.keepKey(0, key, value, told);
    }
  }

  test('is one record, at a timestamp that is drawn when all of them are locked', () => {
    const stage = new Writers();
    stage.keep(0, 'a', 1);
    stage.keep(1, 'b', 2);
    stage.keep(0, 'c', undefined);
    expect([stage.toLog, stage.participants[0]?.isFree(0, 'a', 'read')]).toEqual([[], false]);
    stage.turnEnds();
    const at = stage.clock;
    const parts = [0, 1, [0, 'a', 1, 0, 'c', undefined], [], 1, 2, [0, 'b', 2], []];
    expect(stage.toLog).toEqual([[LogOp.commit, at, at, parts, 0]]);
    stage.keep(1, 'd', 4);
    expect(stage.kept).toEqual([]);
    stage.log.receive([LogReplyOp.decided, LogVerdict.committed, at]);
    expect(stage.kept).toEqual([
      ['a', undefined],
      ['b', undefined],
      ['c', undefined],
    ]);
    expect([stage.store.read(0, 'a'), stage.second.read(0, 'b'), stage.second.read(0, 'd')]).toEqual([
      1,
      2,
      undefined,
    ]);
    expect([stage.store.readAt(0, 'a', at - 1), stage.store.readAt(0, 'a', at)]).toEqual([undefined, 1]);
    stage.turnEnds();
    expect(stage.toLog.slice(1)).toEqual([
      [LogOp.commit, stage.clock, stage.clock, [1, 2, [0, 'd', 4], []], 0],
    ]);
  });

  test('is refused together', () => {
    const stage = new Writers();
    stage.keep(0, 'a', 1);
    stage.keep(1, 'b', 2);
    stage.turnEnds();
    stage.log.receive([LogReplyOp.decided, LogVerdict.full, stage.clock]);
    expect(stage.kept).toEqual([
      ['a', 'STORAGE_FULL'],
      ['b', 'STORAGE_FULL'],
    ]);
    expect(stage.participants.map(({ locks }) => locks.idle)).toEqual([true, true]);
    expect([stage.store.read(0, 'a'), stage.second.read(0, 'b')]).toEqual([undefined, undefined]);
  });

  test('keeps a snapshot waiting from when its timestamp is drawn, and none from before', () => {
    const stage = new Writers();
    stage.keep(0, 'a', 1);
    const before = ++stage.clock;
    expect(stage.participants[0]?.isSettled(0, 'a', before)).toBe(true);
    stage.turnEnds();
    expect(stage.participants[0]?.isSettled(0, 'a', before)).toBe(true);
    expect(stage.participants[0]?.isSettled(0, 'a', stage.clock)).toBe(false);
    expect(stage.participants[0]?.isSettled(0, 'b', stage.clock)).toBe(true);
  });

  test('does not wait for the end of the turn once it is large', () => {
    const stage = new Stage();
    const sent: unknown[][] = [];
    let bytes = 0;
    const writer: PartWriter = {
      get bytes() {
        return bytes;
      },
      begin() {
        bytes = 0;
      },
      write() {
        bytes += groupCommitBytesMax / 2;
      },
      takeInto: (parts) => void parts.push('bytes', 0),
    };
    const log = new LogClient((message) => sent.push(message), { newPartWriter: () => writer });
    const participation = new OneLogParticipation(log, {
      draw: () => ++stage.clock,
      atTurnEnd: () => undefined,
    });
    for (const key of ['a', 'b', 'c'])
      participation.keep({ partition: 3, incarnation: 1 }, 0, key, key, () => undefined);
    expect(sent).toEqual([[LogOp.commit, 101, 101, [3, 1, 'bytes', 0], 0]]);
  });
});

describe('the clock of a process', () => {
  test('begins above all that an earlier one has drawn, logged or not', () => {
    const first = nextStartEpoch(undefined, 0);
    const second = nextStartEpoch(first, 1000);
    expect(clockStartOf(first)).not.toBe(newest);
    expect(clockStartOf(second)).toBeGreaterThan(1e11);
    const far = clockStartOf(second) * 3 + 5;
    expect(clockStartOf(nextStartEpoch(second, far))).toBeGreaterThan(far);
  });
});
