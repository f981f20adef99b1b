import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { StorageEngine } from '@troupe/core';
import { lmdb } from '@troupe/storage-lmdb';
import { pictureOf, readPicture, storageEngineCases, storedCommit } from '@troupe/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SimulatedMachine } from './simulated-machine.ts';
import { openAt, refusal, shape, temporaryFolder } from './temporary-storage.ts';

describe('the engine on LMDB', () => {
  it.each(storageEngineCases)('$title', async (engineCase) => {
    const path = join(temporaryFolder(), 'grid');
    await engineCase.run((wanted) => openAt(path, wanted));
  });

  it.each(storageEngineCases)('folding all the time: $title', async (engineCase) => {
    const path = join(temporaryFolder(), 'grid');
    await engineCase.run((wanted) => openAt(path, wanted, { foldBytes: 1 }));
  });

  it('keeps the log short and every entry while it folds', async () => {
    const path = temporaryFolder();
    const engine = await openAt(path, shape, { foldBytes: 100_000, unfoldedBytesMax: 400_000 });
    closeAfterwards(engine);
    const value = randomBytes(50_000).toString('hex');
    const appends = Array.from({ length: 600 }, (_, index) =>
      engine.append([storedCommit(index + 1, [{ partition: 0, table: 0, key: `k${index % 100}`, value }])]),
    );
    await Promise.all(appends);
    // 60 MB were written; four segments of 16 MB would be all of it.
    expect(readdirSync(path).filter((name) => name.startsWith('log-')).length).toBeLessThanOrEqual(2);
    const picture = readPicture(engine, 0);
    expect(Object.keys(picture)).toHaveLength(100);
    expect(picture['0/k7']).toBe(`${value}@508`);
  });

  it('flushes what waits in the port of its thread together', async () => {
    const machine = new SimulatedMachine();
    const engine = await machine.open();
    let flushes = 0;
    machine.hook = (call) => {
      if (call === 'sync') flushes++;
      return Promise.resolve();
    };
    const { port1, port2 } = new MessageChannel();
    const appends: Promise<void>[] = [];
    const allCame = new Promise<void>((resolve) => {
      port2.on('message', (timestamp: number) => {
        const change = { partition: 0, table: 0, key: `k${timestamp}`, value: 'x' };
        appends.push(engine.append([storedCommit(timestamp, [change])]));
        if (appends.length === 20) resolve();
      });
    });
    for (let timestamp = 1; timestamp <= 20; timestamp++) port1.postMessage(timestamp);
    await allCame;
    port1.close();
    await Promise.all(appends);
    // The first needs no company; the others came while it was flushed.
    expect(flushes).toBe(2);
  });

  it('reads a partition rightly while it is folded under the reader', async () => {
    const path = temporaryFolder();
    let timestamp = 0;
    const fill = (engine: StorageEngine, from: number, to: number, value: string): Promise<void> =>
      engine.append(
        Array.from({ length: to - from }, (_, index) =>
          storedCommit(++timestamp, [
            { partition: 1, table: 0, key: `k${String(from + index).padStart(5, '0')}`, value },
          ]),
        ),
      );
    const first = await openAt(path);
    await fill(first, 0, 3_000, 'old'.repeat(200));
    await first.append([storedCommit(++timestamp, [{ partition: 1, table: 1, key: 'gone', value: 'x' }])]);
    await first.backup(join(path, '..', `${path}-copy`));
    await first.close();
    const engine = await openAt(path);
    closeAfterwards(engine);
    await fill(engine, 1_000, 1_500, 'new');
    await fill(engine, 3_000, 3_100, 'new');
    await engine.append([storedCommit(++timestamp, [{ partition: 1, table: 1 }])]);
    const expected = readPicture(engine, 1);
    expect(Object.keys(expected)).toHaveLength(3_100);
    const pages: Uint8Array[] = [];
    const reading = engine.readPartition(1);
    for (let page = reading.next(); page.done !== true; page = reading.next()) {
      pages.push(page.value);
      if (pages.length !== 2) continue;
      // Folds everything, between two pages.
      await engine.backup(`${path}-copy2`);
      await engine.append([
        storedCommit(++timestamp, [{ partition: 0, table: 0, key: 'other', value: 'x' }]),
      ]);
    }
    expect(pages.length).toBeGreaterThan(4);
    expect(pictureOf(pages)).toEqual(expected);
  });

  it('makes a backup of one moment while commits go on, and the copy is a storage of its own', async () => {
    const folder = temporaryFolder();
    const engine = await openAt(join(folder, 'grid'));
    closeAfterwards(engine);
    await engine.raiseStartEpoch(3);
    let isDone = false;
    let timestamp = 0;
    // Every commit writes the same to two partitions, so a copy of two moments would show.
    const writing = (async () => {
      while (!isDone) {
        const value = String(++timestamp);
        await engine.append([
          storedCommit(timestamp, [
            { partition: 0, table: 0, key: 'a', value },
            { partition: 2, table: 0, key: `a${timestamp}`, value },
          ]),
        ]);
        // A lone commit is flushed in place, so nothing else would get a turn.
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await engine.append([storedCommit(0.5, [{ partition: 1, table: 1, key: 'b', value: 'x' }])]);
    await engine.backup(join(folder, 'copy'));
    isDone = true;
    await writing;
    const copy = await openAt(join(folder, 'copy'));
    closeAfterwards(copy);
    expect(copy.startEpoch).toBe(3);
    const last = copy.lastTimestamp;
    expect(readPicture(copy, 0)).toEqual({ '0/a': `${last}@${last}` });
    expect(Object.keys(readPicture(copy, 2))).toHaveLength(last);
    expect(readPicture(copy, 1)).toEqual({ '1/b': 'x@0.5' });
    await copy.append([storedCommit(1e6, [{ partition: 0, table: 0, key: 'a', value: 'copy' }])]);
    expect(readPicture(engine, 0)).not.toEqual(readPicture(copy, 0));
    expect(await refusal(engine.backup(join(folder, 'copy')))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('lmdb()', () => {
  it.each([
    [{}, 'path'],
    [{ path: '' }, 'path'],
    [{ path: 'x', foldBytes: 0 }, 'foldBytes'],
    [{ path: 'x', foldMs: Number.NaN }, 'foldMs'],
    [{ path: 'x', foldBytes: 100, unfoldedBytesMax: 199 }, 'unfoldedBytesMax'],
    [{ path: 'x', freeBytesMin: -1 }, 'freeBytesMin'],
    [{ path: 'x', dropTables: 'a' }, 'dropTables'],
    [{ path: 'x', dropTables: [''] }, 'dropTables'],
    [{ path: 'x', foldbytes: 5 }, 'foldBytes'],
  ])('refuses %j by name', (options, argument) => {
    expect(() => lmdb(options as { path: string })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(argument) }),
    );
  });

  it('describes a storage that survives a structured clone', () => {
    const storage = lmdb({ path: 'x' });
    expect(structuredClone(storage)).toEqual(storage);
    expect(storage).toMatchObject({ kind: 'storage', name: 'lmdb' });
  });
});

function closeAfterwards(engine: StorageEngine): void {
  onTestFinished(() => engine.close());
}
