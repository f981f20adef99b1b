// Any call of the disk or the store fails: nothing is acknowledged falsely, and after an error of a write or a flush
// nothing is flushed again.
import { SeededRandom, storedCommit } from '@troupe/testkit';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../dist/engine.js';
import { CommitModel, drawChanges, pictures, SimulatedMachine, shape } from './simulated-machine.ts';
import { refusal } from './temporary-storage.ts';

/** Calls that change what is stored. */
const changing = new Set(['write', 'sync', 'truncate', 'create', 'syncFolder', 'store write', 'store flush']);

class FaultRun {
  readonly machine = new SimulatedMachine();
  readonly model = new CommitModel();
  readonly random: SeededRandom;
  acknowledged = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** Sixty commits, some at once, some after another, folded now and then. */
  async load(engine: Engine): Promise<void> {
    const appends: Promise<void>[] = [];
    for (let count = 0; count < 60; count++) {
      const appended = this.append(engine);
      appends.push(appended);
      if (this.random.chance(0.3)) await appended;
    }
    await Promise.all(appends);
  }

  append(engine: Engine): Promise<void> {
    const changes = drawChanges(this.random);
    const timestamp = this.model.add(changes);
    return engine.append([storedCommit(timestamp, changes)]).then(
      () => {
        this.acknowledged = Math.max(this.acknowledged, timestamp);
      },
      () => undefined,
    );
  }

  expectModel(engine: Engine, count: number): void {
    const expected = Array.from({ length: shape.partitionCount }, (_, partition) =>
      this.model.picture(partition, count),
    );
    expect(pictures(engine)).toEqual(expected);
  }
}

describe('the first error', () => {
  it('at each of the first 200 calls ends all writing, and no answered commit is lost', async () => {
    let poisoned = 0;
    for (let failing = 0; failing < 200; failing++) {
      const run = new FaultRun(failing);
      const engine = await run.machine.open();
      let calls = 0;
      let failed: string | undefined;
      const afterwards: string[] = [];
      run.machine.hook = (call) => {
        if (failed !== undefined && changing.has(call)) afterwards.push(call);
        if (calls++ !== failing) return Promise.resolve();
        failed = call;
        return Promise.reject(Object.assign(new Error(`${call} failed`), { code: 'EIO' }));
      };
      await run.load(engine);
      if (failed !== undefined && changing.has(failed)) {
        poisoned++;
        expect(await refusal(engine.append([storedCommit(1e6, [])]))).toMatchObject({
          code: 'STORAGE_FAILED',
        });
        expect(await refusal(engine.raiseStartEpoch(1))).toMatchObject({ code: 'STORAGE_FAILED' });
        expect(afterwards.filter((call) => call === failed)).toEqual([]);
        // Reading goes on.
        pictures(engine);
      }
      if (run.random.chance(0.5)) {
        // What the next process shows has to stay, although a failed flush may have lost it.
        run.machine.crash('kill', () => 0.999);
        run.acknowledged = Math.max(run.acknowledged, (await run.machine.open()).lastTimestamp);
      }
      run.machine.crash('power', () => run.random.next());
      const again = await run.machine.open();
      expect([failing, failed, again.lastTimestamp >= run.acknowledged]).toEqual([failing, failed, true]);
      run.expectModel(again, again.lastTimestamp);
    }
    expect(poisoned).toBeGreaterThan(100);
  });
});

