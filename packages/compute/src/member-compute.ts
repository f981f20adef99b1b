/**
 * The caller's end of compute on one member: checks what users hand in, copies it, and hands the rest to the calls.
 * Knows the executions that somebody follows, to pass them what hosts tell about them.
 */
import {
  type AnyTable,
  type CallOptions,
  type CallSite,
  type CoreMember,
  callSiteOf,
  HostLostError,
  InvalidArgumentError,
  type JoinedTransactions,
  type Member,
  type MemberTables,
  PartitionUnavailableError,
  type Peer,
  TimeoutError,
  throwHere,
} from '@troupe/core';
import {
  type AnyRunOptions,
  checkRunOptions,
  checkStreamOptions,
  labelOf,
  mustBeKind,
} from './call-arguments.ts';
import type { Broadcast, BroadcastOptions, StreamRunOptions } from './compute-client.ts';
import type { ExecutionNews } from './compute-service.ts';
import { type Execution, type ExecutionId, JobExecution } from './execution.ts';
import { type ExecutionRow, withoutSuperseded } from './execution-row.ts';
import type { AnyJob } from './job.ts';
import { callJob, callJobIn, prepareCall, resultsOf } from './job-calls.ts';
import { listTimeoutMs } from './limits.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import { callMapReduce } from './map-reduce-calls.ts';
import { ComputeOp } from './messages.ts';
import type { AttemptOptions, CallIdentity } from './outgoing-call.ts';
import { StreamCalls, streamShares } from './stream-calls.ts';
import { type JobTarget, type PlacedTarget, TargetPlacer } from './target.ts';

/** Starts the call; its answer is for the caller alone. */
type Begin = (identity: CallIdentity, options: AttemptOptions) => Promise<unknown>;

export class MemberCompute implements ExecutionNews {
  readonly #core: CoreMember;
  readonly #member: Member;
  readonly #placer: TargetPlacer;
  readonly #streams: StreamCalls;
  readonly #followed = new Map<ExecutionId, JobExecution<unknown>>();
  readonly #joins: Pick<JoinedTransactions, 'current'> | undefined;

  constructor(core: CoreMember, tables: MemberTables, joins?: Pick<JoinedTransactions, 'current'>) {
    this.#core = core;
    this.#joins = joins;
    this.#member = core.member;
    this.#placer = new TargetPlacer(core, tables);
    this.#streams = new StreamCalls(core.member);
  }

