/** The coordinator, message by message, against partitions that are played by the test. */
import type { PartitionId } from '@troupe/core';
import {
  Coordinator,
  LockMode,
  MemoryDecision,
  type Outcome,
  type PartitionWrites,
  Refusal,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const id = 10;
const age = 7;
const slot = 0;
const users = 1;
const names = new Map<unknown, string>(Object.entries(RequestOp).map(([name, op]) => [op, name]));

/** A coordinator with everything it touches. The clock stands at 100. */
class Stage {
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(1)));
  readonly incarnations = [1, 1, 1, 1];
  /** `name partition` and what follows the fields that all requests have. */
  readonly sent: unknown[][] = [];
  /** What the word said when each was sent. */
  readonly fates: string[] = [];
  readonly answers: unknown[][] = [];
  readonly outcomes: Outcome[] = [];
  clock = 100;
  /** Partitions on its own thread. */
  readonly own = new Set<PartitionId>();
  /** Whether its death can be missed: then what it sends counts when `handedOver` is called. */
  mayDie = false;
  handedOver: (() => void) | undefined;
  readonly coordinator: Coordinator;

  constructor(label?: string) {
    const incarnationOf = (partition: PartitionId): number => this.incarnations[partition] ?? 0;
    this.words.begin(slot, id);
    this.coordinator = new Coordinator(id, age, slot, {
      label,
      decision: new MemoryDecision(this.words, incarnationOf, () => ++this.clock),
      incarnationOf,
      now: () => this.clock,
      diesWithUs: (partition) => this.own.has(partition),
      send: (partition, message) => {
        this.sent.push([`${names.get(message[0])} ${partition}`, ...message.slice(1)]);
        this.fates.push(this.words.fate(slot, id));
      },
      whenHandedOver: (then) => {
        if (this.mayDie) this.handedOver = then;
        else then();
      },
      answered: (step, partition, values) => this.answers.push([step, partition, ...values]),
      ended: (outcome) => this.outcomes.push(outcome),
    });
  }

  /** What was sent since the last look, as `lock 0`. */
  take(): string[] {
    return this.sent.splice(0).map(([what]) => String(what));
  }

  lock(partition: PartitionId, key: string): void {
    this.coordinator.lock(partition, 1, [users, key, LockMode.X]);
  }
}

function writesTo(...partitions: PartitionId[]): Map<PartitionId, PartitionWrites> {
  return new Map(
    partitions.map((partition) => [partition, { writes: [users, 'a', partition], cleared: [] }]),
  );
}

