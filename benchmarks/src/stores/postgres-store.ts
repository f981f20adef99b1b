/** PostgreSQL, isolation level SERIALIZABLE, from a pool; a serialization failure is tried again at once. */
import { DatabaseError, Pool, type PoolClient } from 'pg';
import type { Value } from '../programs/program.ts';
import { type ProgramName, runProgram } from '../programs/programs.ts';
import { addressOf } from '../servers/server.ts';
import type { OneShotStore } from './one-shot-store.ts';

export const connections = 16;
const rowsPerInsert = 5_000;
const serializationFailures = new Set(['40001', '40P01']);

const select = 'SELECT key, value FROM entries WHERE key = ANY($1)';
const upsert = `INSERT INTO entries SELECT * FROM unnest($1::text[], $2::jsonb[])
  ON CONFLICT (key) DO UPDATE SET value = excluded.value`;

export async function openPostgresStore(
  server: 'postgres' | 'postgres-durable' = 'postgres',
): Promise<OneShotStore> {
  const pool = new Pool({ connectionString: addressOf(server), max: connections });
  await pool.query('DROP TABLE IF EXISTS entries');
  await pool.query('CREATE TABLE entries (key text PRIMARY KEY, value jsonb NOT NULL)');
  let failures = 0;
  return {
    async load(entries) {
      const all = [...entries];
      for (let from = 0; from < all.length; from += rowsPerInsert) {
        await pool.query(upsert, columnsOf(all.slice(from, from + rowsPerInsert)));
      }
      await pool.query('ANALYZE entries');
    },
    async run(program, keys, args) {
      const client = await pool.connect();
      try {
        for (;;) {
          const answer = await attempt(client, program, keys, args);
          if (answer !== undefined) return answer;
          failures++;
        }
      } finally {
        client.release();
      }
    },
    async *entries() {
      const { rows } = await pool.query<{ key: string; value: Value }>('SELECT key, value FROM entries');
      for (const { key, value } of rows) yield [key, value];
    },
    figures: async () => ({ 'serialization failures': failures }),
    close: () => pool.end(),
  };
}

/** Undefined when it has to be tried again. */
async function attempt(
  client: PoolClient,
  program: ProgramName,
  keys: readonly string[],
  args: readonly number[],
): Promise<number | undefined> {
  try {
    await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    const { rows } = await client.query<{ key: string; value: Value }>({
      name: 'select',
      text: select,
      values: [keys],
    });
    const found = new Map(rows.map(({ key, value }) => [key, value]));
    const outcome = runProgram(
      program,
      keys.map((key) => found.get(key)),
      keys,
      args,
    );
    if (outcome.writes.length > 0) {
      await client.query({ name: 'upsert', text: upsert, values: columnsOf(outcome.writes) });
    }
    await client.query('COMMIT');
    return outcome.answer;
  } catch (error) {
    await client.query('ROLLBACK');
    if (error instanceof DatabaseError && serializationFailures.has(error.code ?? '')) return undefined;
    throw error;
  }
}

function columnsOf(entries: readonly (readonly [string, Value])[]): [string[], string[]] {
  return [entries.map(([key]) => key), entries.map(([, value]) => JSON.stringify(value))];
}
