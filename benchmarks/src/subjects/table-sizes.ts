/** Tables of a thousand to ten million entries: what a read costs, and what an entry takes. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { startGrid } from 'troupe';
import { measurePipelined } from '../measuring/pipelined.ts';
import type { Params, Sample } from '../scenario.ts';
import { openTemporaryLmdb } from '../stores/lmdb-store.ts';
import { withTurns } from '../stores/one-shot-store.ts';
import { connectRedis } from '../stores/redis-stores.ts';
import { mustEqual } from './entries.ts';
import { texts } from './texts.ts';

type Subject = 'troupe' | 'Map' | 'lmdb' | 'Redis';

interface Sized {
  fill(count: number): Promise<void>;
  get(key: string): Promise<string | null | undefined>;
  bytes(): Promise<number>;
  close(): Promise<unknown>;
}

const valueLength = 100;
const batchLength = 1_000;
const stride = 611_953;

const openers: Record<Subject, (params: Params) => Promise<Sized>> = {
  async troupe({ hosts, partitions }) {
    const modules = [new URL('./texts.js', import.meta.url)];
    const grid = await startGrid({ modules, threads: hosts, partitions });
    const table = grid.table(texts);
    return {
      fill: (count) => table.setMany(asynchronously(entriesUpTo(count))),
      get: (key) => table.get(key),
      bytes: processBytes,
      close: () => grid.close(),
    };
  },
  async Map() {
    const map = new Map<string, string>();
    return {
      async fill(count) {
        for (const [key, value] of entriesUpTo(count)) map.set(key, value);
      },
      get: withTurns((key) => map.get(key)),
      bytes: processBytes,
      close: async () => map.clear(),
    };
  },
  async lmdb() {
    const { db, path, close } = openTemporaryLmdb<string>();
    return {
      async fill(count) {
        let last: Promise<unknown> = Promise.resolve();
        let index = 0;
        for (const [key, value] of entriesUpTo(count)) {
          last = db.put(key, value);
          if (++index % (batchLength * 10) === 0) await last;
        }
        await last;
      },
      get: withTurns((key) => db.get(key)),
      bytes: async () => statSync(join(path, 'data.mdb')).size,
      close,
    };
  },
  async Redis() {
    const client = connectRedis({ enableAutoPipelining: true });
    await client.flushall();
    return {
      async fill(count) {
        let batch: string[] = [];
        for (const entry of entriesUpTo(count)) {
          batch.push(...entry);
          if (batch.length < batchLength * 2) continue;
          await client.mset(...batch);
          batch = [];
        }
        if (batch.length > 0) await client.mset(...batch);
      },
      get: (key) => client.get(key),
      bytes: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]),
      close: async () => client.disconnect(),
    };
  },
};

export async function measureReads(of: Subject, params: Params): Promise<Sample> {
  const { keyCount } = params;
  const sized = await openers[of](params);
  await sized.fill(keyCount);
  const sample = await measurePipelined(
    {
      call: (n) => sized.get(keyOf((n * stride) % keyCount)),
      check: (n, value) => mustEqual(value, textOf((n * stride) % keyCount), 'a value'),
    },
    params,
  );
  await sized.close();
  return sample;
}

/** Bytes per entry. */
export async function measureMemory(of: Subject, params: Params): Promise<Sample> {
  const { keyCount } = params;
  const sized = await openers[of](params);
  const before = await sized.bytes();
  await sized.fill(keyCount);
  const after = await sized.bytes();
  mustEqual(await sized.get(keyOf(keyCount - 1)), textOf(keyCount - 1), 'the last value');
  await sized.close();
  return { value: Math.max(0, after - before) / keyCount };
}

async function processBytes(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc');
  globalThis.gc();
  return process.memoryUsage.rss();
}

function keyOf(index: number): string {
  return `key:${index}`;
}

function textOf(index: number): string {
  return `${index}:`.padEnd(valueLength, 'x');
}

function* entriesUpTo(count: number): Generator<[string, string]> {
  for (let index = 0; index < count; index++) yield [keyOf(index), textOf(index)];
}

async function* asynchronously<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
