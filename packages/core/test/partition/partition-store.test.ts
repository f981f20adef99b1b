import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  InvariantError,
  newestVersions,
  PartitionStore,
  SnapshotTooOldError,
  type VersionCursor,
} from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from './clock.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const table = 0;
let clock: ManualClock;
let store: PartitionStore;

beforeEach(() => {
  clock = new ManualClock(10);
  store = new PartitionStore(clock, clock.now);
});

function write(key: string, value: unknown): void {
  store.write(table, key, value, clock.draw());
}

function drained(cursor: VersionCursor): [unknown, unknown][] {
  const entries: [unknown, unknown][] = [];
  while (cursor.advance()) entries.push([cursor.key, cursor.value]);
  return entries;
}

describe('a partition store', () => {
  test('reads what was written last and keeps tables apart', () => {
    write('a', 1);
    write('a', 2);
    store.write(7, 'a', 'other', clock.draw());
    expect(store.read(table, 'a')).toBe(2);
    expect(store.read(7, 'a')).toBe('other');
    expect(store.read(3, 'a')).toBeUndefined();
    expect([store.size(table), store.size(7), store.size(3)]).toEqual([1, 1, 0]);
  });

  test('stores null, which is a value', () => {
    write('a', null);
    expect(store.read(table, 'a')).toBeNull();
    expect(store.size(table)).toBe(1);
  });

  test('takes the removal of an absent key for nothing', () => {
    write('a', undefined);
    expect(store.size(table)).toBe(0);
    expect(drained(store.iterate(table, newestVersions))).toEqual([]);
  });

  test('refuses timestamps of one key that go backwards', () => {
    store.write(table, 'a', 1, 20);
    expect(() => store.write(table, 'a', 2, 19)).toThrow(InvariantError);
  });

  test('lets one commit clear a table and write to it', () => {
    write('a', 1);
    write('b', 1);
    const before = clock.publish();
    const timestamp = clock.draw();
    store.clear(table, timestamp);
    store.write(table, 'a', 2, timestamp);
    store.write(table, 'a', 3, timestamp);
    expect(drained(store.iterate(table, newestVersions))).toEqual([['a', 3]]);
    expect(drained(store.iterate(table, before))).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect([store.size(table), store.sizeAt(table, before)]).toEqual([1, 2]);
  });
});

describe('a snapshot of a partition store', () => {
  test('sees what was committed at or before it, whatever comes later', () => {
    write('changed', 'old');
    write('removed', 'old');
    const snapshot = clock.publish();
    write('changed', 'new');
    write('removed', undefined);
    write('added', 'new');
    const read = ['changed', 'removed', 'added'].map((key) => store.readAt(table, key, snapshot));
    expect(read).toEqual(['old', 'old', undefined]);
    expect(store.sizeAt(table, snapshot)).toBe(2);
    expect(store.size(table)).toBe(2);
  });

  test('is refused when a version it needs was dropped', () => {
    write('a', 'old');
    const unpublished = clock.now;
    write('a', 'new');
    expect(() => store.readAt(table, 'a', unpublished)).toThrow(SnapshotTooOldError);
    expect(() => store.sizeAt(table, unpublished)).toThrow(SnapshotTooOldError);
    expect(() => store.iterate(table, unpublished)).toThrow(SnapshotTooOldError);
  });

  test('is refused when a removed key it needs was dropped', () => {
    write('a', 'old');
    const unpublished = clock.now;
    write('a', undefined);
    expect(() => store.readAt(table, 'a', unpublished)).toThrow(SnapshotTooOldError);
  });

  test('is refused after a clear that nobody had to survive', () => {
    write('a', 'old');
    const unpublished = clock.now;
    store.clear(table, clock.draw());
    expect(() => store.readAt(table, 'a', unpublished)).toThrow(SnapshotTooOldError);
  });

  test('from before the partition was created anew is refused, never answered with "absent"', () => {
    expect(() => store.readAt(table, 'a', 9)).toThrow(SnapshotTooOldError);
    expect(store.readAt(table, 'a', 10)).toBeUndefined();
  });

  test('stays readable after inserts, which drop nothing', () => {
    const unpublished = clock.now;
    write('a', 1);
    expect(store.readAt(table, 'a', unpublished)).toBeUndefined();
  });
});

