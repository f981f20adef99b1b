/** SQLite in memory, a column for each field. */
import { DatabaseSync } from 'node:sqlite';
import { withTurns } from '../stores/one-shot-store.ts';
import { type Fields, fieldNames, type RecordStore } from './record-store.ts';

export async function openSqliteRecords(): Promise<RecordStore> {
  const db = new DatabaseSync(':memory:');
  db.exec(
    `CREATE TABLE records (key TEXT PRIMARY KEY, ${fieldNames.map((field) => `${field} TEXT`).join(', ')}) WITHOUT ROWID`,
  );
  const columns = fieldNames.join(', ');
  const select = db.prepare(`SELECT ${columns} FROM records WHERE key = ?`);
  const range = db.prepare(`SELECT ${columns} FROM records WHERE key >= ? ORDER BY key LIMIT ?`);
  const insert = db.prepare(`INSERT INTO records VALUES (?${', ?'.repeat(fieldNames.length)})`);
  const count = db.prepare('SELECT count(*) AS n FROM records');
  const updates = new Map(
    fieldNames.map((field) => [field, db.prepare(`UPDATE records SET ${field} = ? WHERE key = ?`)]),
  );
  const add = (key: string, record: Fields): unknown =>
    insert.run(key, ...fieldNames.map((field) => record[field] ?? ''));
  const update = (key: string, field: string, value: string): unknown => updates.get(field)?.run(value, key);
  return {
    async load(records) {
      db.exec('BEGIN');
      for (const [key, record] of records) add(key, record);
      db.exec('COMMIT');
    },
    read: withTurns((key) => select.get(key) as Fields | undefined),
    update: withTurns(update),
    modify: withTurns((key, field, value) => [select.get(key), update(key, field, value)]),
    insert: withTurns(add),
    scan: withTurns((from, limit) => range.all(from, limit) as Fields[]),
    size: async () => Number(count.get()?.['n']),
    close: async () => db.close(),
  };
}
