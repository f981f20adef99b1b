/** SQLite as it comes with Node, in memory, in the service's own thread. */
import { DatabaseSync } from 'node:sqlite';
import type { Value } from '../programs/program.ts';
import { runProgram } from '../programs/programs.ts';
import { type OneShotStore, withTurns } from './one-shot-store.ts';

export async function openSqliteStore(): Promise<OneShotStore> {
  const db = new DatabaseSync(':memory:');
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
