/** The engine of @troupe/storage-lmdb by itself: appends, and the start after a load. */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import {
  type OpenStorage,
  type StorageEngine,
  type StoredCommit,
  StoredWriter,
  walkStoredPage,
} from '@troupe/core';
import { lmdb } from '@troupe/storage-lmdb';
import { measurePipelined } from '../measuring/pipelined.ts';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';
import { mustEqual } from './entries.ts';
import { inTemporaryFolder, randomBelow } from './raw-storage.ts';

const partitionCount = 64;
const value = Buffer.alloc(100, 7);
const check = (): void => undefined;

export function measureIdleAppend(params: Params): Promise<Sample> {
  return inTemporaryFolder(async (folder) => {
    const engine = await opened(folder);
    const commits = new CommitMaker();
    const call = (n: number): Promise<void> => engine.append([commits.make(n % params.keyCount)]);
    const sample = await measureSequential({ call, check }, params);
    await engine.close();
    await mustHave(folder, commits.count);
    return sample;
  });
}

export function measurePipelinedAppend(params: Params): Promise<Sample> {
  return inTemporaryFolder(async (folder) => {
    const engine = await opened(folder);
    const commits = new CommitMaker();
    const call = (): Promise<void> => engine.append([commits.make(randomBelow(params.keyCount))]);
    const before = residentMb();
    const sample = await measurePipelined({ call, check }, params);
    const after = residentMb();
    await engine.close();
    await mustHave(folder, commits.count);
    const extra = { 'memory at the start, MB': before, 'memory at the end, MB': after };
    return { ...sample, extra: { ...sample.extra, ...extra } };
  });
}

export function measureRecovery({ loadEntries }: Params): Promise<Sample> {
  return inTemporaryFolder(async (folder) => {
    const first = await opened(folder);
    const commits = new CommitMaker();
    const batchLength = 1_000;
    for (let from = 0; from < loadEntries; from += batchLength) {
      const count = Math.min(batchLength, loadEntries - from);
      await first.append(Array.from({ length: count }, (_, index) => commits.make(from + index)));
    }
    await first.close();
    const before = performance.now();
    const engine = await opened(folder);
    const openMs = performance.now() - before;
    let entries = 0;
    for (let partition = 0; partition < partitionCount; partition++) {
      const pages = engine.readPartition(partition);
      for (let page = pages.next(); page.done !== true; page = pages.next()) {
        walkStoredPage(page.value, { entry: () => entries++ });
      }
    }
    const seconds = (performance.now() - before) / 1_000;
    await engine.close();
    mustEqual(entries, loadEntries, 'the number of entries that came back');
    return { value: entries / seconds, extra: { 'seconds in all': seconds, 'to open, ms': openMs } };
  });
}

/** Timestamps count the commits, so the last one says that all are there. */
async function mustHave(folder: string, count: number): Promise<void> {
  const engine = await opened(folder);
  mustEqual(engine.lastTimestamp, count, 'the number of commits that were kept');
  await engine.close();
}

async function opened(folder: string): Promise<StorageEngine> {
  const { options, module } = lmdb({ path: join(folder, 'grid'), freeBytesMin: 0 });
  const { openStorage } = (await import(module)) as { openStorage: OpenStorage };
  return openStorage(options, { partitionCount, tables: ['table'] }, () => undefined, 'own');
}

/** Commits of one entry, as a host would hand them on. */
class CommitMaker {
  readonly #writer = new StoredWriter();
  readonly #key = Buffer.alloc(8);
  #timestamp = 0;

  get count(): number {
    return this.#timestamp;
  }

  make(key: number): StoredCommit {
    this.#key.writeDoubleBE(key);
    this.#writer.begin([]);
    this.#writer.entry(0, this.#key, value);
    const timestamp = ++this.#timestamp;
    return { id: timestamp, timestamp, parts: [key % partitionCount, 1, this.#writer.take(), 0] };
  }
}

function residentMb(): number {
  return Math.round(process.memoryUsage.rss() / 1e6);
}
