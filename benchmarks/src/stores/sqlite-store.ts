/** SQLite as it comes with Node, in the service's own thread: in memory, or in a file of which every commit is flushed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Value } from '../programs/program.ts';
import { runProgram } from '../programs/programs.ts';
import { type OneShotStore, withTurns } from './one-shot-store.ts';

export async function openSqliteStore(): Promise<OneShotStore> {
  return storeOf(new DatabaseSync(':memory:'));
}

/** A log that is written ahead, and a flush of it for each commit. */
export async function openDurableSqliteStore(): Promise<OneShotStore> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const db = new DatabaseSync(join(folder, 'data.sqlite'));
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
  const store = storeOf(db);
  return {
    ...store,
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function storeOf(db: DatabaseSync): OneShotStore {
  db.exec('CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
  const select = db.prepare('SELECT value FROM entries WHERE key = ?');
  const upsert = db.prepare('INSERT OR REPLACE INTO entries (key, value) VALUES (?, ?)');
  const all = db.prepare('SELECT key, value FROM entries');
  const [begin, commit] = [db.prepare('BEGIN'), db.prepare('COMMIT')];
  const inTransaction = <T>(body: () => T): T => {
    begin.run();
    const result = body();
    commit.run();
    return result;
  };
  return {
    async load(entries) {
      inTransaction(() => {
        for (const [key, value] of entries) upsert.run(key, JSON.stringify(value));
      });
    },
    run: withTurns((program, keys, args) =>
      inTransaction(() => {
        const values = keys.map((key) => parsed(select.get(key)?.['value']));
        const { writes, answer } = runProgram(program, values, keys, args);
        for (const [key, value] of writes) upsert.run(key, JSON.stringify(value));
        return answer;
      }),
    ),
    async *entries() {
      for (const { key, value } of all.iterate()) yield [String(key), parsed(value) as Value];
    },
    close: async () => db.close(),
  };
}

function parsed(text: unknown): Value | undefined {
  return typeof text === 'string' ? (JSON.parse(text) as Value) : undefined;
}
