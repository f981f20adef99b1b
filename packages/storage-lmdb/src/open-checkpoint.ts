/** The checkpoint of a storage, opened. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbStore } from './checkpoint/lmdb-store.ts';
import { damaged } from './storage-errors.ts';
import { checkpointName, type StorageIdentity } from './storage-folder.ts';

/** Throws StorageError STORAGE_DAMAGED. */
export function openCheckpoint(path: string, identity: StorageIdentity, access: 'read' | 'write'): LmdbStore {
  const file = join(path, checkpointName);
  if (identity.isComplete && !existsSync(file)) {
    throw damaged(path, 'the checkpoint is missing', { file: checkpointName });
  }
  try {
    return new LmdbStore(file, access);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw damaged(path, `the checkpoint can't be opened: ${message}`, { file: checkpointName }, cause);
  }
}
