import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readPicture, storedCommit } from '@troupe/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFolder } from '../dist/folder-lock.js';
import { openAt, refusal, shape, temporaryFolder } from './temporary-storage.ts';

const holder = new URL('./fixtures/hold-storage.mjs', import.meta.url);

describe('a folder', () => {
  it('that is there and empty, or not there yet, becomes a storage', async () => {
    const path = join(temporaryFolder(), 'a', 'b');
    await (await openAt(path)).close();
    expect(existsSync(join(path, 'storage.json'))).toBe(true);
    await (await openAt(temporaryFolder())).close();
  });

  it('with files of others is refused and left as it was', async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'notes.txt'), 'mine');
    expect(await refusal(openAt(path))).toMatchObject({
      code: 'STORAGE_FOREIGN',
      message: expect.stringContaining('notes.txt'),
      details: { path },
    });
    expect(readdirSync(path)).toEqual(['notes.txt']);
    writeFileSync(join(path, 'storage.json'), '{"kind":"something"}');
    expect(await refusal(openAt(path))).toMatchObject({ code: 'STORAGE_FOREIGN' });
  });

  it('that is a file is refused', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    expect(await refusal(openAt(path))).toMatchObject({ code: 'STORAGE_FOREIGN' });
    expect(await refusal(openAt(join(path, 'below')))).toMatchObject({ code: 'STORAGE_FOREIGN' });
  });

  it('of a newer format is refused with both versions', async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'storage.json'), '{"kind":"troupe-storage","version":2,"new":"things"}');
    expect(await refusal(openAt(path))).toMatchObject({
      code: 'STORAGE_TOO_NEW',
      details: { version: 2, versionMax: 1 },
    });
  });

  it.skipIf(process.getuid?.() === 0)('that is not writable is refused', async () => {
    const path = temporaryFolder();
    chmodSync(path, 0o500);
    expect(await refusal(openAt(path))).toMatchObject({ code: 'STORAGE_NOT_WRITABLE' });
    chmodSync(path, 0o700);
  });

  it('below a system folder that takes no files is refused', async () => {
    expect(await refusal(openAt('/proc/troupe'))).toMatchObject({ code: 'STORAGE_NOT_WRITABLE' });
  });

  it('whose making was interrupted is made anew', async () => {
    const path = temporaryFolder();
    const id = '0'.repeat(32);
    writeFileSync(
      join(path, 'storage.json'),
      JSON.stringify({ kind: 'troupe-storage', version: 1, id, isComplete: false }),
    );
    writeFileSync(join(path, 'log-0000000000000001'), 'TRP');
    await (await openAt(path)).close();
    await (await openAt(path)).close();
  });

  it.each(['checkpoint.mdb', 'log-0000000000000001'])(
    'of a storage without its %s is damaged',
    async (name) => {
      const path = temporaryFolder();
      await (await openAt(path)).close();
      rmSync(join(path, name));
      expect(await refusal(openAt(path))).toMatchObject({ code: 'STORAGE_DAMAGED' });
    },
  );

  it('with a checkpoint that is too short is damaged', async () => {
    const path = temporaryFolder();
    const engine = await openAt(path, shape, { foldBytes: 1 });
    await engine.append([
      storedCommit(1, [{ partition: 0, table: 0, key: 'a', value: 'v'.repeat(100_000) }]),
    ]);
    await engine.backup(`${path}-copy`);
    await engine.close();
    const file = join(path, 'checkpoint.mdb');
    writeFileSync(file, readFileSync(file).subarray(0, 16_384));
    expect(await refusal(openAt(path))).toMatchObject({ code: 'STORAGE_DAMAGED' });
  });
});

describe('the shape', () => {
  it('must have as many partitions', async () => {
    const path = temporaryFolder();
    await (await openAt(path)).close();
    expect(await refusal(openAt(path, { ...shape, partitionCount: 4 }))).toMatchObject({
      code: 'STORAGE_SHAPE',
      message: expect.stringContaining('repartition'),
      details: { stored: 3, wanted: 4 },
    });
  });

  it('must have the stored tables, unless they are given up; their numbers are never used again', async () => {
    const path = temporaryFolder();
    const first = await openAt(path);
    const [one, two] = first.tableNumbers as [number, number];
    await first.append([
      storedCommit(1, [
        { partition: 0, table: one, key: 'a', value: 'x' },
        { partition: 0, table: two, key: 'a', value: 'y' },
      ]),
    ]);
    await first.close();
    const only = { partitionCount: 3, tables: ['table one'] };
    expect(await refusal(openAt(path, only))).toMatchObject({
      code: 'STORAGE_SHAPE',
      details: { tables: ['table two'] },
    });
    const without = await openAt(path, only, { dropTables: ['table two'] });
    expect(readPicture(without, 0)).toEqual({ [`${one}/a`]: 'x@1' });
    await without.close();
    const again = await openAt(path);
    expect(again.tableNumbers).toEqual([one, two + 1]);
    expect(readPicture(again, 0)).toEqual({ [`${one}/a`]: 'x@1' });
    await again.close();
  });
});

describe('a storage in use', () => {
  it('by another process is refused, with its number, until that ends, however it ends', async () => {
    const path = temporaryFolder();
    const child = await startHolder(path);
    expect(await refusal(openAt(path))).toMatchObject({
      code: 'STORAGE_IN_USE',
      message: expect.stringContaining(`process ${child.pid}`),
    });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    await (await openAt(path)).close();
  });

  it('by another thread, or this one, is refused', async () => {
    const path = temporaryFolder();
    const worker = new Worker(holder, { argv: [path] });
    await new Promise((resolve) => worker.once('message', resolve));
    expect(await refusal(openAt(path))).toMatchObject({
      code: 'STORAGE_IN_USE',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    worker.postMessage('close');
    await new Promise((resolve) => worker.once('exit', resolve));
    const engine = await openAt(path);
    expect(await refusal(openAt(path))).toMatchObject({ code: 'STORAGE_IN_USE' });
    await engine.close();
  });

  it('is opened by one of many that start at once', async () => {
    const path = join(temporaryFolder(), 'grid');
    const opened = await Promise.allSettled(Array.from({ length: 6 }, () => openAt(path)));
    const winners = opened.filter(({ status }) => status === 'fulfilled');
    expect(winners).toHaveLength(1);
    for (const result of opened) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'STORAGE_IN_USE' });
      else await result.value.close();
    }
  });

  it.runIf(process.platform === 'linux')('is refused as well where there is no program `flock`', async () => {
    const path = temporaryFolder();
    mkdirSync(path, { recursive: true });
    const lock = await lockFolder(path, 'no-such-flock');
    expect(await refusal(lockFolder(path, 'no-such-flock'))).toMatchObject({ code: 'STORAGE_IN_USE' });
    await lock.release();
    await (await lockFolder(path, 'no-such-flock')).release();
  });
});

function startHolder(path: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [holder.pathname, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error('the process ended')));
    child.stdout.once('data', () => resolve(child));
  });
}
