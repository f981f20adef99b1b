/** Grids whose data is in LMDB: what the start refuses, and a copy for another number of partitions. */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { type LmdbOptions, lmdb, runStorageCommand } from '@troupe/storage-lmdb';
import type { Grid, GridOptions } from 'troupe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { collect, rejection, start, topologies } from './running-grid.ts';

const url = new URL('./fixtures/kills/definitions.mjs', import.meta.url);
const { accounts, counters, counting, lists, performs } = createRequire(import.meta.url)(
  './fixtures/kills/definitions.mjs',
) as typeof import('./fixtures/kills/definitions.mjs');

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-grid-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function startAt(
  path: string,
  threads: number,
  options: GridOptions = {},
  more: Partial<LmdbOptions> = {},
): Promise<Grid> {
  const storage = lmdb({ path, freeBytesMin: 0, ...more });
  return start(threads, { modules: [url], partitions: 8, storage, ...options });
}

/** A closed storage in which `needle` stands once, folded into the checkpoint or only in the log. */
async function filled(where: 'checkpoint' | 'log'): Promise<string> {
  const path = join(temporaryFolder(), 'grid');
  const grid = await startAt(path, 0);
  await grid.table(lists).set('needle', [1, 2, 3]);
  await grid.table(accounts).set('a', 1);
  const copy = `${path}-copy`;
  // A copy has no log.
  if (where === 'checkpoint') await grid.backup(copy);
  await grid.close();
  return where === 'checkpoint' ? copy : path;
}

/** Flips a bit where the text stands. */
function damage(file: string, text: string): void {
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf(text);
  expect(at).toBeGreaterThan(0);
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.from([(bytes[at] as number) ^ 1]), 0, 1, at);
  closeSync(descriptor);
}

/** Resolves with how many of the threads that `action` starts are left when it has ended. */
async function threadsLeftBy(action: () => Promise<unknown>): Promise<{ started: number; left: number }> {
  let started = 0;
  const alive = new Set<Worker>();
  const count = (worker: Worker): void => {
    started++;
    alive.add(worker);
    worker.once('exit', () => alive.delete(worker));
  };
  process.on('worker', count);
  try {
    await action();
  } finally {
    process.off('worker', count);
  }
  return { started, left: alive.size };
}

describe.each(topologies)('a start %s', (_, threads) => {
  test('is refused where an acknowledged entry is damaged, says which, and leaves no thread behind', async () => {
    const path = await filled('checkpoint');
    damage(join(path, 'checkpoint.mdb'), 'needle');
    const key = Buffer.from('oeedle').toString('hex');
    let error: unknown;
    const { started, left } = await threadsLeftBy(async () => {
      error = await rejection(startAt(path, threads));
    });
    expect(error).toMatchObject({
      code: 'STORAGE_DAMAGED',
      details: {
        path,
        file: 'checkpoint.mdb',
        partition: expect.any(Number),
        table: 'table lists',
        key: expect.stringContaining(key),
      },
    });
    expect((error as Error).message).toContain('table table lists');
    expect([started > 0, left]).toEqual([threads > 0, 0]);
    // Nor does anybody hold the storage: the second answer is the same.
    expect(await rejection(startAt(path, threads))).toMatchObject({ code: 'STORAGE_DAMAGED' });
  });

  test('is refused where an acknowledged commit in the log is damaged, and says where', async () => {
    const path = await filled('log');
    damage(join(path, 'log-0000000000000001'), 'needle');
    let error: unknown;
    const { left } = await threadsLeftBy(async () => {
      error = await rejection(startAt(path, threads));
    });
    expect(error).toMatchObject({
      code: 'STORAGE_DAMAGED',
      details: { file: 'log-0000000000000001', position: expect.any(Number), sequence: expect.any(Number) },
    });
    expect(left).toBe(0);
  });

  test('is refused in a folder that is in use, foreign, too new or of another shape', async () => {
    const path = await filled('log');
    const grid = await startAt(path, threads);
    expect(await rejection(startAt(path, 0))).toMatchObject({
      code: 'STORAGE_IN_USE',
      message: expect.stringContaining(String(process.pid)),
    });
    await grid.close();
    expect(await rejection(startAt(path, threads, { partitions: 4 }))).toMatchObject({
      code: 'STORAGE_SHAPE',
      message: expect.stringMatching(/has 8 partitions and the grid 4.*repartition-storage/),
      details: { stored: 8, wanted: 4 },
    });
    const other = await rejection(startAt(path, threads, { modules: [], definitions: [accounts] }));
    expect(other).toMatchObject({
      code: 'STORAGE_SHAPE',
      details: { tables: ['table counters', 'table lists', 'actor counting', 'reminders counting'] },
    });
    const foreign = temporaryFolder();
    writeFileSync(join(foreign, 'notes.txt'), 'mine');
    expect(await rejection(startAt(foreign, threads))).toMatchObject({ code: 'STORAGE_FOREIGN' });
    const newer = join(temporaryFolder(), 'newer');
    mkdirSync(newer);
    writeFileSync(join(newer, 'storage.json'), '{"kind":"troupe-storage","version":2}');
    expect(await rejection(startAt(newer, threads))).toMatchObject({ code: 'STORAGE_TOO_NEW' });
    expect(await rejection(startAt('/proc/troupe', threads))).toMatchObject({ code: 'STORAGE_NOT_WRITABLE' });
  });
});

