/** The commit log, message by message; the test is the storage. */
import {
  CommitLog,
  type CommitRecord,
  LogClient,
  LogOp,
  type LogOrigin,
  LogReplyOp,
  LogVerdict,
  unknownFate,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const names = new Map<unknown, string>(Object.entries(LogReplyOp).map(([name, op]) => [op, name]));
const { committed, fenced, prevented, full, unknown, closed } = LogVerdict;

class Stage {
  readonly records: CommitRecord[] = [];
  readonly log = new CommitLog({
    append: (record) => this.records.push(record),
    stateOf: (partition) => `${partition} after ${this.records.length}`,
  });
  readonly told: unknown[][] = [];
  readonly origin = this.member();

  member(): LogOrigin {
    return { send: ([op, ...rest]) => void this.told.push([names.get(op), ...rest]) };
  }

  /** A commit that touched these partitions, [partition, incarnation, …]. */
  commit(id: number, touched: readonly number[], heard = 0, from = this.origin): void {
    const parts: unknown[] = [];
    for (let i = 0; i < touched.length; i += 2) parts.push(touched[i], touched[i + 1], [0, 'key', id], []);
    this.log.commit({ id, timestamp: id * 10, parts }, heard, from);
  }

  take(): unknown[][] {
    return this.told.splice(0);
  }

  get ids(): number[] {
    return this.records.map(({ id }) => id);
  }
}

describe('a commit', () => {
  test('is one record, and is called committed only when that is durable', () => {
    const stage = new Stage();
    stage.commit(1, [0, 1, 1, 1]);
    stage.commit(2, [0, 1]);
    expect(stage.ids).toEqual([1, 2]);
    expect(stage.take()).toEqual([]);
    stage.log.flushed(1);
    expect(stage.take()).toEqual([['decided', committed, 1]]);
    stage.log.flushed(1);
    expect(stage.take()).toEqual([['decided', committed, 2]]);
  });

  test('is told with the others of its member that became durable, and before what was asked after it', () => {
    const stage = new Stage();
    const other: unknown[][] = [];
    const another = { send: (message: unknown[]) => void other.push(message) };
    stage.commit(1, [0, 1]);
    stage.commit(2, [1, 1], 0, another);
    stage.commit(3, [0, 1]);
    stage.log.open(0, 2, stage.origin);
    stage.commit(4, [1, 1]);
    stage.log.flushed(4);
    expect(stage.take()).toEqual([
      ['decided', committed, 1, 3],
      ['state', 0, 2, '0 after 4'],
      ['decided', committed, 4],
    ]);
    expect(other).toEqual([[LogReplyOp.decided, committed, 2]]);
  });

  test('is refused at once when a partition it touched was opened anew, also one it only read', () => {
    const stage = new Stage();
    stage.log.open(1, 2, stage.origin);
    stage.take();
    stage.log.commit(
      { id: 1, timestamp: 10, parts: [0, 1, [0, 'key', 1], [], 1, 1, [], []] },
      0,
      stage.origin,
    );
    stage.commit(2, [0, 1, 1, 2]);
    expect(stage.take()).toEqual([['decided', fenced, 1]]);
    expect(stage.ids).toEqual([2]);
  });
});

describe('an opened partition', () => {
  test('is told its state only when all of it is durable, and as it is then', () => {
    const stage = new Stage();
    stage.commit(1, [0, 1]);
    stage.log.open(0, 2, stage.origin);
    stage.commit(2, [1, 1]);
    expect(stage.take()).toEqual([]);
    stage.log.flushed(1);
    expect(stage.take()).toEqual([
      ['decided', committed, 1],
      ['state', 0, 2, '0 after 2'],
    ]);
  });

  test('has a fence that no late open of a dead incarnation lowers', () => {
    const stage = new Stage();
    stage.log.open(0, 3, stage.origin);
    stage.log.open(0, 2, stage.origin);
    stage.take();
    stage.commit(1, [0, 2]);
    expect(stage.take()).toEqual([['decided', fenced, 1]]);
  });
});

describe('a transaction whose submitter is dead', () => {
  test('never commits once somebody was told so', () => {
    const stage = new Stage();
    stage.log.prevent(1, stage.origin);
    expect(stage.take()).toEqual([['fate', 1, 0]]);
    stage.commit(1, [0, 1, 1, 1]);
    expect(stage.take()).toEqual([['decided', prevented, 1]]);
    expect(stage.ids).toEqual([]);
  });

  test('is told as committed only when its record is durable', () => {
    const stage = new Stage();
    stage.commit(1, [0, 1], 0, stage.member());
    stage.commit(2, [1, 1]);
    stage.log.prevent(1, stage.origin);
    expect(stage.take()).toEqual([]);
    stage.log.flushed(1);
    expect(stage.take()).toEqual([
      ['decided', committed, 1],
      ['fate', 1, 10],
    ]);
  });

  test('that a partition was to commit alone takes along what that partition sends later: no hole', () => {
    const stage = new Stage();
    stage.log.prevent(1, stage.origin);
    stage.commit(1, [0, 1]);
    stage.commit(2, [0, 1]);
    stage.commit(3, [0, 1, 1, 1]);
    stage.commit(4, [1, 1]);
    expect(stage.ids).toEqual([4]);
  });

  test('that was coordinated elsewhere takes nothing along', () => {
    const stage = new Stage();
    stage.log.prevent(1, stage.origin);
    stage.commit(1, [0, 1, 1, 1]);
    stage.commit(2, [0, 1]);
    expect(stage.ids).toEqual([2]);
  });
});

describe('the memory of fates', () => {
  test('ends for what the submitter has heard', () => {
    const stage = new Stage();
    for (let id = 1; id <= 100; id++) {
      stage.commit(id, [0, 1], id - 1);
      stage.log.flushed(1);
    }
    expect(stage.log.remembered).toBe(1);
  });

  test('stays for what a dead submitter has not heard', () => {
    const stage = new Stage();
    const dead = stage.member();
    stage.commit(1, [0, 1], 0, dead);
    stage.log.flushed(1);
    stage.log.originLost(dead);
    stage.take();
    stage.log.prevent(1, stage.origin);
    expect(stage.take()).toEqual([['fate', 1, 10]]);
  });
});

describe('a write of a partition itself', () => {
  test('is not remembered: nobody asks about it', () => {
    const stage = new Stage();
    stage.log.commit({ id: 7, timestamp: 7, parts: [0, 1, [0, 'key', 7], []] }, 0, stage.origin);
    stage.log.flushed(1);
    expect(stage.take()).toEqual([['decided', committed, 7]]);
    expect(stage.log.remembered).toBe(0);
    const client = new LogClient((message) => void stage.told.push([...message]));
    client.commit(7, 7, [], () => undefined);
    client.receive([LogReplyOp.decided, committed, 7]);
    client.commit(8, 80, [], () => undefined);
    expect(stage.take().at(-1)).toEqual([LogOp.commit, 8, 80, [], 0]);
  });
});

describe('a commit that does not wait for its flush', () => {
  test('is told at once; what asks about it waits', () => {
    const stage = new Stage();
    const dead = stage.member();
    stage.commit(1, [0, 1]);
    stage.log.commit({ id: 2, timestamp: 20, parts: [1, 1, [], []] }, 0, dead, 'appended');
    expect(stage.take()).toEqual([['decided', committed, 2]]);
    stage.log.originLost(dead);
    stage.log.prevent(2, stage.origin);
    expect(stage.take()).toEqual([]);
    stage.log.flushed(2);
    expect(stage.take()).toEqual([
      ['decided', committed, 1],
      ['fate', 2, 20],
    ]);
  });

  test('that was heard of before an earlier one leaves the fate of that one alone', () => {
    const stage = new Stage();
    stage.commit(1, [0, 1]);
    stage.log.commit({ id: 2, timestamp: 20, parts: [1, 1, [], []] }, 0, stage.origin, 'appended');
    stage.commit(3, [2, 1], 1);
    stage.take();
    stage.log.prevent(1, stage.origin);
    stage.log.flushed(3);
    expect(stage.take()).toContainEqual(['fate', 1, 10]);
  });

  test('must not be lost, which the log says of what is unflushed', () => {
    const stage = new Stage();
    stage.commit(1, [0, 1]);
    stage.log.commit({ id: 2, timestamp: 20, parts: [1, 1, [], []] }, 0, stage.origin, 'appended');
    expect([stage.log.hasTold(1), stage.log.hasTold(2)]).toEqual([false, true]);
  });
});

describe('a storage without room', () => {
  test('refuses what it was given, and takes what comes later', () => {
    const stage = new Stage();
    stage.commit(1, [0, 1]);
    stage.log.prevent(1, stage.origin);
    stage.commit(2, [0, 1]);
    stage.log.refused(1);
    expect(stage.take()).toEqual([
      ['decided', full, 1],
      ['fate', 1, 0],
    ]);
    stage.log.flushed(1);
    expect(stage.take()).toEqual([['decided', committed, 2]]);
  });

  test('refuses new commits at once for as long as it is said to have none', () => {
    const stage = new Stage();
    stage.log.full(true);
    stage.commit(1, [0, 1]);
    stage.log.full(false);
    stage.commit(2, [0, 1]);
    expect(stage.take()).toEqual([['decided', full, 1]]);
    expect(stage.ids).toEqual([2]);
  });
});

describe('a storage that has failed', () => {
  test('leaves unknown what was under way, and refuses the rest', () => {
    const stage = new Stage();
    stage.commit(1, [0, 1]);
    stage.log.flushed(1);
    stage.commit(2, [0, 1], 0, stage.member());
    stage.log.prevent(2, stage.origin);
    stage.log.open(1, 2, stage.origin);
    stage.take();
    stage.log.failed();
    expect(stage.take()).toEqual([
      ['decided', unknown, 2],
      ['fate', 2, unknownFate],
      ['unopened', 1, 2],
    ]);
    stage.commit(3, [0, 1]);
    stage.log.open(0, 2, stage.origin);
    stage.log.prevent(1, stage.origin);
    stage.log.prevent(2, stage.origin);
    stage.log.prevent(3, stage.origin);
    expect(stage.take()).toEqual([
      ['decided', closed, 3],
      ['unopened', 0, 2],
      ['fate', 1, 10],
      ['fate', 2, unknownFate],
      ['fate', 3, 0],
    ]);
    expect(stage.ids).toEqual([1, 2]);
  });
});

describe('the client of a log', () => {
  test('has only so many bytes under way; the others wait, in order', () => {
    const sent: unknown[] = [];
    const options = { windowBytes: 10, backlogBytesMax: 20 };
    const client = new LogClient((message) => sent.push(message[1]), options);
    const told: unknown[] = [];
    const commit = (id: number, bytes: number): void => {
      client.submit(id, 10 * id, [], bytes, (verdict) => told.push([id, verdict]));
    };
    commit(1, 8);
    commit(2, 8);
    commit(3, 15);
    commit(4, 1);
    expect([sent, client.isCongested]).toEqual([[1, 2], false]);
    commit(5, 4);
    expect(client.isCongested).toBe(true);
    client.receive([LogReplyOp.decided, committed, 1]);
    expect([sent, client.isCongested]).toEqual([[1, 2, 3], false]);
    client.lost();
    expect(told).toEqual([
      [1, committed],
      [2, unknown],
      [3, unknown],
      [4, closed],
      [5, closed],
    ]);
    commit(6, 1);
    expect(told.at(-1)).toEqual([6, closed]);
    expect(client.pending).toBe(0);
  });

  test('says with each commit how many it has heard of, refusals not counted', () => {
    const sent: unknown[][] = [];
    const client = new LogClient((message) => sent.push(message));
    const verdicts: LogVerdict[] = [];
    for (const id of [1, 2]) client.commit(id, id * 10, [], (verdict) => verdicts.push(verdict));
    client.receive([LogReplyOp.decided, fenced, 2]);
    client.receive([LogReplyOp.decided, committed, 1]);
    client.commit(3, 30, [], (verdict) => verdicts.push(verdict));
    client.commit(4, 40, [], (verdict) => verdicts.push(verdict));
    expect(sent.at(-1)).toEqual([LogOp.commit, 4, 40, [], 1]);
    client.receive([LogReplyOp.decided, committed, 3, 4]);
    client.commit(5, 50, [], () => undefined);
    expect(sent.at(-1)).toEqual([LogOp.commit, 5, 50, [], 3]);
    expect(verdicts).toEqual([fenced, committed, committed, committed]);
  });

  test('asks once for all who want to know a fate', () => {
    const sent: unknown[][] = [];
    const client = new LogClient((message) => sent.push(message));
    const fates: number[] = [];
    client.prevent(1, (timestamp) => fates.push(timestamp));
    client.prevent(1, (timestamp) => fates.push(timestamp));
    client.receive([LogReplyOp.fate, 1, 30]);
    expect(sent).toEqual([[LogOp.prevent, 1]]);
    expect(fates).toEqual([30, 30]);
    expect(client.pending).toBe(0);
  });

  test('drops the state that was meant for a predecessor', () => {
    const client = new LogClient(() => undefined);
    const states: unknown[] = [];
    const opening = {
      opened: (state: unknown) => states.push(state),
      unopened: () => states.push('unopened'),
    };
    client.open(0, 1, opening);
    client.open(0, 2, opening);
    client.receive([LogReplyOp.state, 0, 1, 'old']);
    client.receive([LogReplyOp.state, 0, 2, 'new']);
    expect(states).toEqual(['new']);
  });
});
