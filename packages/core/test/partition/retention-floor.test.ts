import {
  PartitionStore,
  RetentionFloor,
  type RetentionTime,
  SharedState,
  SnapshotTooOldError,
} from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';

class ManualTime implements RetentionTime {
  running = 0;
  #nowMs = 0;
  #tickMs = 0;
  #action: () => void = () => undefined;

  nowMs(): number {
    return this.#nowMs;
  }

  every(periodMs: number, action: () => void): () => void {
    this.#tickMs = periodMs;
    this.#action = action;
    this.running++;
    return () => {
      this.running--;
    };
  }

  /** Tick by tick. */
  advance(ms: number, eachTick: () => void = () => undefined): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; ) {
      this.#nowMs += this.#tickMs;
      this.#action();
      eachTick();
    }
  }
}

const table = 0;
const retentionMs = 1_600;
const tickMs = 100;
let shared: SharedState;
let store: PartitionStore;
let time: ManualTime;
let floor: RetentionFloor;

beforeEach(() => {
  shared = SharedState.create(1, 2);
  store = new PartitionStore(shared, shared.draw());
  time = new ManualTime();
  floor = new RetentionFloor({ shared, retentionMs, moved: () => void store.prune(1_000), time });
});

function write(key: string, value: unknown): void {
  store.write(table, key, value, shared.draw());
}

describe('the retention floor', () => {
  test('keeps what every timestamp of the retention needs, read or not', () => {
    const seen: { readonly atMs: number; readonly timestamp: number; readonly value: unknown }[] = [];
    let value = 0;
    time.advance(5 * retentionMs, () => {
      value++;
      write('a', value % 7 === 0 ? undefined : value);
      write('b', value);
      seen.push({ atMs: time.nowMs(), timestamp: shared.now(), value: store.read(table, 'a') });
      const young = seen.filter(({ atMs }) => atMs > time.nowMs() - retentionMs);
      expect(young.map(({ timestamp }) => store.readAt(table, 'a', timestamp))).toEqual(
        young.map((moment) => moment.value),
      );
    });
    expect(() => store.readAt(table, 'a', seen[0]?.timestamp ?? 0)).toThrow(SnapshotTooOldError);
    expect(() => store.readAt(table, 'a', seen[0]?.timestamp ?? 0)).toThrow('`retentionMs`');
  });

  test('lets superseded versions go after the retention, while writes go on', () => {
    let most = 0;
    time.advance(20 * retentionMs, () => {
      for (let i = 0; i < 10; i++) write(`key-${i}`, time.nowMs());
      most = Math.max(most, store.supersededCount);
    });
    // Ten for each tick of the retention, of the tick under way, and of one that the floor is behind.
    expect(most).toBeLessThanOrEqual((10 * (retentionMs + 2 * tickMs)) / tickMs);
    expect(most).toBeGreaterThanOrEqual((10 * (retentionMs - tickMs)) / tickMs);
  });

  test('lets them go in a partition that nobody writes to any more', () => {
    for (let i = 0; i < 100; i++) write(`key-${i % 10}`, i);
    for (let i = 0; i < 10; i++) write(`key-${i}`, undefined);
    time.advance(retentionMs - tickMs);
    expect(store.supersededCount).toBe(100);
    time.advance(3 * tickMs);
    expect(store.supersededCount).toBe(0);
    expect(store.size(table)).toBe(0);
    expect(() => store.readAt(table, 'key-1', 50)).toThrow(SnapshotTooOldError);
  });

  test('never goes back, and moves no more when it is stopped', () => {
    const floors: number[] = [];
    time.advance(3 * retentionMs, () => {
      shared.draw();
      floors.push(shared.retentionFloor());
    });
    expect(floors).toEqual([...floors].sort((a, b) => a - b));
    expect(floors.at(-1)).toBeGreaterThan(floors[0] ?? Number.NaN);
    expect(floors.at(-1)).toBe(shared.oldestSnapshot());
    floor.stop();
    expect(time.running).toBe(0);
  });
});
