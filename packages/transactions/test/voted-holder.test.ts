/**
 * The moments between a vote and the arrival of the decision, at which real threads can't be stopped: somebody older or
 * younger wants the locks, a snapshot begins, the thread of a partition or of the coordinator dies.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import { LockMode } from '@troupe/transactions';
import { describe, expect, test } from 'vitest';
import { HandNetwork, type HandTransaction, table, writesTo } from './hand-network.ts';

const { S, X } = LockMode;
type Place = readonly [partition: PartitionId, key: string];

/** What the holder writes. With one partition it has read another, so that it must ask for a vote all the same. */
const layouts: readonly (readonly [string, readonly Place[]])[] = [
  ['in one partition', [[0, 'a']]],
  [
    'in two partitions',
    [
      [0, 'a'],
      [1, 'b'],
    ],
  ],
];
const ages = [
  ['older', 10],
  ['younger', 30],
] as const;
const holderId = 20;

/** A holder that has its locks and has asked for votes; `held` messages stay on their way. */
function prepared(
  places: readonly Place[],
  held: readonly string[],
): { network: HandNetwork; holder: HandTransaction } {
  const network = new HandNetwork(3);
  for (const [partition, key] of places) network.put(partition, key, 'old');
  const holder = network.begin(holderId, 'holder');
  for (const [partition, key] of places) holder.lock(partition, key, X);
  holder.lock(2, 'read', S);
  network.run();
  for (const message of held) network.held.add(message);
  holder.coordinator.commit(writesTo(places, 'new'));
  network.run();
  return { network, holder };
}

/** Wants to write what the holder writes. */
function request(network: HandNetwork, places: readonly Place[], id: number): HandTransaction {
  const requester = network.begin(id, 'requester');
  for (const [partition, key] of places) requester.lock(partition, key, X);
  network.run();
  return requester;
}

function release(network: HandNetwork): void {
  network.held.clear();
  network.run();
}

function values(network: HandNetwork, places: readonly Place[]): unknown[] {
  return places.map(([partition, key]) => network.read(partition, key));
}

const all = (places: readonly Place[], value: string): string[] => places.map(() => value);

/** Nobody holds or waits for anything once the requester has ended. */
function expectNoLocks(network: HandNetwork, requester: HandTransaction): void {
  requester.coordinator.abort('user');
  release(network);
  for (const partition of [0, 1, 2]) {
    expect(network.partition(partition).participant.locks.idle, `locks of partition ${partition}`).toBe(true);
    network.partition(partition).participant.locks.checkInvariants();
  }
}

