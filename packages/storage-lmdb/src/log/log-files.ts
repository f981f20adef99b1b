/**
 * The files of the log as the engine sees them: a port, so that tests can fail any call and lose what was not flushed.
 * All calls are asynchronous: on a busy machine a thread that sleeps in fdatasync is woken late (measured: decision 0029).
 */
import {
  close,
  fdatasync,
  fsync,
  ftruncate,
  open,
  readdir,
  readFile,
  rename,
  statfs,
  unlink,
  write,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface LogFile {
  /** Writes all of it. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** What was written is durable, and the length of the file with it. */
  sync(): Promise<void>;
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

  constructor(folder: string) {
    this.#folder = folder;
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
    return new DescriptorFile(await opened(join(this.#folder, name), flags));
  }
}

class DescriptorFile implements LogFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
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

  sync(): Promise<void> {
    return synced(this.#descriptor);
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
