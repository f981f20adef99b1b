/** Jobs, broadcasts and map-reduce that run at the owner of the data, and a pool of threads for plain computation. */
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
  BroadcastOptions,
  BroadcastResult,
  ComputeClient,
  MapReduceRunOptions,
  RunOptions,
} from './compute-client.ts';
export type { RunnerPorts } from './event-loop-ports.ts';
export type { Execution, ExecutionId, ExecutionState } from './execution.ts';
export { type AnyJob, type JobDefinition, type JobOptions, job } from './job.ts';
export type { JobContext } from './job-context.ts';
export { JobQueue, type JobQueueOptions, type QueueEntry, type QueuePorts } from './job-queue.ts';
export {
  type AnyMapReduce,
  type MapReduceDefinition,
  type MapReduceOptions,
  mapReduce,
} from './map-reduce.ts';
export type { AttemptOptions } from './outgoing-call.ts';
export type { JobTarget } from './target.ts';
