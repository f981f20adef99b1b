/** LMDB: reads are answered at once, writes of one batch commit together. */
import { openTemporaryLmdb } from '../stores/lmdb-store.ts';
import { withTurns } from '../stores/one-shot-store.ts';
import type { Fields, RecordStore } from './record-store.ts';

export async function openLmdbRecords(): Promise<RecordStore> {
  const { db, close } = openTemporaryLmdb<Fields>();
  const change = (key: string, field: string, value: string) =>
    db.transaction(() => void db.put(key, { ...db.get(key), [field]: value }));
  return {
    async load(records) {
      await db.transaction(() => {
        for (const [key, record] of records) void db.put(key, record);
      });
    },
    read: withTurns((key) => db.get(key)),
    update: change,
    modify: change,
    insert: (key, record) => db.put(key, record),
    scan: withTurns((from, count) =>
      Array.from(db.getRange({ start: from, limit: count }), ({ value }) => value),
    ),
    size: async () => db.getCount(),
    close,
  };
}
