/**
 * Troupe: a partitioned, transactional, in-memory data grid for Node services, whose partitions are actors in worker
 * threads. Define tables, actors, procedures and jobs in a module; start a grid with it; use them through the grid.
 */

export type {
  ComputeClient,
  ComputeSettings,
  Execution,
  JobContext,
  JobDefinition,
  JobTarget,
  MapReduceDefinition,
} from '@troupe/compute';
export { job, mapReduce } from '@troupe/compute';
export type {
  ActorContext,
  ActorDefinition,
  ActorReference,
  ActorTells,
  CallOptions,
  Client,
  GridEvents,
  HostRow,
  Key,
  LocalTable,
  Table,
  TableDefinition,
  TableKey,
} from '@troupe/core';
export {
  actor,
  DefinitionError,
  GridClosedError,
  HostLostError,
  InvalidArgumentError,
  InvariantError,
  ModuleLoadError,
  OverloadedError,
  PartitionLostError,
  PartitionUnavailableError,
  ReadOnlyError,
  SnapshotTooOldError,
  TimeoutError,
  TransactionAbortedError,
  TransactionFinishedError,
  TroupeError,
  table,
  ValueNotSupportedError,
  ValueTooLargeError,
} from '@troupe/core';
export type {
  BeginOptions,
  ExplicitTransaction,
  ProcedureDefinition,
  RunOptions,
  Transaction,
  TransactionBody,
  TransactionOptions,
} from '@troupe/transactions';
export { procedure } from '@troupe/transactions';
export type { Grid } from './grid.ts';
export { runTroupeHostOnParentPort } from './host-entry.ts';
export { type GridOptions, startGrid } from './start-grid.ts';
