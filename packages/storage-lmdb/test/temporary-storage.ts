/** Storages in folders that go when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageEngine, StorageShape } from '@troupe/core';
import { type LmdbOptions, lmdb } from '@troupe/storage-lmdb';
import { onTestFinished } from 'vitest';
import { openStorage } from '../dist/open-storage.js';

export const shape: StorageShape = { partitionCount: 3, tables: ['table one', 'table two'] };

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-storage-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Without a watermark: the disk that tests run on may be nearly full. */
export function openAt(
  path: string,
  wanted: StorageShape = shape,
  options: Partial<LmdbOptions> = {},
): Promise<StorageEngine> {
  return openStorage(lmdb({ path, freeBytesMin: 0, ...options }).options, wanted, () => undefined, 'own');
}

/** What `opening` was refused with. */
export async function refusal(
  opening: Promise<unknown>,
): Promise<{ code: string; message: string; details: unknown }> {
  try {
    await opening;
  } catch (error) {
    return error as { code: string; message: string; details: unknown };
  }
  throw new Error('it was not refused');
}
