/**
 * The context that jobs get: who they are, the data around them, and everything the member's client offers. One class
 * for each member, with the client's methods bound on its prototype, so that a job costs one small object.
 */
import {
  type AnyTable,
  type Client,
  InvalidArgumentError,
  type Key,
  LocalTable,
  type Member,
  type MemberTables,
  type OwnedPartitions,
  offerClient,
  type Partition,
  type PartitionId,
  PartitionUnavailableError,
  type Placement,
  type TableDefinition,
  whenSettled,
} from '@troupe/core';
import type { ExecutionId } from './execution.ts';
import type { HostedJob } from './hosted-job.ts';
import { reportProgress } from './job-report.ts';
import { ComputeOp } from './messages.ts';

/**
 * What the body of a job gets first. In a job at `'any'` only `id`, `attempt`, `signal`, `cancelled` and `progress`
 * work. `P`: what it reports; write `ctx: JobContext<Step>` to give reports a type.
 */
export interface JobContext<P = unknown> extends Client {
  /** The same when the job is run again. */
  readonly id: ExecutionId;
  /** 1, then 2 when the job is run again because its thread died or it failed. */
  readonly attempt: number;
  /** The partition it runs for; undefined when it runs for a host as a whole or in the pool. */
  readonly partition: PartitionId | undefined;
  /** The host it runs on. */
  readonly host: number | undefined;
  /** Aborts when nobody waits for the job any more: canceled, timed out, or the caller is gone. */
  readonly signal: AbortSignal;
  /** True when the job is to stop. Cheap, and also right in the middle of a loop that never gives way. */
  readonly cancelled: boolean;
  /**
   * Reports how far the job is, to who follows it by `submit`. The newest report wins: a reader that is slower than
   * the job sees fewer of them. Copied; costs nothing when nobody follows. Of a map-reduce, whose progress is how many
   * partitions are mapped, these reports are heard by nobody.
   */
  progress(report: P): void;
  /**
   * The table as it is on this thread: the live data of the partition the job runs for, or of all partitions of the
   * host. Synchronous, without a copy, without locks, and read-only: values are deep-frozen.
   */
  local<K extends Key, V, I>(table: TableDefinition<K, V, I>): LocalTable<K, V>;
  /**
   * As `local`, but as it was at one moment: that of the job's first call, the same for all tables. What is written
   * meanwhile doesn't show, however often the job gives way. For a minute; then SNAPSHOT_TOO_OLD.
   */
  snapshot<K extends Key, V, I>(table: TableDefinition<K, V, I>): Promise<LocalTable<K, V>>;
}

/** What contexts of a member stand on. */
export interface ContextGround {
  readonly member: Member;
  readonly tables: MemberTables;
  readonly placement: Placement;
  readonly owned: OwnedPartitions;
  readonly host: number;
}

/** Makes the context of a job for one partition, or for the host. */
export type MakeContext = (job: HostedJob, partition: PartitionId | undefined) => JobContext;

/** Contexts that offer what `client` does. */
export function contextMaker(client: Client, ground: ContextGround): MakeContext {
  const { member, tables, placement, owned, host } = ground;
  class HostContext {
    readonly id: ExecutionId;
    readonly attempt: number;
    readonly partition: PartitionId | undefined;
    readonly #job: HostedJob;

    constructor(job: HostedJob, partition: PartitionId | undefined) {
      this.id = job.execution;
      this.attempt = job.attempt;
      this.partition = partition;
      this.#job = job;
    }

    get host(): number {
      return host;
    }

    get signal(): AbortSignal {
      return this.#job.signal;
    }

    get cancelled(): boolean {
      return this.#job.cancelled;
    }

    progress(report: unknown): void {
      // The reports of a map are its count of partitions.
      if (this.#job.op !== ComputeOp.map) reportProgress(member, this.#job, report);
    }

    local(table: AnyTable): LocalTable<Key, unknown> {
      const partitions = [...this.#partitions()];
      for (const { concurrency } of partitions) concurrency.catchUp();
      return new LocalTable(tables.handle(table), placement, partitions, undefined, member.clock);
    }

    async snapshot(table: AnyTable): Promise<LocalTable<Key, unknown>> {
      const handle = tables.handle(table);
      const partitions = [...this.#partitions()];
      if (this.#job.ended) throw ended();
      this.#job.snapshot ??= tables.snapshots.acquire();
      const { snapshot } = this.#job;
      await whenSettled(partitions, handle.id, snapshot.timestamp);
      return new LocalTable(handle, placement, partitions, snapshot, member.clock);
    }

    #partitions(): Iterable<Partition> {
      return this.partition === undefined ? owned.all() : [mustOwn(owned, this.partition)];
    }
  }
  offerClient(client, HostContext.prototype);
  return (job, partition) => new HostContext(job, partition) as unknown as JobContext;
}

function ended(): InvalidArgumentError {
  return new InvalidArgumentError('this job has ended: nothing would give its snapshot back', {
    details: { argument: 'ctx' },
  });
}

/** The partition, which this member has been asked to run a job for. Throws PARTITION_UNAVAILABLE. */
export function mustOwn(owned: OwnedPartitions, id: PartitionId): Partition {
  const partition = owned.current(id);
  if (partition !== undefined) return partition;
  throw new PartitionUnavailableError(`partition ${id} is not on this host`, { details: { partition: id } });
}
