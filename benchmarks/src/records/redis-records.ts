/** Redis: a hash for each record, and a sorted set of all keys for scans, as YCSB's own binding does it. */
import { connectRedis } from '../stores/redis-stores.ts';
import type { Fields, RecordStore } from './record-store.ts';

const index = 'index';
const recordsPerBatch = 1_000;

export async function openRedisRecords(): Promise<RecordStore> {
  const client = connectRedis({ enableAutoPipelining: true });
  await client.flushall();
  const add = (key: string, record: Fields): Promise<unknown> =>
    Promise.all([client.hset(key, record), client.zadd(index, 0, key)]);
  const update = (key: string, field: string, value: string): Promise<unknown> =>
    client.hset(key, field, value);
  return {
    async load(records) {
      let batch: Promise<unknown>[] = [];
      for (const [key, record] of records) {
        batch.push(add(key, record));
        if (batch.length < recordsPerBatch) continue;
        await Promise.all(batch);
        batch = [];
      }
      await Promise.all(batch);
    },
    read: (key) => client.hgetall(key),
    update,
    async modify(key, field, value) {
      await client.hgetall(key);
      await update(key, field, value);
    },
    insert: add,
    async scan(from, count) {
      const keys = await client.zrangebylex(index, `[${from}`, '+', 'LIMIT', 0, count);
      return Promise.all(keys.map((key) => client.hgetall(key)));
    },
    size: () => client.zcard(index),
    close: async () => client.disconnect(),
  };
}
