/** LMDB in the service's own thread, without flushes: transactions of one batch commit together, in a thread of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Value } from '../programs/program.ts';
import { runProgram } from '../programs/programs.ts';
import type { OneShotStore } from './one-shot-store.ts';

export interface TemporaryLmdb<V> {
  readonly db: RootDatabase<V, string>;
  readonly path: string;
  readonly close: () => Promise<void>;
}

const mapBytes = 8 * 2 ** 30;

export function openTemporaryLmdb<V>(): TemporaryLmdb<V> {
  const path = mkdtempSync(join(tmpdir(), 'troupe-bench-lmdb-'));
  process.once('exit', () => rmSync(path, { recursive: true, force: true }));
  const db = open<V, string>({ path, noSync: true, mapSize: mapBytes });
  return { db, path, close: () => db.close() };
}

export async function openLmdbStore(): Promise<OneShotStore> {
  const { db, close } = openTemporaryLmdb<Value>();
  return {
    async load(entries) {
      await db.transaction(() => {
        for (const [key, value] of entries) void db.put(key, value);
      });
    },
    run: (program, keys, args) =>
      db.transaction(() => {
        const values = keys.map((key) => db.get(key));
        const { writes, answer } = runProgram(program, values, keys, args);
        for (const [key, value] of writes) void db.put(key, value);
        return answer;
      }),
    async *entries() {
      for (const { key, value } of db.getRange({})) yield [key, value];
    },
    close,
  };
}