describe('a coordinator', () => {
  test('marks its first message to each partition, with the incarnation that it fixes then', () => {
    const stage = new Stage();
    stage.lock(0, 'a');
    stage.incarnations[0] = 2;
    stage.lock(0, 'b');
    stage.lock(1, 'c');
    expect(stage.sent).toEqual([
      ['lock 0', id, 0, 1, slot, age, 1, 1, [users, 'a', LockMode.X]],
      ['lock 0', id, 0, 1, slot, age, 0, 1, [users, 'b', LockMode.X]],
      ['lock 1', id, 1, 1, slot, age, 1, 1, [users, 'c', LockMode.X]],
    ]);
    stage.coordinator.answer(0, 1, ['value']);
    expect(stage.answers).toEqual([[1, 0, 'value']]);
  });

  test('tells its label with its first message to each partition, whatever that is, and only then', () => {
    const stage = new Stage('mine');
    stage.lock(0, 'a');
    stage.lock(0, 'b');
    stage.coordinator.lockTable(1, 1, users, LockMode.S);
    stage.coordinator.commit(writesTo(0, 2));
    expect(stage.sent).toEqual([
      ['lock 0', id, 0, 1, slot, age, 1, 1, [users, 'a', LockMode.X], undefined, undefined, 'mine'],
      ['lock 0', id, 0, 1, slot, age, 0, 1, [users, 'b', LockMode.X]],
      ['lockTable 1', id, 1, 1, slot, age, 1, 1, users, LockMode.S, undefined, 'mine'],
      ['prepare 0', id, 0, 1, slot, age, 0, [users, 'a', 0], []],
      ['prepare 2', id, 2, 1, slot, age, 1, [users, 'a', 2], [], undefined, undefined, 'mine'],
    ]);
  });

  test('is as patient with the row of its idempotency key as without', () => {
    const { coordinator, sent } = new Stage();
    const accesses = [-1, 'key', LockMode.X, -2, 'actor', LockMode.X];
    coordinator.lockOnce(0, 1, accesses, 'turns');
    coordinator.lockOnce(1, 2, accesses);
    coordinator.lock(2, 3, accesses.slice(3), 'turns');
    expect(sent.map(([what, ...fields]) => [what, ...fields.slice(7)])).toEqual([
      ['lockOnce 0', accesses, 1],
      ['lockOnce 1', accesses],
      ['lock 2', accesses.slice(3), 1],
    ]);
  });

  test('that wrote nothing commits without a question and lets go of its locks', () => {
    const stage = new Stage();
    stage.lock(0, 'a');
    stage.lock(1, 'b');
    stage.take();
    stage.coordinator.commit(new Map());
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 100 }]);
    expect(stage.sent).toEqual([
      ['decide 0', id, 0, 1, 0],
      ['decide 1', id, 1, 1, 0],
    ]);
  });

  test('that wrote nothing but was wounded does not commit', () => {
    const stage = new Stage();
    stage.lock(0, 'a');
    stage.words.tryAbort(slot, id);
    stage.coordinator.commit(new Map());
    expect(stage.outcomes).toMatchObject([{ committed: false, cause: 'wounded' }]);
  });

  test('lets the only partition decide', () => {
    const stage = new Stage();
    stage.lock(2, 'a');
    stage.coordinator.commit(writesTo(2));
    expect(stage.take()).toEqual(['lock 2', 'commitOne 2']);
    expect(stage.outcomes).toEqual([]);
    stage.words.tryCommit(slot, id, 123);
    stage.coordinator.done(123);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 123 }]);
    expect(stage.take()).toEqual([]);
  });

  test('of several partitions commits at the largest vote, and tells all, readers too', () => {
    const stage = new Stage();
    stage.lock(3, 'read');
    stage.coordinator.commit(writesTo(0, 1));
    expect(stage.take()).toEqual(['lock 3', 'prepare 0', 'prepare 1']);
    stage.coordinator.vote(0, 205);
    expect([stage.outcomes, stage.words.fate(slot, id)]).toEqual([[], 'active']);
    stage.coordinator.vote(1, 203);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 205 }]);
    expect([stage.words.fate(slot, id), stage.words.commitTimestamp(slot)]).toEqual(['committed', 205]);
    expect(stage.sent).toEqual([
      ['decide 3', id, 3, 1, 0],
      ['decide 0', id, 0, 1, 205],
      ['decide 1', id, 1, 1, 205],
    ]);
  });

  test('writes to one partition and has read another: that one has to vote', () => {
    const stage = new Stage();
    stage.lock(1, 'read');
    stage.coordinator.commit(writesTo(0));
    expect(stage.take()).toEqual(['lock 1', 'prepare 0']);
  });

  test.each([
    [Refusal.wounded, 'wounded'],
    [Refusal.incarnation, 'participant-lost'],
    [Refusal.lineFull, 'line-full'],
  ] as const)(
    'ends with a refusal for reason %i as %s, while it runs and while it prepares',
    (reason, cause) => {
      for (const prepares of [false, true]) {
        const stage = new Stage();
        stage.lock(0, 'a');
        stage.lock(1, 'b');
        if (prepares) {
          stage.coordinator.commit(writesTo(0, 1));
          stage.coordinator.vote(0, 200);
        }
        stage.take();
        stage.coordinator.refused(1, reason);
        expect(stage.outcomes).toEqual([{ committed: false, cause, partition: 1 }]);
        expect(stage.words.fate(slot, id)).toBe('aborted');
        expect(stage.sent).toEqual([
          ['decide 0', id, 0, 1, 0],
          ['decide 1', id, 1, 1, 0],
        ]);
        stage.coordinator.vote(0, 300);
        stage.coordinator.answer(0, 1, []);
        stage.coordinator.refused(0, Refusal.wounded);
        expect(stage.outcomes).toHaveLength(1);
        expect(stage.answers).toEqual([]);
      }
    },
  );

  test('does not commit when a partition died after its vote', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesTo(0, 1));
    stage.coordinator.vote(0, 200);
    stage.incarnations[0] = 2;
    stage.coordinator.vote(1, 201);
    expect(stage.outcomes).toEqual([{ committed: false, cause: 'participant-lost', partition: 0 }]);
    expect(stage.words.fate(slot, id)).toBe('aborted');
  });

  test('does not commit when a partition it only read has died', () => {
    const stage = new Stage();
    stage.lock(3, 'read');
    stage.incarnations[3] = 2;
    stage.coordinator.commit(writesTo(0));
    stage.coordinator.vote(0, 200);
    expect(stage.outcomes).toMatchObject([{ committed: false, cause: 'participant-lost', partition: 3 }]);
  });

  test('does not commit when it was wounded between its votes', () => {
    const stage = new Stage();
    stage.coordinator.commit(writesTo(0, 1));
    stage.coordinator.vote(0, 200);
    stage.words.tryAbort(slot, id);
    stage.coordinator.vote(1, 201);
    expect(stage.outcomes).toMatchObject([{ committed: false, cause: 'wounded' }]);
    expect(stage.sent.slice(2).map(([what]) => what)).toEqual(['decide 0', 'decide 1']);
  });

  test('with every lock held commits unasked: the decision carries the writes', () => {
    const stage = new Stage();
    stage.lock(0, 'a');
    stage.lock(1, 'read');
    stage.take();
    stage.coordinator.commit(writesTo(0), true);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 101 }]);
    expect(stage.sent).toEqual([
      ['commit 0', id, 0, 1, 101, [users, 'a', 0], []],
      ['decide 1', id, 1, 1, 0],
    ]);
    expect(stage.words.fate(slot, id)).toBe('committed');
  });

  test('commits unasked when the writes are with the links, and tells its own thread last', () => {
    const stage = new Stage();
    stage.mayDie = true;
    stage.own.add(0);
    stage.lock(0, 'a');
    stage.lock(1, 'b');
    stage.lock(2, 'read');
    stage.take();
    stage.coordinator.commit(writesTo(0, 1), true);
    expect(stage.take()).toEqual(['commit 1', 'decide 2']);
    expect([stage.outcomes, stage.words.fate(slot, id)]).toEqual([[], 'committing']);
    expect(stage.coordinator.abort('timeout')).toBe(false);
    stage.handedOver?.();
    expect(stage.words.fate(slot, id)).toBe('committed');
    expect(stage.take()).toEqual(['commit 0']);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 101 }]);
  });

  test('commits unasked at once where nothing outlives it: the word tells before the first message', () => {
    const stage = new Stage();
    stage.mayDie = true;
    stage.own.add(0).add(1);
    stage.lock(0, 'a');
    stage.lock(1, 'b');
    stage.coordinator.commit(writesTo(0, 1), true);
    expect(stage.outcomes).toEqual([{ committed: true, timestamp: 101 }]);
    expect(stage.fates.slice(-2)).toEqual(['committed', 'committed']);
  });

  test('commits unasked neither after a wound nor after the death of a partition', () => {
    const wounded = new Stage();
    wounded.lock(0, 'a');
    wounded.words.tryAbort(slot, id);
    wounded.coordinator.commit(writesTo(0), true);
    expect(wounded.outcomes).toMatchObject([{ committed: false, cause: 'wounded' }]);
    const lost = new Stage();
    lost.lock(0, 'a');
    lost.incarnations[0] = 2;
    lost.coordinator.commit(writesTo(0), true);
    expect(lost.outcomes).toMatchObject([{ committed: false, cause: 'participant-lost', partition: 0 }]);
    expect(lost.words.fate(slot, id)).toBe('aborted');
    for (const stage of [wounded, lost]) expect(stage.take()).toEqual(['lock 0', 'decide 0']);
  });

  test('can be aborted until its word is taken, once', () => {
    const stage = new Stage();
    stage.lock(0, 'a');
    expect(stage.coordinator.abort('timeout')).toBe(true);
    expect(stage.coordinator.abort('user')).toBe(false);
    expect(stage.outcomes).toMatchObject([{ committed: false, cause: 'timeout' }]);
    const late = new Stage();
    late.coordinator.commit(writesTo(0));
    late.words.tryCommit(slot, id, 150);
    expect(late.coordinator.abort('timeout')).toBe(false);
    expect(late.outcomes).toEqual([]);
    late.coordinator.done(150);
    expect(late.outcomes).toEqual([{ committed: true, timestamp: 150 }]);
  });

  test('whose body threw says so only if what it read was true together', () => {
    const wounded = new Stage();
    wounded.lock(0, 'a');
    wounded.words.tryAbort(slot, id);
    wounded.coordinator.abort('user');
    expect(wounded.outcomes).toMatchObject([{ cause: 'wounded' }]);
    const lost = new Stage();
    lost.lock(0, 'a');
    lost.incarnations[0] = 2;
    lost.coordinator.abort('user');
    expect(lost.outcomes).toMatchObject([{ cause: 'participant-lost', partition: 0 }]);
  });

  test('ends when a partition dies that it has touched, and only then', () => {
    const stage = new Stage();
    stage.lock(0, 'a');
    stage.coordinator.partitionLost(1);
    expect(stage.outcomes).toEqual([]);
    stage.incarnations[0] = 2;
    stage.coordinator.partitionLost(0);
    expect(stage.outcomes).toMatchObject([{ committed: false, cause: 'participant-lost', partition: 0 }]);
  });

  test.each([
    ['committed it', true],
    ['wounded it', false],
  ] as const)(
    'does not wait for ever for a partition that %s and died before it could say so',
    (_what, commits) => {
      const stage = new Stage();
      stage.coordinator.commit(writesTo(0));
      if (commits) stage.words.tryCommit(slot, id, 170);
      else stage.words.tryAbort(slot, id);
      stage.incarnations[0] = 2;
      stage.coordinator.partitionLost(0);
      expect(stage.outcomes).toEqual(
        commits
          ? [{ committed: true, timestamp: 170 }]
          : [{ committed: false, cause: 'participant-lost', partition: 0 }],
      );
    },
  );

  test('is told of votes that nobody had asked for by an error: that is a defect', () => {
    const stage = new Stage();
    stage.lock(3, 'read');
    stage.coordinator.commit(writesTo(0));
    expect(() => stage.coordinator.vote(3, 200)).toThrow('a vote came that nobody had asked for');
    expect(() => stage.lock(0, 'b')).toThrow('preparing');
  });
});
