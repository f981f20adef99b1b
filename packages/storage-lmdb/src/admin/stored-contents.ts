/** A storage as the tools see it: under its lock, its log read, and nothing of it changed. */
import type { CheckpointState } from '../checkpoint/checkpoint-state.ts';
import type { LmdbStore } from '../checkpoint/lmdb-store.ts';
import { type FolderLock, lockFolder } from '../folder-lock.ts';
import { FolderLogFiles } from '../log/log-files.ts';
import { type ReadLog, readLog } from '../log/log-recovery.ts';
import { openCheckpoint, stateOf } from '../open-checkpoint.ts';
import { storageError } from '../storage-errors.ts';
import { readIdentity, type StorageIdentity } from '../storage-folder.ts';
import { Unfolded } from '../unfolded.ts';

export interface StoredContents {
  readonly path: string;
  readonly identity: StorageIdentity;
  readonly store: LmdbStore;
  readonly state: CheckpointState;
  /** What the log holds beyond the checkpoint. */
  readonly unfolded: Unfolded;
  readonly tableNames: ReadonlyMap<number, string>;
}

/** Opens the storage at `path` for the time of `action`. Throws StorageError, of every code. */
export async function withContents<T>(
  path: string,
  access: 'read' | 'write',
  action: (contents: StoredContents) => Promise<T>,
): Promise<T> {
  const identity = readIdentity(path);
  if (identity?.isComplete !== true) {
    throw storageError('STORAGE_FOREIGN', path, 'is not one: nothing has been stored there.');
  }
  const lock: FolderLock = await lockFolder(path);
  let store: LmdbStore | undefined;
  try {
    store = openCheckpoint(path, identity, access);
    const state = stateOf(path, store, undefined);
    const tableNames = new Map(Object.entries(state.tables).map(([name, number]) => [number, name]));
    return await action({ path, identity, store, state, unfolded: new Unfolded(), tableNames });
  } finally {
    await store?.close();
    await lock.release();
  }
}

/** Fills `unfolded`. Throws StorageError STORAGE_DAMAGED. */
export function readLogOf({ path, identity, state, unfolded }: StoredContents): Promise<ReadLog> {
  const { foldedSequence, flushedSequence } = state;
  const id = Buffer.from(identity.id, 'hex');
  const files = new FolderLogFiles(path);
  return readLog({ path, id, files, foldedSequence, flushedSequence, unfolded, progress: () => undefined });
}
