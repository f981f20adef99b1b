/** Locks as rows, who waits for whom, and what a wounded transaction is told, in one partition. */
import { PartitionStore, SharedState } from '@troupe/core';
import {
  type LockMeter,
  LockMode,
  locksOf,
  type MemberLock,
  mostContended,
  type Origin,
  Participant,
  partsOf,
  Refusal,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
  transactionRows,
  type UnderWay,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const users = 1;
const { S, X } = LockMode;

class Stage {
  clock = 100;
  readonly measured: unknown[] = [];
  readonly replies: unknown[][] = [];
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(64)));
  readonly origin: Origin = { words: this.words, send: (message) => this.replies.push(message) };
  readonly shared = SharedState.create(1, 2);
  readonly participant: Participant;

  constructor(meter = true) {
    const lockMeter: LockMeter = {
      nowMs: () => this.clock,
      waitBegan: () => this.measured.push('began'),
      waitEnded: (ms) => this.measured.push(ms),
      wounded: (outcome) => this.measured.push(outcome),
    };
    while (this.shared.now() < 50) this.shared.draw();
    this.participant = new Participant(
      { id: 3, incarnation: 5, store: new PartitionStore(this.shared, 0) },
      { draw: () => this.shared.draw(), lookLater: () => undefined, ...(meter ? { meter: lockMeter } : {}) },
    );
  }

  lock(id: number, keys: readonly string[], mode: LockMode, label?: string): void {
    this.words.begin(id, id);
    const accesses = keys.flatMap((key) => [users, key, mode]);
    this.participant.lock(
      [RequestOp.lock, id, 3, 5, id, id, 1, 1, accesses, undefined, undefined, label],
      this.origin,
    );
  }

  end(id: number): void {
    this.participant.decide([RequestOp.decide, id, 3, 5, 0]);
  }
}

describe('the locks of a partition', () => {
  test('are listed with mode, state, owner and label, tables before their keys', () => {
    const stage = new Stage();
    stage.lock(1, ['a'], X, 'first');
    stage.lock(2, ['a'], S);
    stage.participant.wait(users, 'a', 'write', () => undefined);
    const row = (
      id: number,
      label: string | undefined,
      key: string | undefined,
      mode: string,
      state: string,
    ) => ({
      table: users,
      key,
      range: undefined,
      mode,
      state,
      kind: id > 50 ? 'operation' : 'transaction',
      transaction: id,
      label,
      partition: 3,
    });
    expect(locksOf(3, stage.participant)).toEqual([
      row(51, undefined, undefined, 'IX', 'held'),
      row(2, undefined, undefined, 'IS', 'held'),
      row(1, 'first', undefined, 'IX', 'held'),
      row(1, 'first', 'a', 'X', 'held'),
      row(2, undefined, 'a', 'S', 'waiting'),
      row(51, undefined, 'a', 'X', 'waiting'),
    ]);
  });

  test('tell who waits for whom: the holders, else the next in line before it', () => {
    const stage = new Stage();
    stage.lock(1, ['a', 'b'], S);
    stage.lock(2, ['a'], S);
    stage.lock(3, ['a', 'b', 'c'], X);
    stage.lock(4, ['a'], S);
    const parts = partsOf(new Map([[3, stage.participant]]));
    expect(parts).toEqual([
      { id: 1, partitions: [3], keysHeld: 2, waits: false, waitingFor: [] },
      { id: 2, partitions: [3], keysHeld: 1, waits: false, waitingFor: [] },
      {
        id: 3,
        partitions: [3],
        keysHeld: 1,
        waits: true,
        waitingFor: expect.arrayContaining([1, 2]) as number[],
      },
      { id: 4, partitions: [3], keysHeld: 0, waits: true, waitingFor: [3] },
    ]);
    expect(stage.participant.blockedBy(4)).toEqual([users, 'a', 3]);
    expect([stage.participant.blockedBy(1), stage.participant.blockedBy(77)]).toEqual([undefined, undefined]);
  });

  test('of a whole table block its keys, and the table is what they wait for', () => {
    const stage = new Stage();
    stage.words.begin(1, 1);
    stage.participant.lockTable(
      [RequestOp.lockTable, 1, 3, 5, 1, 1, 1, 1, users, X, undefined, 'all'],
      stage.origin,
    );
    stage.lock(2, ['a'], S);
    expect(stage.participant.blockedBy(2)).toEqual([users, undefined, 1, 'all']);
    expect(locksOf(3, stage.participant).map(({ key, state }) => [key, state])).toEqual([
      [undefined, 'held'],
      [undefined, 'waiting'],
      ['a', 'waiting'],
    ]);
  });

  test('of several partitions are one part of a transaction', () => {
    const [stage, other] = [new Stage(), new Stage()];
    for (const each of [stage, other]) each.lock(1, ['a'], X);
    stage.lock(2, ['b'], X);
    other.lock(2, ['a'], X);
    const parts = partsOf(
      new Map([
        [3, stage.participant],
        [5, other.participant],
      ]),
    );
    expect(parts).toEqual([
      { id: 1, partitions: [3, 5], keysHeld: 2, waits: false, waitingFor: [] },
      { id: 2, partitions: [3, 5], keysHeld: 1, waits: true, waitingFor: [1] },
    ]);
  });

  test('name some of many holders', () => {
    const stage = new Stage();
    for (let id = 1; id <= 40; id++) stage.lock(id, ['a'], S);
    stage.lock(41, ['a'], X);
    expect(partsOf(new Map([[3, stage.participant]])).at(-1)?.waitingFor).toHaveLength(16);
  });

  test('that somebody waits for come first where not all are listed', () => {
    const lock = (key: string, state: MemberLock['state']): MemberLock => ({
      table: users,
      key,
      range: undefined,
      mode: 'X',
      state,
      kind: 'transaction',
      transaction: 1,
      label: undefined,
      partition: 0,
    });
    const locks = [lock('a', 'held'), lock('b', 'held'), lock('c', 'held'), lock('c', 'waiting')];
    expect(mostContended(locks, 4)).toBe(locks);
    expect(mostContended(locks, 3).map(({ key, state }) => `${String(key)} ${state}`)).toEqual([
      'c held',
      'c waiting',
      'a held',
    ]);
  });
});

