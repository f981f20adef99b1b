import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StorageEngine } from '@troupe/core';
import { inspectStorage, repairStorage, repartitionStorage, runStorageCommand } from '@troupe/storage-lmdb';
import { readPicture, storedCommit } from '@troupe/testkit';
import { describe, expect, it } from 'vitest';
import { moveEntries } from '../dist/admin/repartition.js';
import { openAt, refusal, shape, temporaryFolder } from './temporary-storage.ts';

const segment = 'log-0000000000000001';

/** Six entries: half of them folded, half only in the log. */
async function filled(path: string): Promise<void> {
  const engine = await openAt(path);
  await engine.raiseStartEpoch(2);
  await put(engine, 1, 0, 'a', 'folded');
  await put(engine, 2, 1, 'needle', 'haystack');
  await put(engine, 3, 2, 'c', 'folded');
  await engine.backup(`${path}-backup`);
  await put(engine, 4, 0, 'd', 'logged');
  await put(engine, 5, 1, 'e', 'logged');
  await put(engine, 6, 2, 'f', 'logged');
  await engine.close();
}

function put(
  engine: StorageEngine,
  timestamp: number,
  partition: number,
  key: string,
  value: string,
): Promise<void> {
  return engine.append([storedCommit(timestamp, [{ partition, table: 0, key, value }])]);
}

function overwrite(file: string, position: number, bytes: Uint8Array): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, bytes, 0, bytes.byteLength, position);
  closeSync(descriptor);
}

/** Flips a bit of the value that stands in a file. */
function damage(file: string, text: string): void {
  const bytes = readFileSync(file);
  const at = bytes.lastIndexOf(text);
  expect(at).toBeGreaterThan(0);
  overwrite(file, at, Buffer.from([(bytes[at] as number) ^ 1]));
}

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const write = (text: string): void => {
    output += text;
  };
  return { code: await runStorageCommand(args, { out: write, error: write }), output };
}

describe('inspect', () => {
  it('tells tables, partitions and counts, and changes nothing', async () => {
    const path = join(temporaryFolder(), 'grid');
    await filled(path);
    const before = contentsOf(path);
    expect(await inspectStorage(path)).toMatchObject({
      version: 1,
      partitionCount: 3,
      tables: [
        { name: 'table one', entries: 6 },
        { name: 'table two', entries: 0 },
      ],
      partitions: [2, 2, 2],
      startEpoch: 2,
      foldedSequence: 3,
      lastSequence: 6,
      lastTimestamp: 6,
      damages: [],
    });
    expect(contentsOf(path)).toEqual(before);
    const { code, output } = await run('inspect', path);
    expect(code).toBe(0);
    expect(output).toContain('table one: 6 entries');
    expect(JSON.parse((await run('inspect', path, '--json')).output)).toMatchObject({ lastSequence: 6 });
  });

  it('names the partition, table and key of a damaged entry, and ends with 1', async () => {
    const path = join(temporaryFolder(), 'grid');
    await filled(path);
    damage(join(path, 'checkpoint.mdb'), 'haystack');
    const { code, output } = await run('inspect', path);
    expect(code).toBe(1);
    expect(output).toContain(
      `partition 1, table table one: the entry of key ${Buffer.from('needle').toString('hex')}`,
    );
    const engine = await openAt(path);
    expect(() => readPicture(engine, 1)).toThrow(
      expect.objectContaining({
        code: 'STORAGE_DAMAGED',
        details: expect.objectContaining({ partition: 1, table: 'table one' }),
      }),
    );
    expect(Object.keys(readPicture(engine, 0))).toHaveLength(2);
    await engine.close();
  });

  it('tells damage of the log, and what is no storage', async () => {
    const path = join(temporaryFolder(), 'grid');
    await filled(path);
    damage(join(path, segment), 'logged');
    const { code, output } = await run('inspect', path);
    expect(code).toBe(1);
    expect(output).toContain(segment);
    expect(await run('inspect', temporaryFolder())).toMatchObject({
      code: 1,
      output: expect.stringContaining('STORAGE_FOREIGN'),
    });
  });

  it('refuses a storage in use', async () => {
    const path = join(temporaryFolder(), 'grid');
    const engine = await openAt(path);
    expect(await refusal(inspectStorage(path))).toMatchObject({ code: 'STORAGE_IN_USE' });
    await engine.close();
  });
});