describe('a full disk', () => {
  it('met in the middle of a frame refuses what was in it, and goes on when there is room', async () => {
    const machine = new SimulatedMachine();
    const engine = await machine.open();
    const commit = (timestamp: number, value: string) =>
      storedCommit(timestamp, [{ partition: 0, table: 0, key: `k${timestamp}`, value }]);
    await engine.append([commit(1, 'x')]);
    machine.disk.capacity = 100;
    machine.disk.free = 0;
    expect(await refusal(engine.append([commit(2, 'y'.repeat(500))]))).toMatchObject({
      code: 'STORAGE_FULL',
      retryable: true,
    });
    expect(await refusal(engine.append([commit(3, 'z')]))).toMatchObject({ code: 'STORAGE_FULL' });
    expect(pictures(engine)[0]).toEqual({ '0/k1': 'x@1' });
    machine.disk.capacity = Number.POSITIVE_INFINITY;
    machine.disk.free = Number.POSITIVE_INFINITY;
    machine.passTime(1_000);
    await engine.append([commit(4, 'w')]);
    machine.crash('kill', () => 0.999);
    const again = await machine.open();
    expect(pictures(again)[0]).toEqual({ '0/k1': 'x@1', '0/k4': 'w@4' });
  });

  it('is the end where it can not be cut back, or where the writes have been read', async () => {
    for (const why of ['truncate', 'sync', 'read'] as const) {
      const machine = new SimulatedMachine();
      const engine = await machine.open();
      machine.disk.capacity = 100;
      machine.hook = (call) =>
        call === why ? Promise.reject(Object.assign(new Error('no'), { code: 'EIO' })) : Promise.resolve();
      const commit = storedCommit(1, [{ partition: 0, table: 0, key: 'a', value: 'y'.repeat(500) }]);
      const appended = refusal(engine.append([commit]));
      if (why === 'read') pictures(engine);
      expect(await appended).toMatchObject({ code: 'STORAGE_FAILED' });
      expect(await refusal(engine.append([commit]))).toMatchObject({ code: 'STORAGE_FAILED' });
    }
  });

  it('that comes near refuses writes below the watermark and accepts them above it', async () => {
    const machine = new SimulatedMachine();
    const engine = await machine.open({ freeBytesMin: 1_000 });
    const commit = storedCommit(1, [{ partition: 0, table: 0, key: 'a', value: 'y' }]);
    machine.disk.free = 999;
    expect(await refusal(engine.append([commit]))).toMatchObject({
      code: 'STORAGE_FULL',
      details: { freeBytes: 999, freeBytesMin: 1_000 },
    });
    machine.disk.free = 1_000;
    expect(await refusal(engine.append([commit]))).toMatchObject({ code: 'STORAGE_FULL' });
    machine.passTime(100);
    await engine.append([commit]);
    expect(pictures(engine)[0]).toEqual({ '0/a': 'y@1' });
  });

  it('of a random size never loses an answered commit nor keeps a refused one', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const run = new FaultRun(seed);
      const engine = await run.machine.open({ foldBytes: 1e9, unfoldedBytesMax: 1e10 });
      const kept = new CommitModel();
      for (let timestamp = 1; timestamp <= 40; timestamp++) {
        if (run.random.chance(0.2)) run.machine.disk.capacity = run.random.integer(0, 2_000);
        const changes = drawChanges(run.random);
        const isKept = await engine.append([storedCommit(timestamp, changes)]).then(
          () => true,
          (error: { code: string }) => {
            expect(error.code).toBe('STORAGE_FULL');
            return false;
          },
        );
        // In the model a refused commit changes nothing, and takes its timestamp all the same.
        kept.add(isKept ? changes : []);
        if (!isKept) run.machine.disk.capacity = Number.POSITIVE_INFINITY;
        run.machine.passTime(1_000);
      }
      const expected = Array.from({ length: shape.partitionCount }, (_, partition) =>
        kept.picture(partition),
      );
      expect(pictures(engine)).toEqual(expected);
      run.machine.crash('power', () => run.random.next());
      expect(pictures(await run.machine.open())).toEqual(expected);
    }
  });
});

describe('back-pressure', () => {
  it('lets appends wait while the checkpoint falls behind', async () => {
    const machine = new SimulatedMachine();
    const engine = await machine.open({ foldBytes: 1_000, unfoldedBytesMax: 5_000 });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    machine.store.hook = (call) => (call === 'store write' ? held : Promise.resolve());
    let answered = 0;
    const appends = Array.from({ length: 50 }, (_, index) =>
      engine
        .append([storedCommit(index + 1, [{ partition: 0, table: 0, key: 'a', value: 'v'.repeat(1_000) }])])
        .then(() => answered++),
    );
    // One frame for each: they are handed in one by one, as turns pass.
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    const late = engine.append([storedCommit(51, [{ partition: 0, table: 0, key: 'a', value: 'last' }])]);
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    const before = answered;
    let isLateAnswered = false;
    void late.then(() => {
      isLateAnswered = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isLateAnswered).toBe(false);
    release();
    await Promise.all([...appends, late]);
    expect(before).toBeLessThanOrEqual(50);
    expect(pictures(engine)[0]).toEqual({ '0/a': 'last@51' });
  });
});
