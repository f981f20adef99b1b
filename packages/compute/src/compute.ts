/** Compute on one member, put together: the jobs that run here, the pool of the main thread, and the client. */

import { availableParallelism } from 'node:os';
import {
  type Client,
  type CoreMember,
  checkOptions,
  Family,
  type JoinedTransactions,
  jobQueueLengthMax,
  type MemberTables,
  mustBe,
  mustBeInteger,
  mustBePositive,
} from '@troupe/core';
import type { ComputeClient } from './compute-client.ts';
import { ComputeService } from './compute-service.ts';
import { eventLoopPorts, type RunnerPorts } from './event-loop-ports.ts';
import type { AnyJob } from './job.ts';
import { contextMaker } from './job-context.ts';
import { JobRunner } from './job-runner.ts';
import { jobConcurrencyDefault, statesKeptMsDefault } from './limits.ts';
import { LocalBody } from './local-body.ts';
import { MemberCompute } from './member-compute.ts';
import { InlinePoolBody } from './pool/inline-pool-body.ts';
import { PoolBody } from './pool/pool-body.ts';
import { type BlockedPort, startBeating, startWatching } from './thread-watch.ts';

/** What users may set, the same for every member. */
export interface ComputeSettings {
  /** Jobs of one host that may be under way at once; they take turns at their awaits. Default 16. */
  readonly concurrency?: number | undefined;
  /** Jobs that may wait on one host; beyond it QUEUE_FULL. Default 10,000. */
  readonly queueMax?: number | undefined;
  /** Most threads of the pool, where jobs at `'any'` run. Default: one per core less one. */
  readonly poolSize?: number | undefined;
  /** How long `compute.list()` shows an execution that has ended (the last 1,000 of each host). Default 60,000. */
  readonly statesKeptMs?: number | undefined;
  /**
   * How long a job may keep a host's thread from everything else before that is reported: by the event `hostBlocked`
   * and the diagnostics channel `troupe.host`. Milliseconds, `Infinity` for never; default 10,000. Not on a grid
   * without threads.
   */
  readonly blockedMsMax?: number | undefined;
  /**
   * What happens then. `'terminate'`: the thread is killed like any that fails, its partitions begin anew, the job rejects
   * with JOB_BLOCKED, other jobs of the thread run again. Default `'report'`.
   */
  readonly onBlocked?: 'report' | 'terminate' | undefined;
}

export interface ComputeOptions extends ComputeSettings {
  /** URLs of the user's modules, which the threads of the pool import. Only the main thread's matter. */
  readonly modules?: readonly string[] | undefined;
  readonly ports?: RunnerPorts | undefined;
  /** Runs the jobs at `'any'` on this thread instead: for grids of tests. Default false. */
  readonly isPoolInline?: boolean | undefined;
  /** Lets jobs that are called in transactions be part of them. */
  readonly joins?: JoinedTransactions | undefined;
}

const countNames = ['concurrency', 'queueMax', 'poolSize'] as const;
const settingNames = [...countNames, 'statesKeptMs', 'blockedMsMax', 'onBlocked'];

/** Throws InvalidArgumentError for the first setting that is wrong; `name` is what the user calls them all. */
export function checkComputeSettings(settings: ComputeSettings, name = 'compute'): ComputeSettings {
  checkOptions(settings, name, settingNames);
  for (const count of countNames) {
    const value = settings[count];
    if (value !== undefined) mustBeInteger(value, `${name}.${count}`, 1, Number.MAX_SAFE_INTEGER);
  }
  const { statesKeptMs = 0, blockedMsMax, onBlocked = 'report' } = settings;
  mustBeInteger(statesKeptMs, `${name}.statesKeptMs`, 0, Number.MAX_SAFE_INTEGER);
  if (blockedMsMax !== undefined) mustBePositive(blockedMsMax, `${name}.blockedMsMax`);
  const isKnown = onBlocked === 'report' || onBlocked === 'terminate';
  mustBe(isKnown, `${name}.onBlocked`, "'report' or 'terminate'", onBlocked);
  return settings;
}