describe('repair', () => {
  it('drops what is damaged, says what it was, and the rest opens again', async () => {
    const path = join(temporaryFolder(), 'grid');
    await filled(path);
    damage(join(path, 'checkpoint.mdb'), 'haystack');
    const bytes = readFileSync(join(path, segment));
    const at = bytes.indexOf('logged');
    overwrite(join(path, segment), at, Buffer.from('x'));
    expect(await refusal(openAt(path))).toMatchObject({ code: 'STORAGE_DAMAGED', details: { sequence: 4 } });
    expect(await repairStorage(path)).toEqual({
      droppedEntries: [{ partition: 1, table: 'table one', key: Buffer.from('needle').toString('hex') }],
      droppedFrames: [4],
      keptFiles: [`repaired-${segment}`],
    });
    const engine = await openAt(path);
    expect(readPicture(engine, 0)).toEqual({ '0/a': 'folded@1' });
    expect(readPicture(engine, 1)).toEqual({ '0/e': 'logged@5' });
    expect(readPicture(engine, 2)).toEqual({ '0/c': 'folded@3', '0/f': 'logged@6' });
    await put(engine, 7, 0, 'g', 'new');
    await engine.close();
    expect(await inspectStorage(path)).toMatchObject({ damages: [], lastTimestamp: 7 });
  });
});

describe('repartition', () => {
  it('makes a copy with every entry where the function says, and leaves the storage as it is', async () => {
    const path = join(temporaryFolder(), 'grid');
    const to = `${path}-5`;
    await filled(path);
    const before = contentsOf(path);
    const partitionOf = (table: string, key: Uint8Array): number =>
      table === 'table one' ? (key[0] as number) % 5 : 0;
    expect(await moveEntries({ from: path, to, partitionCount: 5, partitionOf })).toBe(6);
    expect(contentsOf(path)).toEqual(before);
    expect(await refusal(openAt(to))).toMatchObject({ code: 'STORAGE_SHAPE' });
    const engine = await openAt(to, { ...shape, partitionCount: 5 });
    expect(engine.startEpoch).toBe(2);
    expect(engine.lastTimestamp).toBe(6);
    const keys = Array.from({ length: 5 }, (_, partition) =>
      Object.keys(readPicture(engine, partition)).sort(),
    );
    expect(keys).toEqual(
      [['0/d', '0/needle'], ['0/e'], ['0/a', '0/f'], [], ['0/c']].map((list) => list.sort()),
    );
    await engine.close();
  });

  it('keeps the newer of two entries that meet', async () => {
    const path = join(temporaryFolder(), 'grid');
    const engine = await openAt(path);
    await put(engine, 1, 2, 'a', 'old');
    await put(engine, 2, 0, 'a', 'new');
    await put(engine, 3, 1, 'a', 'newest');
    await engine.close();
    await moveEntries({ from: path, to: `${path}-1`, partitionCount: 1, partitionOf: () => 0 });
    const copy = await openAt(`${path}-1`, { ...shape, partitionCount: 1 });
    expect(readPicture(copy, 0)).toEqual({ '0/a': 'newest@3' });
    await copy.close();
  });

  it('refuses a function that names no partition, and a damaged storage, and leaves no copy', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'grid');
    await filled(path);
    const to = join(folder, 'copy');
    const wrong = moveEntries({ from: path, to, partitionCount: 2, partitionOf: () => 2 });
    expect(await refusal(wrong)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    damage(join(path, segment), 'logged');
    const broken = moveEntries({ from: path, to, partitionCount: 2, partitionOf: () => 1 });
    expect(await refusal(broken)).toMatchObject({ code: 'STORAGE_DAMAGED' });
    expect(readdirSync(folder)).not.toContain('copy');
  });

  it('is a command that is told the modules of the grid', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'grid');
    await filled(path);
    const args = ['repartition', path, `${path}-2`, '--partitions', '2'];
    const file = join(folder, 'tables.mjs');
    writeFileSync(file, 'export const nothing = 1;');
    // The storage knows tables by names that no grid gives.
    expect(await run(...args, '--module', file)).toMatchObject({
      code: 1,
      output: expect.stringContaining("INVALID_ARGUMENT: the storage holds data of 'table one'"),
    });
    expect(await run(...args, '--module', `${file}-not-there.mjs`)).toMatchObject({
      code: 1,
      output: expect.stringContaining('MODULE_LOAD_FAILED'),
    });
    expect(readdirSync(folder)).not.toContain('grid-2');
    expect(await run(...args)).toMatchObject({ code: 2, output: expect.stringContaining('Usage') });
    expect(
      await refusal(repartitionStorage({ from: path, to: `${path}-2`, partitionCount: 2, modules: [] })),
    ).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('the command', () => {
  it('says how it is used', async () => {
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining('Usage') });
    expect(await run('inspect', 'x', '--jsn')).toMatchObject({
      code: 2,
      output: expect.stringContaining('Usage'),
    });
    expect(await run('--help')).toMatchObject({ code: 0, output: expect.stringContaining('repartition') });
  });

  it('is a program', async () => {
    const path = join(temporaryFolder(), 'grid');
    await filled(path);
    const program = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [program, 'inspect', path], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('Every record is sound.')]);
  });
});

function contentsOf(path: string): Record<string, string> {
  const names = readdirSync(path).filter((name) => !name.startsWith('lock') && !name.endsWith('-lock'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name)).toString('base64')]));
}