describe('the memory of a partition store', () => {
  test('holds one version for each key when no snapshot is published', () => {
    for (let i = 0; i < 100; i++) write('a', i);
    expect(store.supersededCount).toBe(0);
  });

  test('shrinks back with later writes once the snapshots are gone', () => {
    for (let i = 0; i < 50; i++) write(`k${i}`, 'first');
    const snapshot = clock.publish();
    for (let round = 0; round < 3; round++) for (let i = 0; i < 50; i++) write(`k${i}`, round);
    for (let i = 0; i < 10; i++) write(`k${i}`, undefined);
    expect(store.supersededCount).toBe(160);
    clock.withdraw(snapshot);
    for (let i = 0; i < 80; i++) write('elsewhere', i);
    expect(store.supersededCount).toBe(0);
    expect(store.size(table)).toBe(41);
  });

  test('is given back by prune() where nobody writes', () => {
    write('a', 1);
    const snapshot = clock.publish();
    write('a', 2);
    write('a', undefined);
    store.prune(10);
    expect(store.supersededCount).toBe(2);
    clock.withdraw(snapshot);
    store.prune(10);
    expect(store.supersededCount).toBe(0);
    expect(store.horizon).toBe(clock.now);
  });

  test('lets go of the superseded values themselves', async () => {
    const superseded = ((): WeakRef<object>[] => {
      const values = [{ round: 0 }, { round: 1 }, { round: 2 }];
      write('a', values[0]);
      write('b', values[1]);
      const snapshot = clock.publish();
      write('a', values[2]);
      write('a', { round: 3 });
      write('b', undefined);
      clock.withdraw(snapshot);
      store.prune(10);
      return values.map((value) => new WeakRef(value));
    })();
    // A WeakRef keeps its target until the end of the turn.
    await new Promise(setImmediate);
    collectGarbage();
    expect(superseded.map((value) => value.deref())).toEqual([undefined, undefined, undefined]);
    expect(store.read(table, 'a')).toEqual({ round: 3 });
  });

  test('takes a write over a tombstone that was pruned since it was looked up', () => {
    write('a', 1);
    const snapshot = clock.publish();
    write('a', undefined);
    const tombstone = store.newest(table, 'a');
    clock.withdraw(snapshot);
    store.prune(10);
    store.write(table, 'a', 2, clock.draw(), tombstone);
    expect(store.read(table, 'a')).toBe(2);
    expect(store.size(table)).toBe(1);
  });

  test('keeps a key that was removed and set again when its tombstone is pruned', () => {
    write('a', 1);
    const snapshot = clock.publish();
    write('a', undefined);
    write('a', 2);
    clock.withdraw(snapshot);
    store.prune(10);
    expect(store.read(table, 'a')).toBe(2);
    expect(store.size(table)).toBe(1);
  });
});

describe('a walk over a partition store', () => {
  test('at a snapshot ends with SNAPSHOT_TOO_OLD when the snapshot is given up on the way', () => {
    write('a', 1);
    write('b', 1);
    const snapshot = clock.publish();
    const cursor = store.iterate(table, snapshot);
    expect(cursor.advance()).toBe(true);
    clock.withdraw(snapshot);
    write('b', 2);
    expect(() => cursor.advance()).toThrow(SnapshotTooOldError);
  });

  test('gives a key that was removed and set again on the way once', () => {
    write('a', 1);
    write('b', 1);
    const cursor = store.iterate(table, newestVersions);
    cursor.advance();
    write('a', undefined);
    write('a', 2);
    expect(drained(cursor)).toEqual([['b', 1]]);
  });

  test('ends when the table is cleared on the way', () => {
    write('a', 1);
    write('b', 1);
    const cursor = store.iterate(table, newestVersions);
    cursor.advance();
    store.clear(table, clock.draw());
    write('c', 1);
    expect(cursor.advance()).toBe(false);
  });
});

describe('a local read of a partition store', () => {
  test('answers the stored value itself, deep-frozen', () => {
    const value = { list: [1] };
    write('a', value);
    const read = store.readLocal(table, 'a') as { list: number[] };
    expect(read).toBe(value);
    expect(() => read.list.push(2)).toThrow(TypeError);
    expect(store.readLocal(table, 'a')).toBe(read);
  });

  test('loses what is written into a binary, which cannot be frozen', () => {
    write('a', { bytes: new Uint8Array([1, 2]) });
    const read = store.readLocal(table, 'a') as { bytes: Uint8Array };
    read.bytes[0] = 99;
    expect(store.read(table, 'a')).toEqual({ bytes: new Uint8Array([1, 2]) });
  });
});

describe('a hidden table', () => {
  test('is apart from the others, up to eight of them', () => {
    for (let hidden = -1; hidden >= -8; hidden--) store.write(hidden, 'a', hidden, clock.draw());
    write('a', 'seen');
    expect([store.read(-1, 'a'), store.read(-8, 'a'), store.read(table, 'a')]).toEqual([-1, -8, 'seen']);
    store.clear(table, clock.draw());
    expect([store.size(-1), store.size(-8), store.size(table)]).toEqual([1, 1, 0]);
  });

  test('forgets an entry at once, with all its versions, whatever snapshots are read', () => {
    const snapshot = clock.publish();
    store.write(-1, 'a', 1, clock.draw());
    store.write(-1, 'a', 2, clock.draw());
    const { horizon } = store;
    store.forget(-1, 'a');
    store.forget(-1, 'absent');
    expect([store.read(-1, 'a'), store.size(-1), drained(store.iterate(-1, newestVersions))]).toEqual([
      undefined,
      0,
      [],
    ]);
    expect(store.horizon).toBe(horizon);
    store.write(-1, 'a', 3, clock.draw());
    clock.withdraw(snapshot);
    store.prune(100);
    expect([store.read(-1, 'a'), store.size(-1), store.supersededCount]).toEqual([3, 1, 0]);
  });
});
