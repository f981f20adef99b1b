/** The checkpoint of a storage, opened and looked over; what LMDB says of damage, as Troupe says it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StorageError } from '@troupe/core';
import { type CheckpointState, tryUnpackState } from './checkpoint/checkpoint-state.ts';
import { LmdbStore } from './checkpoint/lmdb-store.ts';
import type { OrderedStore } from './checkpoint/ordered-store.ts';
import { countMissing } from './checkpoint/read-partition.ts';
import { damaged, failedToOpen, isOfDisk } from './storage-errors.ts';
import { checkpointName, type StorageIdentity } from './storage-folder.ts';

/** Throws StorageError STORAGE_DAMAGED. */
export function openCheckpoint(path: string, identity: StorageIdentity, access: 'read' | 'write'): LmdbStore {
  const file = join(path, checkpointName);
  if (identity.isComplete && !existsSync(file)) {
    throw damaged(path, 'the checkpoint is missing', { file: checkpointName });
  }
  try {
    return new LmdbStore(file, identity.isComplete ? access : 'create');
  } catch (cause) {
    if (isOfDisk(cause)) throw failedToOpen(path, cause);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw damaged(path, `the checkpoint can't be opened: ${message}`, { file: checkpointName }, cause);
  }
}

/** The state of the checkpoint, or a first one. Throws StorageError STORAGE_DAMAGED. */
export function stateOf(
  path: string,
  store: OrderedStore,
  fresh: { readonly id: string; readonly partitionCount: number } | undefined,
): CheckpointState {
  const bytes = orDamage(path, {}, () => store.getState());
  if (bytes === undefined && fresh !== undefined) {
    const sequences = { foldedSequence: 0, flushedSequence: 0 };
    return { ...fresh, ...sequences, tables: {}, nextTable: 0, startEpoch: undefined, lastTimestamp: 0 };
  }
  const state = bytes === undefined ? undefined : tryUnpackState(bytes);
  if (state === undefined)
    throw damaged(path, 'the state of the checkpoint is unreadable', { file: checkpointName });
  return state;
}

/** Throws StorageError STORAGE_DAMAGED unless every entry can be reached. */
export function checkStructure(path: string, store: OrderedStore, partitionCount: number): void {
  const missing = orDamage(path, {}, () => countMissing(store, partitionCount));
  if (missing === 0) return;
  throw damaged(path, `${Math.abs(missing)} entries are ${missing > 0 ? 'missing' : 'too many'}`, {
    file: checkpointName,
  });
}

/** What reading a partition throws is damage. */
export function* pagesOrDamage(
  path: string,
  partition: number,
  pages: Iterator<Uint8Array>,
): Generator<Uint8Array, void, undefined> {
  for (;;) {
    const page = orDamage(path, { partition }, () => pages.next());
    if (page.done === true) return;
    yield page.value;
  }
}

/** LMDB throws errors of its own where a page makes no sense. */
function orDamage<T>(path: string, place: { readonly partition?: number }, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    if (isOfDisk(cause)) throw failedToOpen(path, cause);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw damaged(path, `LMDB can't read it: ${message}`, { file: checkpointName, ...place }, cause);
  }
}
