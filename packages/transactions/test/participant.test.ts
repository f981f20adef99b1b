/** The participant, message by message, against coordinators that are played by the test. */
import { PartitionStore, SharedState } from '@troupe/core';
import {
  LockMode,
  type Origin,
  Participant,
  Refusal,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const users = 1;
const { S, X } = LockMode;
const names = new Map<unknown, string>(Object.entries(ReplyOp).map(([name, op]) => [op, name]));

/** One partition of incarnation 5 and coordinators of one member; a transaction's slot is its id. */
class Stage {
  readonly shared = SharedState.create(1, 2);
  readonly store = new PartitionStore(this.shared, 0);
  readonly participant = new Participant(
    { id: 0, incarnation: 5, store: this.store },
    {
      draw: () => this.shared.draw(),
      lookLater: (action, vain) => {
        this.later.push(action);
        this.vainLooks.push(vain);
      },
    },
  );
  /** What waits for a later turn. */
  later: (() => void)[] = [];
  /** How many looks before each had been in vain. */
  readonly vainLooks: number[] = [];
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(64)));
  readonly replies: unknown[][] = [];
  readonly origin: Origin = { words: this.words, send: (message) => this.replies.push(message) };

  constructor() {
    while (this.shared.now() < 50) this.shared.draw();
    this.store.write(users, 'a', 'old', this.shared.draw());
  }

  begin(...ids: number[]): this {
    for (const id of ids) this.words.begin(id, id);
    return this;
  }

  /** `name id`, and what follows the partition. */
  take(): unknown[][] {
    return this.replies.splice(0).map(([op, id, , ...rest]) => [`${names.get(op)} ${String(id)}`, ...rest]);
  }

  lock(id: number, key: string, mode: LockMode, first: 0 | 1 = 1, incarnation = 5, age = id): void {
    this.participant.lock(
      [RequestOp.lock, id, 0, incarnation, id, age, first, 1, [users, key, mode]],
      this.origin,
    );
  }

  prepare(id: number, writes: readonly unknown[], first: 0 | 1 = 1): void {
    this.participant.prepare([RequestOp.prepare, id, 0, 5, id, id, first, writes, []], this.origin);
  }

  commitOne(id: number, writes: readonly unknown[], first: 0 | 1 = 1, cleared: readonly number[] = []): void {
    this.participant.commitOne([RequestOp.commitOne, id, 0, 5, id, id, first, writes, cleared], this.origin);
  }

  decide(id: number, timestamp: number, incarnation = 5): void {
    this.participant.decide([RequestOp.decide, id, 0, incarnation, timestamp]);
  }

  commit(id: number, timestamp: number, writes: readonly unknown[]): void {
    this.participant.commit([RequestOp.commit, id, 0, 5, timestamp, writes, []]);
  }

  turn(): void {
    const { later } = this;
    this.later = [];
    for (const action of later) action();
  }

  get valueOfA(): unknown {
    return this.store.read(users, 'a');
  }
}

