/** What it takes to begin: the time to the first answer in a fresh process, and memory of threads that do nothing. */
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { Params, Sample } from '../scenario.ts';
import { mustBeSame } from './echo/payload.ts';
import { openPool, type PoolName } from './echo/pools.ts';
import { mustEqual } from './entries.ts';

const bytesPerMb = 1024 * 1024;

/** Milliseconds from here, with nothing loaded, to the first answer of a worker thread. */
export async function measurePoolStart(name: PoolName): Promise<Sample> {
  const startedMs = performance.now();
  const pool = await openPool(name);
  mustBeSame(await pool.echo(null), null);
  const value = performance.now() - startedMs;
  await pool.close();
  return { value };
}

export async function measureRawStart(): Promise<Sample> {
  const startedMs = performance.now();
  const worker = new Worker(new URL('./echo/raw.worker.js', import.meta.url));
  await once(worker, 'message');
  const answer = once(worker, 'message');
  worker.postMessage({ kind: 'echo', id: 1, payload: null });
  mustEqual((await answer)[0].payload, null, 'the first answer');
  const value = performance.now() - startedMs;
  await worker.terminate();
  return { value };
}

/** A grid: import, start, and a first read of a key. */
export async function measureGridStart({ hosts, partitions }: Params): Promise<Sample> {
  const startedMs = performance.now();
  const { startGrid } = await import('troupe');
  const { texts } = await import('./texts.ts');
  const modules = [new URL('./texts.js', import.meta.url)];
  const grid = await startGrid({ modules, threads: hosts, partitions });
  mustEqual(await grid.table(texts).get('nothing'), undefined, 'the first answer');
  const value = performance.now() - startedMs;
  await grid.close();
  return { value };
}

const fewThreads = 1;
const manyThreads = 5;

/** MB per idle thread: what four more threads add to the process. */
export async function measureThreadMemory(kind: 'raw' | 'troupe', params: Params): Promise<Sample> {
  const few = await memoryWith(kind, fewThreads, params);
  const many = await memoryWith(kind, manyThreads, params);
  return { value: (many - few) / bytesPerMb / (manyThreads - fewThreads) };
}

async function memoryWith(kind: 'raw' | 'troupe', threads: number, { partitions }: Params): Promise<number> {
  if (kind === 'troupe') {
    const { startGrid } = await import('troupe');
    const modules = [new URL('./texts.js', import.meta.url)];
    const grid = await startGrid({ modules, threads, partitions });
    const bytes = settledBytes();
    await grid.close();
    return bytes;
  }
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./echo/raw.worker.js', import.meta.url)),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const bytes = settledBytes();
  await Promise.all(workers.map((worker) => worker.terminate()));
  return bytes;
}

function settledBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
