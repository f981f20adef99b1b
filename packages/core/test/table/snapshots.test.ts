import { noSnapshot, SharedState, Snapshots, type SnapshotTime, SnapshotTooOldError } from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';

class ManualTime implements SnapshotTime {
  #nowMs = 0;
  #due: { readonly atMs: number; readonly action: () => void }[] = [];

  get timers(): number {
    return this.#due.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): void {
    this.#due.push({ atMs: this.#nowMs + delayMs, action });
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#due.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#due = this.#due.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { action } of due) action();
  }
}

const ageMaxMs = 1_000;
let shared: SharedState;
let time: ManualTime;
let snapshots: Snapshots;

beforeEach(() => {
  shared = SharedState.create(1, 2);
  time = new ManualTime();
  snapshots = new Snapshots(shared, 0, time, ageMaxMs);
  shared.draw();
});

describe('the snapshots of a member', () => {
  test('are of now: everything drawn before belongs to them, nothing drawn later', () => {
    const before = shared.draw();
    const snapshot = snapshots.acquire();
    expect(snapshot.timestamp).toBeGreaterThanOrEqual(before);
    expect(snapshot.timestamp).toBeLessThan(shared.draw());
  });

  test('are published as long as they are read, the oldest of them', () => {
    const first = snapshots.acquire();
    shared.draw();
    const second = snapshots.acquire();
    expect(shared.oldestSnapshot()).toBe(first.timestamp);
    first.release();
    expect(shared.oldestSnapshot()).toBe(second.timestamp);
    second.release();
    expect(shared.oldestSnapshot()).toBe(noSnapshot);
  });

  test('count every reader, and a release of each once', () => {
    const first = snapshots.acquire();
    const second = snapshots.acquire();
    first.release();
    first.release();
    expect(shared.oldestSnapshot()).toBe(second.timestamp);
    expect(snapshots.size).toBe(1);
  });

  test('are published before the clock is loaded, so that no write in between can drop what they need', () => {
    // The writer on another thread draws at every point at which the reader touches shared memory.
    const publishedAtDraw: { readonly drawn: number; readonly oldest: number }[] = [];
    const write = (): void => {
      publishedAtDraw.push({ drawn: shared.draw(), oldest: shared.oldestSnapshot() });
    };
    const racing = new Snapshots(
      {
        now() {
          write();
          const now = shared.now();
          write();
          return now;
        },
        oldestSnapshot: () => shared.oldestSnapshot(),
        retentionFloor: () => shared.retentionFloor(),
        publishSnapshot(member, oldest) {
          write();
          shared.publishSnapshot(member, oldest);
          write();
        },
      },
      0,
      time,
      ageMaxMs,
    );
    const { timestamp } = racing.acquire();
    const droppedTooEarly = publishedAtDraw.filter(
      ({ drawn, oldest }) => drawn > timestamp && oldest >= drawn,
    );
    expect(publishedAtDraw.length).toBeGreaterThan(4);
    expect(droppedTooEarly).toEqual([]);
  });

  test('are forced out when they grow too old, one by one', () => {
    const first = snapshots.acquire();
    time.advance(600);
    shared.draw();
    const second = snapshots.acquire();
    time.advance(400);
    expect(() => first.mustBeReadable()).toThrow(SnapshotTooOldError);
    expect(() => second.mustBeReadable()).not.toThrow();
    expect(shared.oldestSnapshot()).toBe(second.timestamp);
    time.advance(600);
    expect(() => second.mustBeReadable()).toThrow(SnapshotTooOldError);
    expect(shared.oldestSnapshot()).toBe(noSnapshot);
  });

  test('that were released in time stay readable by the rule of their owner only', () => {
    const snapshot = snapshots.acquire();
    snapshot.release();
    time.advance(ageMaxMs);
    expect(() => snapshot.mustBeReadable()).not.toThrow();
  });

  test('of the past are published with the others, wherever they come in their order', () => {
    const past = shared.draw();
    const pastTwo = shared.draw();
    shared.draw();
    const now = snapshots.acquire();
    const second = snapshots.acquireAt(pastTwo);
    expect(shared.oldestSnapshot()).toBe(pastTwo);
    const first = snapshots.acquireAt(past);
    expect([first.timestamp, shared.oldestSnapshot(), snapshots.size]).toEqual([past, past, 3]);
    first.release();
    first.release();
    expect(shared.oldestSnapshot()).toBe(pastTwo);
    const later = snapshots.acquire();
    now.release();
    expect(shared.oldestSnapshot()).toBe(pastTwo);
    second.release();
    expect(shared.oldestSnapshot()).toBe(later.timestamp);
    later.release();
    expect(shared.oldestSnapshot()).toBe(noSnapshot);
    expect(time.timers).toBe(1);
  });

  test('of the past are published before anything is read at them', () => {
    const past = shared.draw();
    shared.draw();
    const published: number[] = [];
    const recording = new Snapshots(
      {
        now: () => shared.now(),
        oldestSnapshot: () => shared.oldestSnapshot(),
        retentionFloor: () => shared.retentionFloor(),
        publishSnapshot: (_member, oldest) => published.push(oldest),
      },
      0,
      time,
      ageMaxMs,
    );
    recording.acquireAt(past).release();
    expect(published).toEqual([past, noSnapshot]);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 53, 4])(
    'of %s, which was not drawn yet, are refused',
    (timestamp) => {
      while (shared.now() < 3) shared.draw();
      expect(() => snapshots.acquireAt(timestamp)).toThrow(/asOf must be a timestamp of this grid.*1 to 3/);
      expect(snapshots.acquireAt(3).timestamp).toBe(3);
    },
  );

  test('of the past below the retention floor are refused, unless somebody else reads as far back', () => {
    for (let i = 0; i < 10; i++) shared.draw();
    shared.raiseRetentionFloor(5);
    expect(() => snapshots.acquireAt(4)).toThrow(SnapshotTooOldError);
    expect(() => snapshots.acquireAt(4)).toThrow('`retentionMs`');
    expect([snapshots.size, shared.oldestSnapshot()]).toEqual([0, 5]);
    shared.publishSnapshot(1, 3);
    expect(snapshots.acquireAt(4).timestamp).toBe(4);
    expect(shared.oldestSnapshot()).toBe(3);
    shared.publishSnapshot(1, noSnapshot);
    expect(shared.oldestSnapshot()).toBe(4);
    expect(snapshots.acquireAt(4).timestamp).toBe(4);
    expect(() => snapshots.acquireAt(3)).toThrow(SnapshotTooOldError);
  });

  test('that are forced out stay readable as far as the retention goes', () => {
    for (let i = 0; i < 10; i++) shared.draw();
    shared.raiseRetentionFloor(5);
    const past = snapshots.acquireAt(6);
    const present = snapshots.acquire();
    time.advance(ageMaxMs);
    expect([snapshots.size, shared.oldestSnapshot()]).toEqual([0, 5]);
    expect(() => past.mustBeReadable()).not.toThrow();
    shared.raiseRetentionFloor(7);
    expect(() => past.mustBeReadable()).toThrow(SnapshotTooOldError);
    expect(() => present.mustBeReadable()).not.toThrow();
    expect(time.timers).toBe(0);
  });

  test('share one timer, which ends when there are none', () => {
    for (let i = 0; i < 10; i++) snapshots.acquire().release();
    expect(time.timers).toBe(1);
    time.advance(ageMaxMs);
    expect(time.timers).toBe(0);
  });
});
