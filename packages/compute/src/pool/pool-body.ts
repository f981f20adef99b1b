/**
 * The body of a job at `'any'`: a thread of a Piscina pool, which holds no data and does plain computation. The pool
 * and its threads come with the first such job; threads that have nothing to do for a while end.
 *
 * When nobody waits for a job any more its thread is killed, whatever it is doing: that stops runaway jobs too. The
 * queue of jobs is in front of the pool (`job-runner.ts`), so Piscina never has more than it has threads for.
 */
import {
  currentContext,
  type Definitions,
  type ErrorRegistry,
  errorFromWire,
  FrameCodec,
  GridClosedError,
  memoryOf,
  threadExecArgv,
} from '@troupe/core';
import { Piscina } from 'piscina';
import type { HostedJob } from '../hosted-job.ts';
import type { JobBody } from '../job-runner.ts';
import { poolIdleMs } from '../limits.ts';
import type { PoolAnswer, PoolTask, PoolThreadData } from './pool-task.ts';

export interface PoolBodyOptions {
  readonly definitions: Definitions;
  readonly errors: ErrorRegistry;
  /** Most threads. */
  readonly size: number;
  readonly modules: readonly string[];
}

type Pool = Piscina<PoolTask, PoolAnswer>;

export class PoolBody implements JobBody {
  readonly #options: PoolBodyOptions;
  readonly #codec = new FrameCodec();
  #pool: Pool | undefined;
  #closed = false;

  constructor(options: PoolBodyOptions) {
    this.#options = options;
  }

  nameOf({ definition }: HostedJob): string {
    return this.#options.definitions.mustGet('job', definition).name;
  }

  async run(job: HostedJob): Promise<unknown> {
    const name = this.nameOf(job);
    if (this.#closed) throw new GridClosedError('the grid is closed');
    this.#pool ??= newPool(this.#options);
    const answer = await this.#runOn(this.#pool, name, job);
    const [succeeded, value] = this.#codec.decode(answer)[0] ?? [];
    if (succeeded === true) return value;
    throw errorFromWire(value as unknown[], this.#options.errors, undefined, 'pool → main');
  }

  async #runOn(pool: Pool, name: string, job: HostedJob): Promise<PoolAnswer> {
    const args = this.#codec.encode([[job.args]]);
    const { execution, attempt } = job;
    const task: PoolTask = { job: name, execution, attempt, args, context: currentContext() };
    const transferList = memoryOf(args);
    try {
      return await pool.run(task, { signal: job.signal, transferList });
    } catch (error) {
      if (this.#closed)
        throw new GridClosedError('the grid was closed before this job ended', { cause: error });
      throw error;
    }
  }

  /** It was unpacked for this caller alone. */
  answer(_job: HostedJob, result: unknown): unknown {
    return result;
  }

  /** Kills all threads. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.destroy();
  }
}

function newPool({ size, modules }: PoolBodyOptions): Pool {
  const workerData: PoolThreadData = { modules };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const execArgv = threadExecArgv(process.execArgv);
  const pool = new Piscina<PoolTask, PoolAnswer>({
    ...(execArgv === undefined ? {} : { execArgv }),
    filename: new URL(`./pool-thread.${extension}`, import.meta.url).href,
    name: 'runPoolTask',
    minThreads: 0,
    maxThreads: size,
    idleTimeout: poolIdleMs,
    atomics: 'disabled',
    recordTiming: false,
    workerData,
  });
  // An error outside a task, on a thread that has none; the next task gets a new thread.
  pool.on('error', () => undefined);
  return pool;
}
