/**
 * Troupe: a partitioned, transactional, in-memory data grid for Node services, whose partitions are actors in worker
 * threads. Define tables, actors, procedures and jobs in a module; start a grid with it; use them through the grid.
 */

export type {
  Broadcast,
  ComputeClient,
  ComputeSettings,
  Execution,
  ExecutionRow,
  ExecutionState,
  ExecutionStatus,
  FailedPart,
  JobContext,
  JobDefinition,
  JobTarget,
  MapProgress,
  MapReduceDefinition,
  ReceiverDefinition,
  ReduceContext,
} from '@troupe/compute';
export { count, distinct, groupBy, job, mapReduce, receiver, sorted, topK } from '@troupe/compute';
export type {
  ActorContext,
  ActorDefinition,
  ActorLost,
  ActorReference,
  ActorReferences,
  ActorTells,
  CallOptions,
  Client,
  DeactivationReason,
  GridEvents,
  HostBlocked,
  HostRow,
  Key,
  LoadItem,
  LoadOptions,
  LoadProgress,
  LoadReceiver,
  LoadResult,
  LocalTable,
  ScanOptions,
  StandardSchema,
  Storage,
  Table,
  TableDefinition,
  TableKey,
  ValidationIssue,
} from '@troupe/core';
export {
  ActorCycleError,
  actor,
  DefinitionError,
  GridClosedError,
  HostLostError,
  InvalidArgumentError,
  InvariantError,
  JobBlockedError,
  ModuleLoadError,
  OverloadedError,
  PartitionLostError,
  PartitionUnavailableError,
  ReadOnlyError,
  SnapshotTooOldError,
  StorageError,
  TimeoutError,
  TransactionAbortedError,
  TransactionFinishedError,
  TroupeError,
  table,
  ValidationError,
  ValueNotSupportedError,
  ValueTooLargeError,
} from '@troupe/core';
export type {
  BeginOptions,
  ExplicitTransaction,
  HistogramSummary,
  LockRow,
  ProcedureDefinition,
  RunOptions,
  Transaction,
  TransactionBody,
  TransactionEvent,
  TransactionMetrics,
  TransactionOptions,
  TransactionRow,
} from '@troupe/transactions';
export { procedure } from '@troupe/transactions';
export type { Grid } from './grid.ts';
export { runTroupeHostOnParentPort } from './host-entry.ts';
export type { ActorSettings } from './settings.ts';
export { type GridOptions, startGrid } from './start-grid.ts';
