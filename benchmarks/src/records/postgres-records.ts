/** PostgreSQL: a column for each field, prepared statements, a pool. */
import { Pool, type QueryResult } from 'pg';
import { addressOf } from '../servers/server.ts';
import { connections } from '../stores/postgres-store.ts';
import { type Fields, fieldNames, type RecordStore } from './record-store.ts';

const rowsPerInsert = 2_000;
const columns = fieldNames.join(', ');

export async function openPostgresRecords(): Promise<RecordStore> {
  const pool = new Pool({ connectionString: addressOf('postgres'), max: connections });
  await pool.query('DROP TABLE IF EXISTS records');
  const types = fieldNames.map((field) => `${field} text`).join(', ');
  await pool.query(`CREATE TABLE records (key text COLLATE "C" PRIMARY KEY, ${types})`);
  const prepared = (
    name: string,
    text: string,
    values: unknown[],
  ): Promise<QueryResult<Record<string, string>>> => pool.query({ name, text, values });
  const read = async (key: string): Promise<Fields | undefined> =>
    (await prepared('read', `SELECT ${columns} FROM records WHERE key = $1`, [key])).rows[0];
  const update = (key: string, field: string, value: string): Promise<unknown> =>
    prepared(`update ${field}`, `UPDATE records SET ${field} = $1 WHERE key = $2`, [value, key]);
  return {
    async load(records) {
      const all = [...records];
      const arrays = fieldNames.map((_, index) => `$${index + 2}::text[]`).join(', ');
      for (let from = 0; from < all.length; from += rowsPerInsert) {
        const batch = all.slice(from, from + rowsPerInsert);
        await pool.query(`INSERT INTO records SELECT * FROM unnest($1::text[], ${arrays})`, [
          batch.map(([key]) => key),
          ...fieldNames.map((field) => batch.map(([, record]) => record[field])),
        ]);
      }
      await pool.query('ANALYZE records');
    },
    read,
    update,
    async modify(key, field, value) {
      await read(key);
      await update(key, field, value);
    },
    insert(key, record) {
      const values = fieldNames.map((_, index) => `$${index + 2}`).join(', ');
      const fields = fieldNames.map((field) => record[field]);
      return prepared('insert', `INSERT INTO records VALUES ($1, ${values})`, [key, ...fields]);
    },
    async scan(from, count) {
      const text = `SELECT ${columns} FROM records WHERE key >= $1 ORDER BY key LIMIT $2`;
      return (await prepared('scan', text, [from, count])).rows;
    },
    async size() {
      const { rows } = await pool.query<{ n: string }>('SELECT count(*) AS n FROM records');
      return Number(rows[0]?.n);
    },
    close: () => pool.end(),
  };
}
