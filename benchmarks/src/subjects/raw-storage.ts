/** What a disk and LMDB do without Troupe: the records that are appended are as large as a small commit's frame. */
import { fdatasync, fdatasyncSync, mkdtempSync, openSync, rmSync, write, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { open } from 'lmdb';
import { measurePipelined } from '../measuring/pipelined.ts';
import { measureSequential } from '../measuring/sequential.ts';
import type { Params, Sample } from '../scenario.ts';

const record = Buffer.alloc(200, 7);
const check = (): void => undefined;

export function randomBelow(count: number): number {
  return Math.floor(Math.random() * count);
}

export async function inTemporaryFolder<T>(action: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function measureRawAppend(params: Params): Promise<Sample> {
  return inTemporaryFolder((folder) => {
    const file = openSync(join(folder, 'log'), 'w');
    const call = async (n: number): Promise<void> => {
      await promisify(write)(file, record, 0, record.byteLength, n * record.byteLength);
      await promisify(fdatasync)(file);
    };
    return measureSequential({ call, check }, params);
  });
}

export function measureBlockingAppend(params: Params): Promise<Sample> {
  return inTemporaryFolder((folder) => {
    const file = openSync(join(folder, 'log'), 'w');
    const call = (n: number): Promise<void> => {
      writeSync(file, record, 0, record.byteLength, n * record.byteLength);
      fdatasyncSync(file);
      return Promise.resolve();
    };
    return measureSequential({ call, check }, params);
  });
}

export function measureLmdbPut(params: Params): Promise<Sample> {
  return withLmdb((put) => {
    const call = (n: number): Promise<unknown> => put(n % params.keyCount);
    return measureSequential({ call, check }, params);
  });
}

export function measureLmdbPipelined(params: Params): Promise<Sample> {
  return withLmdb((put) => {
    const call = (): Promise<unknown> => put(randomBelow(params.keyCount));
    return measurePipelined({ call, check }, params);
  });
}

function withLmdb(measure: (put: (key: number) => Promise<unknown>) => Promise<Sample>): Promise<Sample> {
  return inTemporaryFolder(async (folder) => {
    const database = open<Buffer, number>({ path: join(folder, 'data.mdb'), encoding: 'binary' });
    const value = record.subarray(0, 100);
    const put = async (key: number): Promise<unknown> => {
      await database.put(key, value);
      // The promise of a put says that it is visible.
      return database.flushed;
    };
    try {
      return await measure(put);
    } finally {
      await database.close();
    }
  });
}
