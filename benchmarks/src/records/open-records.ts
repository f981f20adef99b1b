/** The record stores by name; each module is loaded only when its store is measured. */
import type { Params } from '../scenario.ts';
import type { RecordStore } from './record-store.ts';

const openers = {
  map: async () => (await import('./map-records.ts')).openMapRecords(),
  troupe: async (params: Params) => (await import('./troupe-records.ts')).openTroupeRecords(params),
  lmdb: async () => (await import('./lmdb-records.ts')).openLmdbRecords(),
  sqlite: async () => (await import('./sqlite-records.ts')).openSqliteRecords(),
  redis: async () => (await import('./redis-records.ts')).openRedisRecords(),
  postgres: async () => (await import('./postgres-records.ts')).openPostgresRecords(),
};

export type RecordStoreName = keyof typeof openers;

export function openRecords(name: RecordStoreName, params: Params): Promise<RecordStore> {
  return openers[name](params);
}
