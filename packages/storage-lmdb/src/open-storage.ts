/** The module that a grid imports on its storage thread: an engine in its folder, under its lock. */
import { performance } from 'node:perf_hooks';
import { type OpenStorage, type StorageEngine, TroupeError } from '@troupe/core';
import { writeBackup } from './backup.ts';
import { packState } from './checkpoint/checkpoint-state.ts';
import type { LmdbStore } from './checkpoint/lmdb-store.ts';
import { type Engine, openEngine } from './engine.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { FolderLogFiles } from './log/log-files.ts';
import { segmentsAmong, startLog } from './log/log-recovery.ts';
import { openCheckpoint, stateOf } from './open-checkpoint.ts';
import type { EngineOptions } from './options.ts';
import { failedToOpen } from './storage-errors.ts';
import {
  makeFolder,
  newIdentity,
  readIdentity,
  type StorageIdentity,
  writeIdentity,
} from './storage-folder.ts';

/** `options`: what `lmdb()` has put into its description. */
export const openStorage: OpenStorage = async (options, shape, progress, thread) => {
  const checked = options as EngineOptions;
  const { path } = checked;
  // Before the lock, which would leave its file in the folder of somebody else.
  readIdentity(path);
  await makeFolder(path);
  const lock = await lockFolder(path);
  let store: LmdbStore | undefined;
  try {
    const identity = readIdentity(path) ?? (await begunStorage(path));
    store = openCheckpoint(path, identity, 'write');
    if (!identity.isComplete) await completeStorage(path, identity, store, shape.partitionCount);
    const parts = {
      options: checked,
      id: identity.id,
      isNew: false,
      files: new FolderLogFiles(path, thread),
      store,
      now: () => performance.now(),
      writeBackup,
    };
    return new LockedEngine(await openEngine(parts, shape, progress), lock);
  } catch (error) {
    await store?.close();
    await lock.release();
    throw error instanceof TroupeError ? error : failedToOpen(path, error);
  }
};

async function begunStorage(path: string): Promise<StorageIdentity> {
  const identity = newIdentity();
  await writeIdentity(path, identity);
  return identity;
}

/** Makes what is missing of a storage that never was used. */
async function completeStorage(
  path: string,
  identity: StorageIdentity,
  store: LmdbStore,
  partitionCount: number,
): Promise<void> {
  const { id } = identity;
  store.putState(packState(stateOf(path, store, { id, partitionCount })));
  await store.flushed();
  const files = new FolderLogFiles(path);
  for (const { name } of segmentsAmong(await files.list())) await files.remove(name);
  const { file } = await startLog(files, Buffer.from(id, 'hex'), 0);
  await file.close();
  await writeIdentity(path, { id, isComplete: true });
}

class LockedEngine implements StorageEngine {
  readonly startEpoch: number | undefined;
  readonly lastTimestamp: number;
  readonly tableNumbers: readonly number[];
  readonly #engine: Engine;
  readonly #lock: FolderLock;

  constructor(engine: Engine, lock: FolderLock) {
    this.#engine = engine;
    this.#lock = lock;
    this.startEpoch = engine.startEpoch;
    this.lastTimestamp = engine.lastTimestamp;
    this.tableNumbers = engine.tableNumbers;
  }

  raiseStartEpoch(epoch: number): Promise<void> {
    return this.#engine.raiseStartEpoch(epoch);
  }

  append(commits: Parameters<StorageEngine['append']>[0]): Promise<void> {
    return this.#engine.append(commits);
  }

  readPartition(partition: number): Iterator<Uint8Array> {
    return this.#engine.readPartition(partition);
  }

  backup(path: string): Promise<void> {
    return this.#engine.backup(path);
  }

  async close(): Promise<void> {
    try {
      await this.#engine.close();
    } finally {
      await this.#lock.release();
    }
  }
}
