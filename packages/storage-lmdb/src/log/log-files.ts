/**
 * The files of the log as the engine sees them: a port, so that tests can fail any call and lose what was not flushed.
 * Calls that sleep are asynchronous, but for the flush of a lone commit, which is answered sooner so (measured: decision
 * 0047). A small write only fills the system's cache, which takes less time than to have another thread do it.
 */
import {
  close,
  fdatasync,
  fdatasyncSync,
  fsync,
  ftruncate,
  open,
  readdir,
  readFile,
  rename,
  statfs,
  unlink,
  write,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StorageThread } from '@troupe/core';
import { writeInPlaceBytesMax } from '../limits.ts';

export interface LogFile {
  /** Writes all of it. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /**
   * What was written is durable, and the length of the file with it. `lone`: nobody else waits for anything, so that the
   * thread may sleep meanwhile.
   */
  sync(load?: 'lone' | 'shared'): Promise<void>;
  close(): Promise<void>;
}

export interface LogFiles {
  /** Names in the folder. */
  list(): Promise<readonly string[]>;
  read(name: string): Promise<Uint8Array>;
  /** Fails when the file exists. */
  create(name: string): Promise<LogFile>;
  open(name: string): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** That files exist, or no longer do, is durable. */
  syncFolder(): Promise<void>;
  /** Bytes that may still be written to this disk. */
  freeBytes(): Promise<number>;
}

const opened = promisify(open);
const closed = promisify(close);
const synced = promisify(fdatasync);
const folderSynced = promisify(fsync);
const truncated = promisify(ftruncate);

export class FolderLogFiles implements LogFiles {
  readonly #folder: string;
  readonly #thread: StorageThread;

  constructor(folder: string, thread: StorageThread = 'service') {
    this.#folder = folder;
    this.#thread = thread;
  }

  list(): Promise<readonly string[]> {
    return promisify(readdir)(this.#folder);
  }

  read(name: string): Promise<Uint8Array> {
    return promisify(readFile)(join(this.#folder, name));
  }

  create(name: string): Promise<LogFile> {
    return this.#openedAs(name, 'wx+');
  }

  open(name: string): Promise<LogFile> {
    return this.#openedAs(name, 'r+');
  }

  rename(from: string, to: string): Promise<void> {
    return promisify(rename)(join(this.#folder, from), join(this.#folder, to));
  }

  remove(name: string): Promise<void> {
    return promisify(unlink)(join(this.#folder, name));
  }

  syncFolder(): Promise<void> {
    return syncFolder(this.#folder);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await promisify(statfs)(this.#folder);
    return bavail * bsize;
  }

  async #openedAs(name: string, flags: string): Promise<LogFile> {
    return new DescriptorFile(await opened(join(this.#folder, name), flags), this.#thread);
  }
}

class DescriptorFile implements LogFile {
  readonly #descriptor: number;
  readonly #thread: StorageThread;

  constructor(descriptor: number, thread: StorageThread) {
    this.#descriptor = descriptor;
    this.#thread = thread;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    if (bytes.byteLength > writeInPlaceBytesMax) return this.#writeElsewhere(bytes, position);
    for (let offset = 0; offset < bytes.byteLength; ) {
      const count = writeSync(this.#descriptor, bytes, offset, bytes.byteLength - offset, position + offset);
      if (count === 0) throw new Error('a write took no bytes');
      offset += count;
    }
  }

  #writeElsewhere(bytes: Uint8Array, position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const writeFrom = (offset: number): void => {
        const { byteLength } = bytes;
        write(this.#descriptor, bytes, offset, byteLength - offset, position + offset, (error, count) => {
          if (error !== null) reject(error);
          else if (offset + count === byteLength) resolve();
          else if (count === 0) reject(new Error('a write took no bytes'));
          else writeFrom(offset + count);
        });
      };
      writeFrom(0);
    });
  }

  truncate(length: number): Promise<void> {
    return truncated(this.#descriptor, length);
  }

  async sync(load: 'lone' | 'shared' = 'shared'): Promise<void> {
    if (load === 'lone' && this.#thread === 'own') fdatasyncSync(this.#descriptor);
    else await synced(this.#descriptor);
  }

  close(): Promise<void> {
    return closed(this.#descriptor);
  }
}

/** Folders can't be opened on Windows, where their entries are durable with the file system's own journal. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const descriptor = await opened(folder, 'r');
  try {
    await folderSynced(descriptor);
  } finally {
    await closed(descriptor);
  }
}
