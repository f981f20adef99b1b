/**
 * Durable storage for Troupe: `startGrid({ storage: lmdb({ path }) })`. Commits go to a log of its own files, and are
 * answered for when they are flushed; a checkpoint in LMDB keeps the log short. Beside it the tools for a storage that is
 * not in use, also as commands.
 */
export { inspectStorage, type StorageReport } from './admin/inspect.ts';
export { type RepairReport, repairStorage } from './admin/repair.ts';
export { type Repartitioning, repartitionStorage } from './admin/repartition.ts';
export { type CommandOutput, runStorageCommand } from './admin/storage-command.ts';
export { lmdb } from './lmdb.ts';
export type { LmdbOptions } from './options.ts';
