/** The stores of the transaction scenarios as subjects: each with its name, its package and what it needs. */
import type { Params, Subject } from '../scenario.ts';
import type { OneShotStore } from './one-shot-store.ts';
import type { Form, TroupeStoreOptions } from './troupe-store.ts';

/** A subject without its work. */
export interface StoreSubject extends Omit<Subject, 'measure'> {
  readonly open: (params: Params) => Promise<OneShotStore>;
}

const formNames: Record<Form, string> = {
  procedure: 'troupe, procedure',
  declared: 'troupe, closure',
  interactive: 'troupe, closure that locks as it goes',
};

export function troupeStore(form: Form, options: Omit<TroupeStoreOptions, 'form'> = {}): StoreSubject {
  return {
    name: formNames[form],
    library: 'troupe',
    open: async (params) => (await import('./troupe-store.ts')).openTroupeStore(params, { form, ...options }),
  };
}

export const mapStore: StoreSubject = {
  name: 'Map behind a mutex',
  library: 'async-mutex',
  open: async () => (await import('./map-store.ts')).openMapStore(),
};

export const redisLua: StoreSubject = {
  name: 'Redis, Lua',
  library: 'ioredis',
  needs: 'redis',
  open: async () => (await import('./redis-stores.ts')).openRedisLuaStore(),
};

export const redisWatch: StoreSubject = {
  name: 'Redis, WATCH and MULTI',
  library: 'ioredis',
  needs: 'redis',
  open: async () => (await import('./redis-stores.ts')).openRedisWatchStore(),
};

export const lmdb: StoreSubject = {
  name: 'lmdb',
  library: 'lmdb',
  open: async () => (await import('./lmdb-store.ts')).openLmdbStore(),
};

export const sqlite: StoreSubject = {
  name: 'node:sqlite',
  needs: 'node:sqlite',
  open: async () => (await import('./sqlite-store.ts')).openSqliteStore(),
};

export const postgres: StoreSubject = {
  name: 'PostgreSQL, SERIALIZABLE',
  library: 'pg',
  needs: 'postgres',
  open: async () => (await import('./postgres-store.ts')).openPostgresStore('postgres'),
};

export const durableTroupe: StoreSubject = {
  name: 'troupe, durable',
  library: 'troupe',
  open: async (params) =>
    (await import('./troupe-store.ts')).openDurableTroupeStore(params, { form: 'procedure' }),
};

export const durableSqlite: StoreSubject = {
  name: 'node:sqlite, synchronous=FULL',
  needs: 'node:sqlite',
  open: async () => (await import('./sqlite-store.ts')).openDurableSqliteStore(),
};

export const durablePostgres: StoreSubject = {
  name: 'PostgreSQL, fsync',
  library: 'pg',
  needs: 'postgres-durable',
  open: async () => (await import('./postgres-store.ts')).openPostgresStore('postgres-durable'),
};

/** Everything that a grid is compared with, where every program runs. */
export const peerStores: readonly StoreSubject[] = [mapStore, lmdb, sqlite, redisWatch, postgres];
