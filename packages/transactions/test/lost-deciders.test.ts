import { PartitionStore, type Timestamp } from '@troupe/core';
import {
  Coordinator,
  LockMode,
  MemoryDecision,
  type Origin,
  type Outcome,
  Participant,
  type PartitionWrites,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const slot = 0;
const id = 1;

/** One coordinator and one set of words; what it sends is collected, and the test plays the participants. */
function coordinate(): {
  words: StatusWords;
  coordinator: Coordinator;
  sent: unknown[][];
  outcomes: Outcome[];
  /** A partition is created anew; its incarnation rises before anybody hears of the death. */
  lose: (partition: number) => void;
} {
  const lost = new Set<number>();
  const incarnationOf = (partition: number): number => (lost.has(partition) ? 2 : 1);
  const words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(1)));
  const sent: unknown[][] = [];
  const outcomes: Outcome[] = [];
  words.begin(slot, id);
  const coordinator = new Coordinator(id, id, slot, {
    decision: new MemoryDecision(words, incarnationOf, () => 100),
    incarnationOf,
    now: () => 100,
    diesWithUs: () => false,
    send: (_partition, message) => void sent.push(message),
    whenHandedOver: (then) => then(),
    answered: () => undefined,
    ended: (outcome) => void outcomes.push(outcome),
  });
  const lose = (partition: number): void => {
    lost.add(partition);
    coordinator.partitionLost(partition);
  };
  return { words, coordinator, sent, outcomes, lose };
}

function participate(): {
  words: StatusWords;
  origin: Origin;
  participant: Participant;
  answers: unknown[][];
} {
  const words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(1)));
  const answers: unknown[][] = [];
  let clock: Timestamp = 10;
  const store = new PartitionStore({ oldestSnapshot: () => Number.MAX_SAFE_INTEGER }, 0);
  const participant = new Participant(
    { id: 0, incarnation: 1, store },
    { draw: () => ++clock, lookLater: () => undefined },
  );
  return { words, participant, answers, origin: { words, send: (message) => void answers.push(message) } };
}

function writesOf(...partitions: number[]): Map<number, PartitionWrites> {
  return new Map(partitions.map((partition) => [partition, { writes: [0, 'key', 'value'], cleared: [] }]));
}

const lockOf = (mode: number): unknown[] => [RequestOp.lock, id, 0, 1, slot, id, 1, 1, [0, 'key', mode]];

describe('a coordinator whose participant dies with the decision', () => {
  test('tells the commit that the only participant had made and could not report', () => {
    const { words, coordinator, outcomes, lose } = coordinate();
    coordinator.commit(writesOf(0));
    words.tryCommit(slot, id, 7);
    lose(0);
    expect(outcomes).toEqual([{ committed: true, timestamp: 7 }]);
  });

  test('ends when it had been wounded by the dead, and has the others drop their votes', () => {
    const { words, coordinator, sent, outcomes, lose } = coordinate();
    coordinator.commit(writesOf(0, 1));
    coordinator.vote(1, 5);
    words.tryAbort(slot, id);
    lose(0);
    expect(outcomes).toEqual([{ committed: false, cause: 'participant-lost', partition: 0 }]);
    expect(sent).toContainEqual([RequestOp.decide, id, 1, 1, 0]);
  });
});

describe('a coordinator whose participants have all ended with the grid', () => {
  test('tells what the last of them had decided', () => {
    const done = coordinate();
    done.coordinator.commit(writesOf(0));
    done.words.tryCommitAlone(slot, id, 7);
    expect(done.coordinator.abort('killed')).toBe(false);
    done.coordinator.allLost();
    expect(done.outcomes).toEqual([{ committed: true, timestamp: 7 }]);
    const wounded = coordinate();
    wounded.coordinator.commit(writesOf(0, 1));
    wounded.words.tryAbort(slot, id);
    wounded.coordinator.allLost();
    expect(wounded.outcomes).toMatchObject([{ committed: false, cause: 'participant-lost' }]);
  });
});

describe('a participant whose coordinator dies', () => {
  test('only releases what a committed transaction had read', () => {
    const { words, origin, participant, answers } = participate();
    words.begin(slot, id);
    participant.lock(lockOf(LockMode.S), origin);
    expect(answers).toEqual([[ReplyOp.answer, id, 0, 1, [undefined]]]);
    words.tryCommit(slot, id, 20);
    participant.originLost(origin);
    expect(participant.locks.idle).toBe(true);
  });
});

describe('a word that was lent to the next transaction', () => {
  test('keeps the timestamp of that one when a late commit of the first arrives', () => {
    const words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(1)));
    words.begin(slot, id);
    words.tryAbort(slot, id);
    words.begin(slot, 2);
    words.tryCommit(slot, 2, 30);
    expect(words.tryCommitAlone(slot, id, 31)).toBe(false);
    expect(words.commitTimestamp(slot)).toBe(30);
  });

  test('lets no snapshot pass a writer whose decision is still on its way', () => {
    const { words, origin, participant } = participate();
    words.begin(slot, id);
    participant.lock(lockOf(LockMode.X), origin);
    words.tryCommit(slot, id, 20);
    words.begin(slot, 21);
    expect(participant.isSettled(0, 'key', 25)).toBe(false);
    let resumed = false;
    participant.waitSettled(0, 'key', 25, () => {
      resumed = true;
    });
    participant.commit([RequestOp.commit, id, 0, 1, 20, [0, 'key', 'value'], []]);
    expect(resumed).toBe(true);
    expect(participant.isSettled(0, 'key', 25)).toBe(true);
  });
});
