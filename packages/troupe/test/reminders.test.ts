/** Reminders on real threads: what they outlive, and when they come. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lmdb } from '@troupe/storage-lmdb';
import type { Grid } from 'troupe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tryingStorage } from './fixtures/trying-storage.mjs';
import { eventually, rejection, start, topologies } from './running-grid.ts';

const url = new URL('./fixtures/reminded.mjs', import.meta.url);
const { reminded } = createRequire(import.meta.url)(
  './fixtures/reminded.mjs',
) as typeof import('./fixtures/reminded.mjs');

const options = { modules: [url], partitions: 4 };
const keys = ['a', 'b', 'c', 'd'];
const hourMs = 3_600_000;

/** Resolves when the log of each actor is this. */
const logsAre = (grid: Grid, log: readonly string[]) =>
  Promise.all(
    keys.map((key) => eventually(async () => expect(await grid.actor(reminded, key).log()).toEqual(log))),
  );

const killAll = async (grid: Grid): Promise<void> => {
  await Promise.all(grid.hosts().map(({ host }) => grid.terminateHost(host)));
};

describe.each(topologies)('a reminder, %s,', (_, threads) => {
  test('comes when its actor is passive, with what was sent', async () => {
    const grid = await start(threads, options);
    for (const key of keys) {
      await grid.actor(reminded, key).set('x', { atMs: Date.now() + 30 }, 'word');
      await grid.actor(reminded, key).leave();
    }
    await logsAre(grid, ['x', 'word']);
    expect(await grid.actor(reminded, 'a').left()).toBe(1);
  });

  test('comes by the calendar of a time zone', async () => {
    const grid = await start(threads, options);
    await grid.actor(reminded, 'a').set('x', { cron: '* * * * * *', timezone: 'Asia/Tokyo' });
    await eventually(async () => expect(await grid.actor(reminded, 'a').log()).toContain('x'));
    const one = grid.actor(reminded, 'a');
    for (const [cron, timezone] of [
      ['61 * * * *', undefined],
      ['* * * * *', 'Nowhere/Land'],
      ['0 0 1 1 * 1999', undefined],
    ] as const)
      expect(await rejection(one.set('x', { cron, ...(timezone && { timezone }) }))).toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
  });

  test('can not be set in a transaction', async () => {
    const grid = await start(threads, options);
    expect(await rejection(grid.actor(reminded, 'a').inTransaction('b'))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

describe('with backups: 1 a reminder', () => {
  test('outlives the death of the thread, and what was missed comes once', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    for (const key of keys) {
      await grid.actor(reminded, key).set('far', { everyMs: hourMs });
      await grid.actor(reminded, key).set('gone', { atMs: Date.now() + hourMs });
      expect(await grid.actor(reminded, key).clear('gone')).toBe(true);
    }
    // Due while nobody is there, or shortly after.
    const dueMs = Date.now() + 100;
    await Promise.all(keys.map((key) => grid.actor(reminded, key).set('x', { atMs: dueMs })));
    await killAll(grid);
    await logsAre(grid, ['x']);
    // Waits for the same record, so behind the change that takes out what has come.
    for (const key of keys) expect(await grid.actor(reminded, key).clear('not there')).toBe(false);
    // What has come is no more: a further death brings nothing back.
    await killAll(grid);
    await logsAre(grid, ['x']);
    expect(await grid.actor(reminded, 'a').clear('x')).toBe(false);
    expect(await grid.actor(reminded, 'a').clear('far')).toBe(true);
  });

  test('is one of many that were set at once', async () => {
    const grid = await start(2, { ...options, backups: 1 });
    await grid.actor(reminded, 'a').setMany(100, { atMs: Date.now() + hourMs });
    await killAll(grid);
    expect(await rejection(grid.actor(reminded, 'a').set('one more', { everyMs: hourMs }))).toMatchObject({
      code: 'QUEUE_FULL',
    });
    expect(await grid.actor(reminded, 'a').clear('r99')).toBe(true);
    await grid.actor(reminded, 'a').set('one more', { everyMs: hourMs });
  });
});

describe('with storage a reminder', () => {
  test('outlives the process, and one that was due meanwhile comes once, at the start', async () => {
    const path = await mkdtemp(join(tmpdir(), 'troupe-reminders-'));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    const first = await start(1, { ...options, storage: lmdb({ path: join(path, 'store') }) });
    const dueMs = Date.now() + 300;
    for (const key of keys) await first.actor(reminded, key).set('x', { atMs: dueMs });
    await first.close();
    await eventually(() => Promise.resolve(expect(Date.now()).toBeGreaterThan(dueMs)));
    const second = await start(1, { ...options, storage: lmdb({ path: join(path, 'store') }) });
    await logsAre(second, ['x']);
  });

  test('that can not be kept is not set, and its caller is told', async () => {
    const trying = tryingStorage();
    const grid = await start(1, { ...options, storage: trying.storage });
    await grid.actor(reminded, 'a').set('kept', { atMs: Date.now() + hourMs });
    trying.break('full');
    expect(await rejection(grid.actor(reminded, 'a').set('lost', { atMs: 0 }))).toMatchObject({
      code: 'STORAGE_FULL',
    });
    trying.break('none');
    expect(await grid.actor(reminded, 'a').clear('lost')).toBe(false);
    expect(await grid.actor(reminded, 'a').clear('kept')).toBe(true);
    expect(await grid.actor(reminded, 'a').log()).toEqual([]);
  });
});
