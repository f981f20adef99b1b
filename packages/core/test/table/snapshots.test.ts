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

  test('share one timer, which ends when there are none', () => {
    for (let i = 0; i < 10; i++) snapshots.acquire().release();
    expect(time.timers).toBe(1);
    time.advance(ageMaxMs);
    expect(time.timers).toBe(0);
  });
});