  run(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Promise<unknown> {
    const result = this.#run(definition, args, options);
    // One that a transaction's body forgets is refused with it; it is not to end the process too.
    if (this.#joins?.current() !== undefined) result.catch(() => undefined);
    return result;
  }

  #run(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Promise<unknown> {
    try {
      const begin = this.#prepare(definition, args, options);
      return begin({ execution: this.#member.shared.draw(), follower: undefined }, options).catch(throwHere);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  submit(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Execution<unknown> {
    const begin = this.#prepare(definition, args, options);
    return this.#follow(labelOf(definition), options, callSiteOf(), begin);
  }

  broadcast(job: AnyJob, args: unknown, options: BroadcastOptions): Broadcast<unknown> {
    mustBeKind(job, ['job'], 'broadcast');
    const number = this.#core.definitions.idOf(job);
    checkRunOptions(options, 'over', job);
    const targets = options.over === 'hosts' ? this.#placer.hosts() : this.#placer.partitionsOf(options.over);
    const call = prepareCall(number, job, args);
    const site = callSiteOf();
    const executions = targets.map((target) =>
      this.#follow(labelOf(job), options, site, (identity, bounds) =>
        callJob(this.#member, call, target, identity, bounds, true),
      ),
    );
    const results = resultsOf(executions, targets);
    results.catch(() => undefined);
    return { executions, results };
  }

  stream(job: AnyJob, args: unknown, options: StreamRunOptions): AsyncIterableIterator<unknown> {
    mustBeKind(job, ['job'], 'stream');
    const number = this.#core.definitions.idOf(job);
    checkStreamOptions(options, job);
    const targets = this.#streamTargets(options);
    const call = prepareCall(number, job, args);
    return this.#streams.read(call, streamShares(targets), options);
  }

  async list(): Promise<ExecutionRow[]> {
    const members = Array.from({ length: this.#member.shared.memberCount }, (_, id) => id);
    const lists = await Promise.all(
      members.filter((id) => this.#member.tryPeer(id) !== undefined).map((id) => this.#listOf(id)),
    );
    return withoutSuperseded(lists.flat());
  }

  started(id: ExecutionId): void {
    this.#followed.get(id)?.started();
  }

  report(id: ExecutionId, requestId: number, report: unknown, from: Peer): void {
    this.#followed.get(id)?.reported(requestId, report, from);
  }

  #follow(name: string, options: AttemptOptions, site: CallSite, begin: Begin): JobExecution<unknown> {
    const id = this.#member.shared.draw();
    const { signal, priority } = options;
    const execution: JobExecution<unknown> = new JobExecution({
      id,
      member: this.#member,
      name,
      signal,
      priority,
      site,
      // A turn later, so that a start within this call finds the execution.
      begin: (follower, bound) =>
        Promise.resolve().then(() => begin({ execution: id, follower }, { ...options, signal: bound })),
    });
    this.#followed.set(id, execution);
    const forget = (): boolean => this.#followed.delete(id);
    execution.result.then(forget, forget);
    return execution;
  }

  /** Checks everything and copies the arguments. Throws. */
  #prepare(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Begin {
    mustBeKind(definition, ['job', 'mapReduce'], 'run');
    const number = this.#core.definitions.idOf(definition);
    if (definition.kind === 'job') {
      checkRunOptions(options, 'at', definition);
      const target = this.#placer.place(options.at as JobTarget);
      const call = prepareCall(number, definition, args);
      const joined = options.transaction === false || target === 'any' ? undefined : this.#joins?.current();
      if (joined === undefined || target === 'any')
        return (identity, bounds) => callJob(this.#member, call, target, identity, bounds);
      return (identity, options) =>
        joined.call(boundsOf(options), (ref, bounds) =>
          callJobIn(this.#member, call, target, identity, ref, bounds),
        );
    }
    checkRunOptions(options, 'over', definition);
    const targets = this.#placer.partitionsOf(options.over as AnyTable);
    const call = prepareCall(number, definition, args);
    const { onFailedPart } = options;
    return (identity, bounds) =>
      callMapReduce({
        member: this.#member,
        definition,
        prepared: call,
        targets,
        identity,
        options: { ...bounds, onFailedPart },
      });
  }

  #streamTargets(options: StreamRunOptions): PlacedTarget[] {
    if ('over' in options) return this.#placer.partitionsOf(options.over);
    const target = this.#placer.place(options.at);
    if (target === 'any') throw withoutStreams();
    return [target];
  }

  /** A host that is lost meanwhile, or blocked, is left out. */
  async #listOf(id: number): Promise<ExecutionRow[]> {
    try {
      return (await this.#member.request(id, [ComputeOp.list, 0], 0, listBounds)) as ExecutionRow[];
    } catch (error) {
      if (absences.some((absence) => error instanceof absence)) return [];
      throw error;
    }
  }
}

const listBounds = { timeoutMs: listTimeoutMs };
const absences = [HostLostError, PartitionUnavailableError, TimeoutError] as const;

function withoutStreams(): InvalidArgumentError {
  return new InvalidArgumentError(
    "a stream can't run at 'any': run it at a key, a partition or a host, or over a table",
    { details: { argument: 'at' } },
  );
}

/** Undefined where the caller has set none: then the transaction's bounds hold. */
function boundsOf({ timeoutMs, signal }: AttemptOptions): CallOptions | undefined {
  return timeoutMs === undefined && signal === undefined ? undefined : { timeoutMs, signal };
}