describe('a copy for another number of partitions', () => {
  test.each([1, 5, 32])(
    '(%i) has entries, states of actors and answers under idempotency keys',
    async (partitions) => {
      const path = join(temporaryFolder(), 'grid');
      const first = await startAt(path, 2);
      const names = Array.from({ length: 40 }, (_, i) => `name-${i}`);
      await first.table(accounts).setMany(names.map((name, i) => [name, i]));
      for (const name of names.slice(0, 10)) await first.actor(counting, name).add(name.length);
      await first.transaction(() => first.actor(counting, 'joined').add(7));
      // Each has a row in every partition it touches, so in a smaller grid rows of one key meet.
      const add = (grid: Grid, key: string): Promise<unknown> =>
        grid.transaction(
          async (tx) => {
            for (const name of names.slice(0, 12)) await tx.table(counters).increment(name, 1);
            return { sum: await tx.table(counters).get('name-0') };
          },
          { idempotencyKey: key },
        );
      const keys = ['one', 'two', 'three', 'four'];
      for (const key of keys) await add(first, key);
      const appended = await first.runWith(performs, [[['append', 'name-1', 3]]], {
        idempotencyKey: 'procedure',
      });
      await first.close();

      const to = `${path}-${partitions}`;
      const written: string[] = [];
      const output = {
        out: (text: string) => void written.push(text),
        error: (text: string) => void written.push(text),
      };
      const args = [
        'repartition',
        path,
        to,
        '--partitions',
        String(partitions),
        '--module',
        fileURLToPath(url),
      ];
      expect([await runStorageCommand(args, output), written.join('')]).toEqual([
        0,
        expect.stringContaining(`in ${partitions} partitions`),
      ]);

      const second = await startAt(to, 2, { partitions });
      const entries = (await collect(second.table(accounts).entries())).sort(([a], [b]) => (a < b ? -1 : 1));
      expect(entries).toEqual(
        names.map((name, i) => [name, i] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
      );
      for (const name of names.slice(0, 10))
        expect(await second.actor(counting, name).sum()).toBe(name.length);
      expect(await second.actor(counting, 'joined').sum()).toBe(7);
      for (const [i, key] of keys.entries()) expect(await add(second, key)).toEqual({ sum: i + 1 });
      const again = await second.runWith(performs, [[['append', 'name-1', 3]]], {
        idempotencyKey: 'procedure',
      });
      expect(again).toEqual(appended);
      expect(await second.table(lists).get('name-1')).toEqual([3]);
      expect(await add(second, 'five')).toEqual({ sum: 5 });
      await second.close();
      // The storage it was made from is as it was.
      const original = await startAt(path, 0);
      expect(await original.table(counters).get('name-0')).toBe(4);
    },
  );
});
