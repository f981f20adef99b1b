/**
 * One user at a time: of all processes, and of all threads of this one. The lock is the kernel's, so it is gone when its
 * holder is, however that ended; there is no stale lock to be judged by a process id.
 *
 * - Linux: `flock` on a descriptor of ours, taken by the program of that name (util-linux, BusyBox), which is handed the
 *   descriptor; the lock belongs to what is open, not to who asked. It holds across containers. Where the program is
 *   missing: an abstract socket named by the folder's inode, which other network namespaces don't see.
 * - macOS and Windows: opened with the system's exclusive flag.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { notWritable, storageError, systemCode } from './storage-errors.ts';

const lockName = 'lock';
/** Who has it, for the message of who is refused; it decides nothing. */
const holderName = 'lock-holder';
export const lockFileNames: readonly string[] = [lockName, holderName];

export interface FolderLock {
  release(): Promise<void>;
}

/** Throws StorageError STORAGE_IN_USE, STORAGE_NOT_WRITABLE. `flock`: the program, for tests. */
export async function lockFolder(path: string, flock = 'flock'): Promise<FolderLock> {
  const lock = process.platform === 'linux' ? await lockOnLinux(path, flock) : lockByOpening(path);
  try {
    writeFileSync(join(path, holderName), `process ${process.pid} on ${hostname()}`);
  } catch (cause) {
    await lock.release();
    throw notWritable(path, cause);
  }
  return lock;
}

async function lockOnLinux(path: string, flock: string): Promise<FolderLock> {
  const descriptor = opened(path, constants.O_RDWR | constants.O_CREAT);
  // The descriptor is number 3 in the child. Status 1: someone has it.
  const { status, error, stderr } = spawnSync(flock, ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    encoding: 'utf8',
  });
  if (status === 0) return closing(descriptor);
  closeSync(descriptor);
  if (systemCode(error) === 'ENOENT') return lockBySocket(path);
  if (status === 1) throw inUse(path);
  throw notWritable(path, error ?? new Error(`flock ended with ${status}: ${stderr}`));
}

function lockBySocket(path: string): Promise<FolderLock> {
  const { dev, ino } = statSync(join(path, lockName));
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(systemCode(error) === 'EADDRINUSE' ? inUse(path) : notWritable(path, error));
    });
    server.listen(`\0troupe-storage-${dev}-${ino}`, () => {
      server.unref();
      resolve({ release: () => closedServer(server) });
    });
  });
}

function closedServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Values of the systems that Node hands through but does not name. */
const exclusiveFlags: Partial<Record<NodeJS.Platform, number>> = {
  darwin: 0x20 | constants.O_NONBLOCK,
  freebsd: 0x20 | constants.O_NONBLOCK,
  openbsd: 0x20 | constants.O_NONBLOCK,
  win32: 0x10000000,
};

function lockByOpening(path: string): FolderLock {
  const exclusive = exclusiveFlags[process.platform];
  if (exclusive === undefined) {
    throw notWritable(path, new Error(`there is no way to lock a folder on ${process.platform}`));
  }
  return closing(opened(path, constants.O_RDWR | constants.O_CREAT | exclusive));
}

function opened(path: string, flags: number): number {
  try {
    return openSync(join(path, lockName), flags, 0o644);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EAGAIN' || code === 'EBUSY') throw inUse(path);
    throw notWritable(path, cause);
  }
}

function closing(descriptor: number): FolderLock {
  return {
    release: () => {
      closeSync(descriptor);
      return Promise.resolve();
    },
  };
}

function inUse(path: string): Error {
  const holder = readHolder(path);
  return storageError(
    'STORAGE_IN_USE',
    path,
    `is in use${holder === undefined ? '' : ` by ${holder}`}. A storage belongs to one grid at a time.`,
    { details: { holder } },
  );
}

function readHolder(path: string): string | undefined {
  try {
    return readFileSync(join(path, holderName), 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
