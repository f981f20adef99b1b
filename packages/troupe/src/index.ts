/**
 * Troupe: a partitioned, transactional, in-memory data grid for Node services, whose partitions are actors in worker
 * threads. Define tables, actors, procedures and jobs in a module; start a grid with it; use them through the grid.
 */
export { job, mapReduce } from '@troupe/compute';
export { actor, table } from '@troupe/core';
export { procedure } from '@troupe/transactions';
export { startGrid, type GridOptions } from './start-grid.ts';
export type { Grid } from './grid.ts';
export type {
  ComputeClient,
  ComputeSettings,
  Execution,
  JobContext,
  JobDefinition,
  JobTarget,
  MapReduceDefinition,
} from '@troupe/compute';
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
export type {
  BeginOptions,
  ExplicitTransaction,
  ProcedureDefinition,
  Transaction,
  TransactionBody,
  TransactionOptions,
} from '@troupe/transactions';
export {
  DefinitionError,
  GridClosedError,
  HostLostError,
  InvalidArgumentError,
  InvariantError,
  JobNotFoundError,
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
  ValueNotSupportedError,
  ValueTooLargeError,
} from '@troupe/core';
export { runTroupeHostOnParentPort } from './host-entry.ts';