export class Compute {
  /** What users of this member get. */
  readonly client: ComputeClient;
  readonly #local: JobRunner;
  readonly #pool: JobRunner;
  readonly #poolBody: PoolBody | InlinePoolBody;
  /** Looks after blocked threads; undefined when nobody is to. */
  readonly #watch: ((port: BlockedPort) => () => void) | undefined;
  readonly #stops: (() => void)[] = [];

  /** `client` is what jobs find in their context; asked for once, at the first job. */
  constructor(core: CoreMember, tables: MemberTables, client: () => Client, options: ComputeOptions = {}) {
    const { member, definitions, owned, placement } = core;
    const ports = options.ports ?? eventLoopPorts(member.clock);
    const poolSize = options.poolSize ?? Math.max(1, availableParallelism() - 1);
    const queueMax = options.queueMax ?? jobQueueLengthMax;
    const statesKeptMs = options.statesKeptMs ?? statesKeptMsDefault;
    const { joins } = options;
    const runner = { member, ports, joins, queueMax, statesKeptMs };
    const host = member.self.id - 1;
    const contexts = (): ReturnType<typeof contextMaker> =>
      contextMaker(client(), { member, tables, placement, owned, host });
    const body = new LocalBody({ member, definitions, owned, ports, contexts });
    const concurrency = options.concurrency ?? jobConcurrencyDefault;
    const board = member.self.calls?.board;
    this.#local = new JobRunner({ ...runner, body, concurrency, place: `host ${host}`, board });
    const { errors } = member;
    const { modules = [], isPoolInline = false } = options;
    this.#poolBody = isPoolInline
      ? new InlinePoolBody(definitions)
      : new PoolBody({ definitions, errors, size: poolSize, modules });
    this.#pool = new JobRunner({ ...runner, body: this.#poolBody, concurrency: poolSize, place: 'the pool' });
    const calls = new MemberCompute(core, tables, joins);
    this.client = clientOf(calls);
    tables.useReceivers({
      check: (receiver) => void definitions.idOf(receiver),
      receive: (receiver, at, page, bounds) =>
        calls.run(receiver as AnyJob, page, { at, transaction: false, ...bounds }),
    });
    const parts = { member, definitions, local: this.#local, pool: this.#pool, news: calls };
    member.register(Family.compute, new ComputeService(parts));
    const { blockedMsMax = Number.POSITIVE_INFINITY, onBlocked } = options;
    if (!Number.isFinite(blockedMsMax)) return;
    const watched = { member, definitions, ports, blockedMsMax, terminates: onBlocked === 'terminate' };
    if (core.isHost && board !== undefined) this.#stops.push(startBeating(board, blockedMsMax, ports));
    this.#watch = (port) => startWatching(watched, port);
  }

  /** Looks after threads that are blocked, until the close. For the member of the main thread. */
  watchThreads(port: BlockedPort): void {
    if (this.#watch !== undefined) this.#stops.push(this.#watch(port));
  }

  /** Jobs that wait or are under way on this thread, or in its pool. */
  get openJobs(): number {
    return this.#local.open + this.#pool.open;
  }

  /** Resolves when no job waits or is under way here. */
  async idle(): Promise<void> {
    while (this.openJobs > 0) await Promise.all([this.#local.idle(), this.#pool.idle()]);
  }

  /** Refuses jobs from now on, rejects those that wait with GRID_CLOSED, tells those that run, ends the pool. */
  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    this.#local.close();
    this.#pool.close();
    await this.#poolBody.close();
  }
}

function clientOf(calls: MemberCompute): ComputeClient {
  const client = {
    run: calls.run.bind(calls),
    submit: calls.submit.bind(calls),
    broadcast: calls.broadcast.bind(calls),
    stream: calls.stream.bind(calls),
    list: calls.list.bind(calls),
  };
  // The types say what the definitions promise; the calls below them know only `unknown`.
  return client as unknown as ComputeClient;
}