describe('a participant', () => {
  test('answers a lock with the values, and keeps it until the decision', () => {
    const stage = new Stage().begin(1, 2);
    stage.lock(1, 'a', X);
    expect(stage.take()).toEqual([['answer 1', 1, ['old']]]);
    stage.lock(2, 'a', S);
    expect(stage.take()).toEqual([]);
    expect(stage.participant.isFree(users, 'a', 'read')).toBe(false);
    stage.decide(1, 0);
    expect(stage.take()).toEqual([['answer 2', 1, ['old']]]);
    stage.decide(2, 0);
    expect([...stage.participant.records()]).toEqual([]);
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('locks a range for reading, and answers when nobody writes in it', () => {
    const stage = new Stage().begin(1, 2, 3);
    const lockRange = (id: number, range: readonly unknown[], incarnation = 5): void =>
      stage.participant.lockRange(
        [RequestOp.lockRange, id, 0, incarnation, id, id, 1, 7, users, range],
        stage.origin,
      );
    stage.lock(1, 'c', X);
    lockRange(2, ['b', undefined]);
    lockRange(3, ['a', 'b']);
    lockRange(4, ['a', 'b'], 4);
    expect(stage.take()).toEqual([
      ['answer 1', 1, [undefined]],
      ['answer 3', 7, []],
      ['refused 4', Refusal.incarnation],
    ]);
    const isFree = (key: string): boolean => stage.participant.isFree(users, key, 'write');
    expect([isFree('a'), isFree('b'), isFree('A'), stage.participant.isFree(users, 'a', 'read')]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    stage.decide(1, 0);
    expect(stage.take()).toEqual([['answer 2', 7, []]]);
    let ran = false;
    stage.participant.wait(users, 'z', 'write', () => {
      ran = true;
    });
    stage.decide(3, 0);
    expect([isFree('a'), isFree('b'), ran]).toEqual([true, false, false]);
    stage.decide(2, 0);
    expect([ran, stage.participant.locks.idle]).toEqual([true, true]);
  });

  test('votes at a time drawn while all locks are held, and installs at the time of the commit', () => {
    const stage = new Stage().begin(1);
    stage.prepare(1, [users, 'a', 'new', users, 'b', 1]);
    const [[what, timestamp] = []] = stage.take();
    expect([what, timestamp]).toEqual(['vote 1', stage.shared.now()]);
    expect(stage.valueOfA).toBe('old');
    const commit = stage.shared.draw();
    stage.words.tryCommit(1, 1, commit);
    stage.decide(1, commit);
    expect([stage.valueOfA, stage.store.read(users, 'b')]).toEqual(['new', 1]);
    expect(stage.store.readAt(users, 'a', commit)).toBe('new');
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('drops what it voted for when the decision is not to commit', () => {
    const stage = new Stage().begin(1);
    stage.prepare(1, [users, 'a', 'new']);
    stage.decide(1, 0);
    expect([stage.valueOfA, stage.participant.locks.idle]).toEqual(['old', true]);
  });

  test('decides alone for a transaction of its own, and says so when somebody else has ended that', () => {
    const stage = new Stage().begin(1, 2);
    stage.commitOne(1, [users, 'a', 'new']);
    expect(stage.take()).toEqual([['done 1', stage.shared.now()]]);
    expect([stage.valueOfA, stage.words.fate(1, 1)]).toEqual(['new', 'committed']);
    stage.words.tryAbort(2, 2);
    stage.commitOne(2, [users, 'a', 'newer']);
    expect(stage.take()).toEqual([['refused 2', Refusal.ended]]);
    expect([stage.valueOfA, stage.participant.locks.idle]).toEqual(['new', true]);
  });

  test('empties a table before it writes to it', () => {
    const stage = new Stage().begin(1);
    stage.store.write(users, 'b', 1, stage.shared.draw());
    stage.participant.lockTable([RequestOp.lockTable, 1, 0, 5, 1, 1, 1, 1, users, X], stage.origin);
    stage.commitOne(1, [users, 'b', 2], 0, [users]);
    expect([stage.store.size(users), stage.store.read(users, 'b')]).toEqual([1, 2]);
  });

  test('refuses another incarnation, and a transaction that it does not know any more', () => {
    const stage = new Stage().begin(1, 2);
    stage.lock(1, 'a', X, 1, 4);
    stage.lock(2, 'a', X, 0);
    expect(stage.take()).toEqual([
      ['refused 1', Refusal.incarnation],
      ['refused 2', Refusal.wounded],
    ]);
    expect(stage.participant.locks.idle).toBe(true);
    stage.lock(1, 'a', X);
    stage.take();
    stage.decide(1, 0, 4);
    expect(stage.participant.isFree(users, 'a', 'read')).toBe(false);
    stage.decide(77, 0);
  });

  test('lets an older transaction wound a younger holder that was answered', () => {
    const stage = new Stage().begin(1, 2);
    stage.lock(2, 'a', X);
    stage.take();
    stage.lock(1, 'a', X);
    expect(stage.take()).toEqual([
      ['refused 2', Refusal.wounded, users, 'a', 1],
      ['answer 1', 1, ['old']],
    ]);
    expect([stage.words.fate(2, 2), stage.words.fate(1, 1)]).toEqual(['aborted', 'active']);
  });

  test('never wounds one that commits', () => {
    const stage = new Stage().begin(1, 2);
    stage.prepare(2, [users, 'a', 'new']);
    const commit = stage.shared.draw();
    stage.words.tryCommit(2, 2, commit);
    stage.take();
    stage.lock(1, 'a', X);
    expect(stage.take()).toEqual([]);
    stage.decide(2, commit);
    expect(stage.take()).toEqual([['answer 1', 1, ['new']]]);
  });

  test('takes locks back from a younger one that was answered nothing, without ending it', () => {
    const stage = new Stage().begin(1, 2, 3);
    stage.lock(1, 'b', X);
    // Holds a, waits for b.
    stage.participant.lock(
      [RequestOp.lock, 3, 0, 5, 3, 3, 1, 1, [users, 'a', X, users, 'b', X]],
      stage.origin,
    );
    stage.take();
    stage.lock(2, 'a', X);
    expect(stage.take()).toEqual([['answer 2', 1, ['old']]]);
    expect(stage.words.fate(3, 3)).toBe('active');
    stage.decide(1, 0);
    stage.decide(2, 0);
    expect(stage.take()).toEqual([['answer 3', 1, ['old', undefined]]]);
  });

  test('lets plain operations wait in line, and forgets one that gave up', () => {
    const stage = new Stage().begin(1);
    stage.lock(1, 'a', X);
    const ran: string[] = [];
    stage.participant.wait(users, 'a', 'write', () => ran.push('first'));
    const left = stage.participant.wait(users, 'a', 'write', () => ran.push('left'));
    stage.participant.wait(users, 'a', 'read', () => ran.push('last'));
    expect(stage.words.fate(1, 1)).toBe('active');
    left.cancel();
    stage.decide(1, 0);
    expect(ran).toEqual(['first', 'last']);
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('lets a plain operation wound a holder whose priority makes it younger, and runs it at once', () => {
    const stage = new Stage().begin(1, 2);
    const younger = 1_000_000;
    stage.lock(1, 'a', X, 1, 5, younger);
    stage.lock(2, 'a', X, 1, 5, younger + 1);
    stage.take();
    const ran: string[] = [];
    stage.participant.wait(users, 'a', 'write', () => {
      ran.push('plain');
      // It has the key while it runs.
      expect(stage.participant.isFree(users, 'a', 'read')).toBe(false);
    });
    expect(ran).toEqual(['plain']);
    expect(stage.words.fate(1, 1)).toBe('aborted');
    expect(stage.take()).toEqual([
      ['refused 1', Refusal.wounded, users, 'a', expect.any(Number)],
      ['answer 2', 1, ['old']],
    ]);
  });

  test('lets a plain operation wait for such a holder that is committing', () => {
    const stage = new Stage().begin(1);
    stage.lock(1, 'a', X, 1, 5, 1_000_000);
    stage.words.tryCommitting(1, 1);
    const ran: string[] = [];
    stage.participant.wait(users, 'a', 'write', () => ran.push('plain'));
    expect(ran).toEqual([]);
    stage.decide(1, 0);
    expect(ran).toEqual(['plain']);
    expect(stage.participant.locks.idle).toBe(true);
  });

  describe('told of a commit before its word says so', () => {
    function announced(): { stage: Stage; commit: number } {
      const stage = new Stage().begin(1);
      stage.lock(1, 'a', X);
      stage.words.tryCommitting(1, 1);
      const commit = stage.shared.draw();
      stage.commit(1, commit, [users, 'a', 'new']);
      return { stage, commit };
    }

    test('looks again turn by turn, with its locks, until the word does', () => {
      const { stage, commit } = announced();
      stage.turn();
      stage.turn();
      expect([stage.valueOfA, stage.participant.isFree(users, 'a', 'read')]).toEqual(['old', false]);
      stage.words.commit(1, 1, commit);
      stage.turn();
      expect([stage.store.readAt(users, 'a', commit), stage.participant.locks.idle]).toEqual(['new', true]);
      expect(stage.later).toEqual([]);
      // The next one is looked at as soon as this one was.
      stage.words.begin(2, 2);
      stage.lock(2, 'a', X);
      stage.words.tryCommitting(2, 2);
      stage.commit(2, stage.shared.draw(), [users, 'a', 'newer']);
      expect(stage.vainLooks).toEqual([0, 1, 2, 0]);
    });

    test('looks at once when somebody is to read without locks', () => {
      const { stage, commit } = announced();
      stage.participant.catchUp();
      expect(stage.valueOfA).toBe('old');
      stage.words.commit(1, 1, commit);
      stage.participant.catchUp();
      expect([stage.store.readAt(users, 'a', commit), stage.participant.locks.idle]).toEqual(['new', true]);
      stage.turn();
      expect(stage.vainLooks).toEqual([0]);
    });

    test('drops it when the coordinator died in between', () => {
      const { stage } = announced();
      stage.participant.originLost(stage.origin);
      stage.turn();
      expect([stage.valueOfA, stage.participant.locks.idle, stage.later]).toEqual(['old', true, []]);
    });

    test('installs it when the coordinator died afterwards, even if the word was lent again', () => {
      const { stage, commit } = announced();
      stage.words.commit(1, 1, commit);
      stage.words.begin(1, 33);
      stage.participant.originLost(stage.origin);
      expect([stage.store.readAt(users, 'a', commit), stage.participant.locks.idle]).toEqual(['new', true]);
    });
  });

  describe('whose coordinator’s thread has died', () => {
    test('ends what was not decided as aborted, and lets its locks go', () => {
      const stage = new Stage().begin(1, 2, 3);
      stage.lock(1, 'b', X);
      stage.prepare(2, [users, 'a', 'new']);
      stage.words.tryCommitting(2, 2);
      const other: Origin = {
        words: new StatusWords(new SharedArrayBuffer(statusMemoryBytes(4))),
        send: () => undefined,
      };
      other.words.begin(3, 3);
      stage.participant.lock([RequestOp.lock, 3, 0, 5, 3, 3, 1, 1, [users, 'c', X]], other);
      stage.participant.originLost(stage.origin);
      expect(stage.valueOfA).toBe('old');
      expect([...stage.participant.records()].map(({ id }) => id)).toEqual([3]);
      expect([
        stage.participant.isFree(users, 'a', 'write'),
        stage.participant.isFree(users, 'c', 'write'),
      ]).toEqual([true, false]);
    });

    test('installs what the word says was committed', () => {
      const stage = new Stage().begin(1);
      stage.prepare(1, [users, 'a', 'new']);
      const commit = stage.shared.draw();
      stage.words.tryCommit(1, 1, commit);
      stage.participant.originLost(stage.origin);
      expect([stage.valueOfA, stage.store.readAt(users, 'a', commit)]).toEqual(['new', 'new']);
    });

    test('lets go of what a committed transaction had only read', () => {
      const stage = new Stage().begin(1);
      stage.lock(1, 'a', S);
      stage.words.tryCommit(1, 1, stage.shared.draw());
      stage.participant.originLost(stage.origin);
      expect([stage.valueOfA, stage.participant.locks.idle]).toEqual(['old', true]);
    });
  });

  describe('asked for a snapshot', () => {
    const settled = ({ participant, shared }: Stage, key?: string): boolean =>
      participant.isSettled(users, key, shared.now());

    test('waits for a writer that voted before it, of that key only', () => {
      const stage = new Stage().begin(1);
      const before = stage.shared.now();
      stage.prepare(1, [users, 'a', 'new']);
      expect([settled(stage, 'a'), settled(stage, 'b'), settled(stage)]).toEqual([false, true, false]);
      expect(stage.participant.isSettled(users, 'a', before)).toBe(true);
      const resumed: string[] = [];
      const left = stage.participant.waitSettled(users, 'a', stage.shared.now(), () => resumed.push('left'));
      stage.participant.waitSettled(users, 'a', stage.shared.now(), () => resumed.push('read'));
      left.cancel();
      stage.decide(1, 0);
      expect([resumed, settled(stage, 'a')]).toEqual([['read'], true]);
    });

    test('does not wait for locks of those who have not voted', () => {
      const stage = new Stage().begin(1);
      stage.lock(1, 'a', X);
      expect(settled(stage, 'a')).toBe(true);
    });

    test.each(['committing', 'committed', 'lent to another'])(
      'waits for a writer whose decision is on its way: its word is %s',
      (word) => {
        const stage = new Stage().begin(1);
        stage.lock(1, 'a', X);
        stage.words.tryCommitting(1, 1);
        const commit = stage.shared.draw();
        if (word !== 'committing') stage.words.commit(1, 1, commit);
        if (word === 'lent to another') stage.words.begin(1, 33);
        expect(settled(stage, 'a')).toBe(false);
        let resumed = false;
        stage.participant.waitSettled(users, 'a', stage.shared.now(), () => {
          resumed = true;
        });
        stage.commit(1, commit, [users, 'a', 'new']);
        if (word === 'committing') {
          expect([resumed, stage.valueOfA, settled(stage, 'a')]).toEqual([false, 'old', false]);
          stage.words.commit(1, 1, commit);
          stage.turn();
        }
        expect([resumed, stage.valueOfA, settled(stage, 'a')]).toEqual([true, 'new', true]);
      },
    );

    test('does not wait for one that was aborted', () => {
      const stage = new Stage().begin(1);
      stage.lock(1, 'a', X);
      stage.words.tryAbort(1, 1);
      expect(settled(stage, 'a')).toBe(true);
    });
  });
});
