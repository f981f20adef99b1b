/**
 * Durable storage for Troupe: `startGrid({ storage: lmdb({ path }) })`. Commits go to a log of its own files, and are
 * answered for when they are flushed; a checkpoint in LMDB keeps the log short.
 */
export { lmdb } from './lmdb.ts';
export type { LmdbOptions } from './options.ts';
