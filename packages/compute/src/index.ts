/** Jobs, broadcasts and map-reduce that run at the owner of the data, and a pool of threads for plain computation. */

export { BlockedWatch, type WatchedThread } from './blocked-watch.ts';
export {
  type Compare,
  count,
  type DistinctOptions,
  distinct,
  type GroupByOptions,
  type GroupKey,
  groupBy,
  type Items,
  type SortedOptions,
  sorted,
  type TopKOptions,
  type TopPart,
  topK,
} from './combinators.ts';
export { Compute, type ComputeOptions, type ComputeSettings, checkComputeSettings } from './compute.ts';
export type {
  Broadcast,
  BroadcastOptions,
  ComputeClient,
  MapReduceRunOptions,
  RunOptions,
  StreamRunOptions,
} from './compute-client.ts';
export type { RunnerPorts } from './event-loop-ports.ts';
export type { Execution, ExecutionId, ExecutionStatus } from './execution.ts';
export type { ExecutionRow } from './execution-row.ts';
export { type ExecutionEvent, type ExecutionState, isEnded, nextState } from './execution-state.ts';
export {
  type AnyJob,
  type GeneratorJobOptions,
  type JobDefinition,
  type JobOptions,
  type JobRun,
  job,
} from './job.ts';
export type { JobContext } from './job-context.ts';
export { JobQueue, type JobQueueOptions, type QueueEntry, type QueuePorts } from './job-queue.ts';
export { blockedMsMaxDefault } from './limits.ts';
export {
  type AnyMapReduce,
  type FailedPart,
  type MapProgress,
  type MapReduceDefinition,
  type MapReduceOptions,
  mapReduce,
  type ReduceContext,
  type Split,
  type SplitContext,
  type SplitMapReduceOptions,
  type StateMapReduceOptions,
} from './map-reduce.ts';
export { ComputeOp } from './messages.ts';
export type { AttemptOptions } from './outgoing-call.ts';
export { ProgressReports } from './progress-reports.ts';
export { type ReceiverDefinition, type ReceiverOptions, receiver } from './receiver.ts';
export type { JobTarget } from './target.ts';
export type { BlockedPort } from './thread-watch.ts';
export { TimeSlices } from './time-slices.ts';
