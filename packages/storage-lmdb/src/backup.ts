/**
 * Makes a storage of its own of a copy of a checkpoint. It is built beside its place and moved there when everything is
 * durable, so a folder with that name is a whole copy or none.
 */
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InvalidArgumentError } from '@troupe/core';
import { type CheckpointState, packState } from './checkpoint/checkpoint-state.ts';
import { LmdbStore } from './checkpoint/lmdb-store.ts';
import { FolderLogFiles, syncFolder } from './log/log-files.ts';
import { startLog } from './log/log-recovery.ts';
import { checkpointName, newIdentity, writeIdentity } from './storage-folder.ts';

/** `copy` writes the file it is given the path of; everything up to `state.foldedSequence` is in it. */
export async function writeBackup(
  path: string,
  copy: (file: string) => Promise<void>,
  state: CheckpointState,
): Promise<void> {
  const target = resolve(path);
  const isThere = await stat(target).then(
    () => true,
    () => false,
  );
  if (isThere) {
    throw new InvalidArgumentError(`path must be a folder that isn't there yet, got ${target}`, {
      details: { argument: 'path' },
    });
  }
  const draft = `${target}.unfinished`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  const identity = { ...newIdentity(), isComplete: true };
  const file = join(draft, checkpointName);
  await copy(file);
  const store = new LmdbStore(file, 'write');
  try {
    // Two storages that go on from here on their own must not take each other's segments for theirs.
    store.putState(packState({ ...state, id: identity.id, flushedSequence: state.foldedSequence }));
    await store.flushed();
  } finally {
    await store.close();
  }
  await syncWhole(file);
  const log = await startLog(
    new FolderLogFiles(draft),
    Buffer.from(identity.id, 'hex'),
    state.foldedSequence,
  );
  await log.file.close();
  await writeIdentity(draft, identity);
  await rename(draft, target);
  await syncFolder(dirname(target));
}

/** LMDB copies without a flush. */
async function syncWhole(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