describe('a wounded transaction', () => {
  test('is told over which key, by whom, and the label of who has one', () => {
    const stage = new Stage();
    stage.lock(8, ['a'], X);
    stage.lock(9, ['b'], X);
    stage.replies.length = 0;
    stage.lock(1, ['a'], S, 'audit');
    stage.lock(2, ['b'], S);
    expect(stage.replies.filter(([op]) => op === ReplyOp.refused)).toEqual([
      [ReplyOp.refused, 8, 3, Refusal.wounded, users, 'a', 1, 'audit'],
      [ReplyOp.refused, 9, 3, Refusal.wounded, users, 'b', 2],
    ]);
  });
});

describe('waits for locks', () => {
  test('are measured from their first moment to the grant, whatever they wait for', () => {
    const stage = new Stage();
    stage.lock(1, ['a', 'b'], X);
    stage.lock(2, ['a', 'b'], X);
    stage.clock = 130;
    const waiting = stage.participant.wait(users, 'a', 'read', () => undefined);
    expect(stage.measured).toEqual(['began', 'began']);
    stage.clock = 150;
    waiting.cancel();
    stage.clock = 175;
    stage.end(1);
    stage.end(2);
    expect(stage.measured).toEqual(['began', 'began', 20, 75]);
  });

  test('end when the transaction does, and wounds and returns to the line are told', () => {
    const stage = new Stage();
    stage.lock(5, ['a'], X);
    stage.lock(6, ['a'], X);
    stage.clock = 110;
    stage.end(6);
    stage.lock(4, ['a'], X);
    stage.lock(7, ['b', 'a'], X);
    stage.lock(3, ['b'], X);
    expect(stage.measured).toEqual(['began', 10, 'aborted', 'began', 'given-back']);
  });

  test('are not measured, and end as well, without a meter', () => {
    const stage = new Stage(false);
    stage.lock(1, ['a'], X);
    stage.lock(2, ['a'], X);
    stage.end(1);
    stage.end(2);
    expect(stage.participant.locks.idle).toBe(true);
  });
});

describe('rows of transactions', () => {
  test('join what their member and their partitions tell; the oldest is first', () => {
    const underWay = (id: number, ageMs: number, state: UnderWay['state']): UnderWay => ({
      id,
      label: undefined,
      ageMs,
      attempt: 1,
      state,
      readOnly: false,
    });
    const part = { keysHeld: 1, waits: false, waitingFor: [] };
    const rows = transactionRows(
      new Map([
        [0, { underWay: [underWay(10, 5, 'preparing'), underWay(11, 7, 'retrying')], parts: [] }],
        [
          2,
          {
            underWay: [underWay(12, 9, 'running')],
            parts: [
              { ...part, id: 10, partitions: [4, 6], waits: true, waitingFor: [12, 13] },
              { ...part, id: 10, partitions: [1], waits: true, waitingFor: [12] },
              { ...part, id: 99, partitions: [1] },
            ],
          },
        ],
      ]),
    );
    expect(
      rows.map(({ id, host, state, participants, keysHeld, waitingFor }) => [
        id,
        host,
        state,
        participants,
        keysHeld,
        waitingFor,
      ]),
    ).toEqual([
      [12, 1, 'running', [], 0, []],
      [11, undefined, 'retrying', [], 0, []],
      [10, undefined, 'waiting', [1, 4, 6], 2, [12, 13]],
    ]);
  });
});