describe.each(layouts)('with writes %s', (_, places) => {
  describe('a holder that has voted, its votes still on their way,', () => {
    test('is wounded by somebody older, and commits nowhere', () => {
      const { network, holder } = prepared(places, ['vote']);
      const requester = request(network, places, 10);
      expect(requester.answers).toEqual(all(places, 'old'));
      expect(holder.words.fate(holderId, holderId)).toBe('aborted');
      release(network);
      expect(holder.outcome).toMatchObject({ committed: false, cause: 'wounded' });
      expect(values(network, places)).toEqual(all(places, 'old'));
      expectNoLocks(network, requester);
    });

    test('lets somebody younger wait for what it commits', () => {
      const { network, holder } = prepared(places, ['vote']);
      const requester = request(network, places, 30);
      expect(requester.answers).toEqual([]);
      release(network);
      expect(holder.outcome).toMatchObject({ committed: true });
      expect(requester.answers).toEqual(all(places, 'new'));
      expectNoLocks(network, requester);
    });
  });

  describe.each(ages)('a holder that is past the point of return, and somebody %s,', (_age, id) => {
    test('has committed by votes, the decision still on its way: it is waited for', () => {
      const { network, holder } = prepared(places, ['decide']);
      expect(holder.outcome).toMatchObject({ committed: true });
      const requester = request(network, places, id);
      expect([requester.answers, requester.outcome]).toEqual([[], undefined]);
      release(network);
      expect(requester.answers).toEqual(all(places, 'new'));
      expectNoLocks(network, requester);
    });

    test('has committed without votes, the writes still on their way: it is waited for', () => {
      const network = new HandNetwork(3);
      for (const [partition, key] of places) network.put(partition, key, 'old');
      const holder = network.begin(holderId, 'holder');
      for (const [partition, key] of places) holder.lock(partition, key, X);
      network.run();
      network.held.add('commit');
      holder.coordinator.commit(writesTo(places, 'new'), true);
      expect(holder.outcome).toMatchObject({ committed: true });
      const requester = request(network, places, id);
      expect([requester.answers, values(network, places)]).toEqual([[], all(places, 'old')]);
      release(network);
      expect(requester.answers).toEqual(all(places, 'new'));
      expectNoLocks(network, requester);
    });

    test('is deciding at that moment on another thread: it is waited for, and may still be aborted', () => {
      for (const commits of [true, false]) {
        const { network, holder } = prepared(places, ['vote']);
        expect(holder.words.tryCommitting(holderId, holderId)).toBe(true);
        const requester = request(network, places, id);
        expect(requester.answers).toEqual([]);
        if (commits) holder.words.commit(holderId, holderId, network.shared.draw());
        else holder.words.abortCommitting(holderId, holderId);
        // Its thread dies before it can say how it decided: the word tells.
        network.killMember('holder');
        network.run();
        expect(requester.answers).toEqual(all(places, commits ? 'new' : 'old'));
        expectNoLocks(network, requester);
      }
    });
  });

  describe('a snapshot', () => {
    /** Reads every place as a snapshot would, once it may; `undefined` for what has to wait. */
    function snapshotReads(network: HandNetwork, snapshot: Timestamp): unknown[] {
      const seen: unknown[] = places.map(() => undefined);
      for (const [i, [partition, key]] of places.entries()) {
        const { participant, store } = network.partition(partition);
        const look = (): void => {
          seen[i] = store.readAt(table, key, snapshot);
        };
        if (participant.isSettled(table, key, snapshot)) look();
        else participant.waitSettled(table, key, snapshot, look);
      }
      return seen;
    }

    test.each([
      ['commit', 'new'],
      ['abort', 'old'],
    ])('begun after the votes waits for the decision, then shows all of a %s', (end, expected) => {
      const { network, holder } = prepared(places, ['vote']);
      const seen = snapshotReads(network, network.shared.now());
      expect(seen).toEqual(places.map(() => undefined));
      if (end === 'abort') holder.coordinator.abort('user');
      release(network);
      expect(holder.outcome?.committed).toBe(end === 'commit');
      expect(seen).toEqual(all(places, expected));
    });

    test('begun before the votes waits for nobody and never shows the commit', () => {
      const { network } = prepared(places, ['prepare']);
      const snapshot = network.shared.now();
      network.shared.publishSnapshot(0, snapshot);
      const before = snapshotReads(network, snapshot);
      network.held.clear();
      network.held.add('vote');
      network.run();
      const between = snapshotReads(network, snapshot);
      expect([before, between]).toEqual([all(places, 'old'), all(places, 'old')]);
    });

    test('begun after the decision, which is still on its way, waits for it and shows the commit', () => {
      const { network } = prepared(places, ['decide']);
      const seen = snapshotReads(network, network.shared.now());
      expect(seen).toEqual(places.map(() => undefined));
      release(network);
      expect(seen).toEqual(all(places, 'new'));
    });
  });

  describe.each(ages)('the owner of a partition dies, and somebody %s wants the locks:', (_age, id) => {
    test('between vote and decision: nothing is committed anywhere', () => {
      const { network, holder } = prepared(places, ['vote']);
      network.killPartition(0);
      expect(holder.outcome).toMatchObject({ committed: false, cause: 'participant-lost', partition: 0 });
      release(network);
      const requester = request(network, places, id);
      expect(requester.answers).toEqual(places.map(([partition]) => (partition === 0 ? undefined : 'old')));
      expectNoLocks(network, requester);
    });

    test('behind the decision: survivors have the commit, as if the dead had been cleared right after it', () => {
      const { network, holder } = prepared(places, ['decide']);
      network.killPartition(0);
      expect(holder.outcome).toMatchObject({ committed: true });
      const requester = request(network, places, id);
      // The dead has answered anew; the survivor waits for the decision.
      expect(requester.answers).toEqual([undefined]);
      release(network);
      expect(new Set(requester.answers)).toEqual(
        new Set(places.map(([partition]) => (partition === 0 ? undefined : 'new'))),
      );
      expectNoLocks(network, requester);
    });
  });

  describe.each(ages)('the coordinator dies, and somebody %s waits or comes later:', (_age, id) => {
    test('between vote and decision: nothing is committed, in any partition', () => {
      for (const when of ['before', 'after']) {
        const { network } = prepared(places, ['vote']);
        // Somebody older ends it at once, by the word; the dead coordinator is not needed for that.
        const waiting = when === 'before' ? request(network, places, id) : undefined;
        network.killMember('holder');
        network.run();
        const requester = waiting ?? request(network, places, id);
        expect(requester.answers).toEqual(all(places, 'old'));
        expect(values(network, places)).toEqual(all(places, 'old'));
        expectNoLocks(network, requester);
      }
    });

    test('behind the decision, which none or only one has heard: it is committed in all of them', () => {
      for (const heard of [false, true]) {
        const { network, holder } = prepared(places, ['decide']);
        expect(holder.outcome).toMatchObject({ committed: true });
        const early = request(network, places, id);
        expect(early.answers).toEqual([]);
        if (heard) network.step('decide');
        network.killMember('holder');
        network.run();
        expect(early.answers).toEqual(all(places, 'new'));
        expect(values(network, places)).toEqual(all(places, 'new'));
        expectNoLocks(network, early);
      }
    });
  });
});

test('a snapshot between two votes shows neither half, though it has to wait for the one', () => {
  const places: readonly Place[] = [
    [0, 'a'],
    [1, 'b'],
  ];
  const { network, holder } = prepared(places, ['prepare']);
  network.step('prepare');
  const snapshot = network.shared.now();
  network.shared.publishSnapshot(0, snapshot);
  const seen: unknown[] = [];
  for (const [partition, key] of places) {
    const { participant, store } = network.partition(partition);
    const look = (): void => void seen.push([key, store.readAt(table, key, snapshot)]);
    if (participant.isSettled(table, key, snapshot)) look();
    else participant.waitSettled(table, key, snapshot, look);
  }
  expect(seen).toEqual([['b', 'old']]);
  release(network);
  expect(holder.outcome).toMatchObject({ committed: true });
  expect(seen).toEqual([
    ['b', 'old'],
    ['a', 'old'],
  ]);
});
