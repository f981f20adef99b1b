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
  mustBeInteger,
} from '@troupe/core';
import type { ComputeClient } from './compute-client.ts';
import { ComputeService } from './compute-service.ts';
import { eventLoopPorts, type RunnerPorts } from './event-loop-ports.ts';
import { contextMaker } from './job-context.ts';
import { JobRunner } from './job-runner.ts';
import { jobConcurrencyDefault } from './limits.ts';
import { LocalBody } from './local-body.ts';
import { MemberCompute } from './member-compute.ts';
import { PoolBody } from './pool/pool-body.ts';

/** What users may set, the same for every member. */
export interface ComputeSettings {
  /** Jobs of one host that may be under way at once; they take turns at their awaits. Default 16. */
  readonly concurrency?: number | undefined;
  /** Jobs that may wait on one host; beyond it QUEUE_FULL. Default 10,000. */
  readonly queueMax?: number | undefined;
  /** Most threads of the pool, where jobs at `'any'` run. Default: one per core less one. */
  readonly poolSize?: number | undefined;
}

export interface ComputeOptions extends ComputeSettings {
  /** URLs of the user's modules, which the threads of the pool import. Only the main thread's matter. */
  readonly modules?: readonly string[] | undefined;
  readonly ports?: RunnerPorts | undefined;
  /** Lets jobs that are called in transactions be part of them. */
  readonly joins?: JoinedTransactions | undefined;
}

const settingNames = ['concurrency', 'queueMax', 'poolSize'];

/** Throws InvalidArgumentError for the first setting that is wrong; `name` is what the user calls them all. */
export function checkComputeSettings(settings: ComputeSettings, name = 'compute'): ComputeSettings {
  checkOptions(settings, name, settingNames);
  for (const [setting, value] of Object.entries(settings)) {
    if (value !== undefined) mustBeInteger(value, `${name}.${setting}`, 1, Number.MAX_SAFE_INTEGER);
  }
  return settings;
}

export class Compute {
  /** What users of this member get. */
  readonly client: ComputeClient;
  readonly #local: JobRunner;
  readonly #pool: JobRunner;
  readonly #poolBody: PoolBody;

  /** `client` is what jobs find in their context; asked for once, at the first job. */
  constructor(core: CoreMember, tables: MemberTables, client: () => Client, options: ComputeOptions = {}) {
    const { member, definitions, owned, placement } = core;
    const ports = options.ports ?? eventLoopPorts();
    const poolSize = options.poolSize ?? Math.max(1, availableParallelism() - 1);
    const { joins } = options;
    const runner = { member, ports, joins, queueMax: options.queueMax ?? jobQueueLengthMax };
    const host = member.self.id - 1;
    const contexts = (): ReturnType<typeof contextMaker> =>
      contextMaker(client(), { tables, placement, owned, host });
    const body = new LocalBody({ definitions, owned, ports, contexts });
    const concurrency = options.concurrency ?? jobConcurrencyDefault;
    this.#local = new JobRunner({ ...runner, body, concurrency, place: `host ${host}` });
    this.#poolBody = new PoolBody({
      definitions,
      errors: member.errors,
      size: poolSize,
      modules: options.modules ?? [],
    });
    this.#pool = new JobRunner({ ...runner, body: this.#poolBody, concurrency: poolSize, place: 'the pool' });
    const calls = new MemberCompute(core, tables, joins);
    this.client = clientOf(calls);
    const started = calls.started.bind(calls);
    member.register(Family.compute, new ComputeService({ local: this.#local, pool: this.#pool, started }));
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
  };
  // The types say what the definitions promise; the calls below them know only `unknown`.
  return client as unknown as ComputeClient;
}
