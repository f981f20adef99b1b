/**
 * The caller's end of compute on one member: checks what users hand in, copies it, and hands the rest to the calls.
 * Knows the executions that somebody follows, to tell them when they have begun.
 */
import {
  type AnyTable,
  addCallSite,
  type CallOptions,
  type CoreMember,
  callOptionNamesWith,
  checkCallOptions,
  InvalidArgumentError,
  isDefinition,
  type JoinedTransactions,
  type Member,
  type MemberTables,
  mustBe,
  mustBeInteger,
} from '@troupe/core';
import type { BroadcastOptions, BroadcastResult } from './compute-client.ts';
import { type Execution, type ExecutionId, JobExecution } from './execution.ts';
import type { AnyJob } from './job.ts';
import { broadcastJob, callJob, callJobIn, prepareCall } from './job-calls.ts';
import type { AnyMapReduce } from './map-reduce.ts';
import { callMapReduce } from './map-reduce-calls.ts';
import type { AttemptOptions, CallIdentity } from './outgoing-call.ts';
import { type JobTarget, TargetPlacer } from './target.ts';

type AnyRunOptions = AttemptOptions & {
  readonly at?: JobTarget;
  readonly over?: AnyTable;
  readonly transaction?: boolean | undefined;
};

/** Starts the call; its answer is for the caller alone. */
type Begin = (identity: CallIdentity, options: AttemptOptions) => Promise<unknown>;

export class MemberCompute {
  readonly #core: CoreMember;
  readonly #member: Member;
  readonly #placer: TargetPlacer;
  readonly #joins: Pick<JoinedTransactions, 'current'> | undefined;
  readonly #watched = new Map<ExecutionId, JobExecution<unknown>>();

  constructor(core: CoreMember, tables: MemberTables, joins?: Pick<JoinedTransactions, 'current'>) {
    this.#core = core;
    this.#joins = joins;
    this.#member = core.member;
    this.#placer = new TargetPlacer(core, tables);
  }

  run(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Promise<unknown> {
    const result = this.#run(definition, args, options);
    // One that a transaction's body forgets is refused with it; it is not to end the process too.
    if (this.#joins?.current() !== undefined) result.catch(() => undefined);
    return result;
  }

  async #run(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Promise<unknown> {
    const begin = this.#prepare(definition, args, options);
    try {
      return await begin({ execution: this.#member.shared.draw(), watched: false }, options);
    } catch (error) {
      addCallSite(error);
      throw error;
    }
  }

  submit(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Execution<unknown> {
    const begin = this.#prepare(definition, args, options);
    const id = this.#member.shared.draw();
    const execution: JobExecution<unknown> = new JobExecution(
      id,
      labelOf(definition),
      options.signal,
      (signal) =>
        // A turn later, so that a start within this call finds the execution.
        Promise.resolve().then(() => begin({ execution: id, watched: true }, { ...options, signal })),
    );
    this.#watched.set(id, execution);
    const forget = (): boolean => this.#watched.delete(id);
    execution.result.then(forget, forget);
    return execution;
  }

  async broadcast(job: AnyJob, args: unknown, options: BroadcastOptions): Promise<BroadcastResult<unknown>> {
    mustBeKind(job, ['job'], 'broadcast');
    const number = this.#core.definitions.idOf(job);
    checkAttemptOptions(options, 'over', job);
    const targets = options.over === 'hosts' ? this.#placer.hosts() : this.#placer.partitionsOf(options.over);
    const call = prepareCall(number, labelOf(job), args);
    try {
      return { results: await broadcastJob(this.#member, call, targets, options) };
    } catch (error) {
      addCallSite(error);
      throw error;
    }
  }

  /** A host reports that an execution's body has begun. */
  started(id: ExecutionId): void {
    this.#watched.get(id)?.started();
  }

  /** Checks everything and copies the arguments. Throws. */
  #prepare(definition: AnyJob | AnyMapReduce, args: unknown, options: AnyRunOptions): Begin {
    mustBeKind(definition, ['job', 'mapReduce'], 'run');
    const number = this.#core.definitions.idOf(definition);
    if (definition.kind === 'job') {
      checkAttemptOptions(options, 'at', definition);
      const target = this.#placer.place(options.at as JobTarget);
      const call = prepareCall(number, labelOf(definition), args);
      const joined = options.transaction === false || target === 'any' ? undefined : this.#joins?.current();
      if (joined === undefined || target === 'any')
        return (identity, bounds) => callJob(this.#member, call, target, identity, bounds);
      return (identity, options) =>
        joined.call(boundsOf(options), (ref, bounds) =>
          callJobIn(this.#member, call, target, identity, ref, bounds),
        );
    }
    checkAttemptOptions(options, 'over', definition);
    const targets = this.#placer.partitionsOf(options.over as AnyTable);
    const call = prepareCall(number, labelOf(definition), args);
    return (identity, bounds) => callMapReduce(this.#member, definition, call, targets, identity, bounds);
  }
}

/** Undefined where the caller has set none: then the transaction's bounds hold. */
function boundsOf({ timeoutMs, signal }: AttemptOptions): CallOptions | undefined {
  return timeoutMs === undefined && signal === undefined ? undefined : { timeoutMs, signal };
}

function labelOf({ kind, name }: AnyJob | AnyMapReduce): string {
  return kind === 'job' ? `job '${name}'` : `map-reduce '${name}'`;
}

function mustBeKind(definition: unknown, kinds: readonly string[], method: string): void {
  if (isDefinition(definition) && kinds.includes(definition.kind)) return;
  const what = kinds.length === 1 ? 'a job' : 'a job or a map-reduce';
  if (isDefinition(definition)) {
    throw new InvalidArgumentError(
      `compute.${method} takes ${what}, got the ${definition.kind} '${definition.name}'`,
      {
        details: { argument: 'job', kind: definition.kind, name: definition.name },
      },
    );
  }
  mustBe(false, 'job', `${what} made by job()${kinds.length === 1 ? '' : ' or mapReduce()'}`, definition);
}

/** `where`: the option that says where it runs. */
const optionNames = {
  at: callOptionNamesWith('at', 'retries', 'transaction'),
  over: callOptionNamesWith('over', 'retries'),
};

function checkAttemptOptions(
  options: AnyRunOptions | BroadcastOptions,
  where: 'at' | 'over',
  definition: AnyJob | AnyMapReduce,
): void {
  mustBe(
    typeof options === 'object' && options !== null,
    'options',
    `an options object with \`${where}\``,
    options,
  );
  const other = where === 'at' ? 'over' : 'at';
  if (other in options && options[other as keyof typeof options] !== undefined) {
    throw new InvalidArgumentError(
      `\`${other}\` is not for ${labelOf(definition)} here: it takes \`${where}\` (compute.run of a job takes \`at\`; a map-reduce and a broadcast take \`over\`)`,
      { details: { argument: other } },
    );
  }
  checkCallOptions(options, optionNames[where]);
  if ('transaction' in options && options.transaction !== undefined)
    mustBe(typeof options.transaction === 'boolean', 'transaction', 'true or false', options.transaction);
  if (options.retries !== undefined) mustBeInteger(options.retries, 'retries', 0, Number.MAX_SAFE_INTEGER);
}
