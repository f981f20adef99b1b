/**
 * The folder of a storage: whether it is ours, of which version, and whose. `storage.json` says so, written before
 * anything else when a storage is made, and again when it is complete: only then must all of its parts be there.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockFileNames } from './folder-lock.ts';
import { syncFolder } from './log/log-files.ts';
import { notWritable, storageError, systemCode } from './storage-errors.ts';

/** Of everything in the folder together. */
export const storageVersion = 1;
export const checkpointName = 'checkpoint.mdb';
const identityName = 'storage.json';
const identityDraft = `${identityName}.new`;

export interface StorageIdentity {
  /** In hexadecimal, 32 digits. */
  readonly id: string;
  readonly isComplete: boolean;
}

/** Makes the folder unless it is there. Throws StorageError STORAGE_FOREIGN, STORAGE_NOT_WRITABLE. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeWithParents(resolve(path));
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EEXIST' || code === 'ENOTDIR') throw foreign(path, 'is not a folder', cause);
    throw notWritable(path, cause);
  }
}

/** Node's own recursive form never returns below folders such as /proc, which say that a parent is missing. */
async function makeWithParents(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeWithParents(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Someone else was faster.
    if (systemCode(error) === 'EEXIST' && (await isFolder(path))) return;
    throw error;
  }
  await syncFolder(parent);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Undefined: nothing was stored here yet. Throws StorageError STORAGE_FOREIGN, STORAGE_TOO_NEW. */
export function readIdentity(path: string): StorageIdentity | undefined {
  const text = readText(path);
  if (text === undefined) {
    const others = namesIn(path).filter((name) => name !== identityDraft && !lockFileNames.includes(name));
    if (others.length === 0) return undefined;
    throw foreign(path, `has no ${identityName} but ${others.slice(0, 3).join(', ')}, so it is not Troupe's`);
  }
  const identity = tryParseIdentity(text);
  if (identity === undefined) throw foreign(path, `has a ${identityName} that is not Troupe's`);
  const { version } = identity;
  if (version > storageVersion) {
    throw storageError(
      'STORAGE_TOO_NEW',
      path,
      `has format ${version}, and this version of @troupe/storage-lmdb knows formats up to ${storageVersion}. Use a newer one.`,
      { details: { version, versionMax: storageVersion } },
    );
  }
  return identity;
}

export function newIdentity(): StorageIdentity {
  return { id: randomBytes(16).toString('hex'), isComplete: false };
}

/** Durable when it resolves. */
export async function writeIdentity(path: string, identity: StorageIdentity): Promise<void> {
  const text = JSON.stringify({ kind: 'troupe-storage', version: storageVersion, ...identity }, undefined, 2);
  try {
    const file = openSync(join(path, identityDraft), 'w');
    try {
      writeSync(file, `${text}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(join(path, identityDraft), join(path, identityName));
    await syncFolder(path);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

function foreign(path: string, what: string, cause?: unknown): Error {
  return storageError(
    'STORAGE_FOREIGN',
    path,
    `${what}. Name an empty folder, or one that Troupe has made.`,
    {
      cause,
    },
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(join(path, identityName), 'utf8');
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') throw foreign(path, 'is not a folder', cause);
    throw notWritable(path, cause);
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw foreign(path, 'is not a folder', cause);
  }
}

function tryParseIdentity(text: string): (StorageIdentity & { readonly version: number }) | undefined {
  try {
    const { kind, version, id, isComplete } = JSON.parse(text) as Record<string, unknown>;
    if (kind !== 'troupe-storage' || typeof version !== 'number') return undefined;
    if (version > storageVersion) return { version, id: '', isComplete: true };
    if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id) || typeof isComplete !== 'boolean')
      return undefined;
    return { version, id, isComplete };
  } catch {
    return undefined;
  }
}
