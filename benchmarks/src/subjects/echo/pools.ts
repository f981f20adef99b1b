/** The peers with one worker thread each that answers what it is sent. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { measurePipelined } from '../../measuring/pipelined.ts';
import { measureSequential } from '../../measuring/sequential.ts';
import type { Params, Sample } from '../../scenario.ts';
import { echoesOf } from './payload.ts';

type Echo = (payload: unknown) => Promise<unknown>;

export interface EchoPool {
  readonly echo: Echo;
  close(): Promise<unknown>;
}

export type PoolName = 'comlink' | 'piscina' | 'workerpool' | 'poolifier';

/** How long the worker of a Piscina stays in a blocking wait for its next task. */
export type PiscinaAtomics = 'sync' | 'async' | 'disabled';

export interface PoolOptions {
  /** Piscina only: tasks that its worker may have at once. Its default is 1. */
  readonly tasksPerWorker?: number;
  readonly atomics?: PiscinaAtomics;
}

const openers: Record<PoolName, (options: PoolOptions) => Promise<EchoPool>> = {
  async comlink() {
    const { wrap } = await import('comlink');
    const { default: nodeEndpoint } = await import('comlink/dist/esm/node-adapter.mjs');
    const worker = new Worker(new URL('./comlink.worker.js', import.meta.url));
    await once(worker, 'message');
    const echoes = wrap<{ echo: (payload: unknown) => unknown }>(nodeEndpoint(worker));
    return { echo: async (payload) => echoes.echo(payload), close: () => worker.terminate() };
  },
  async piscina({ tasksPerWorker = 1, atomics = 'sync' }) {
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      filename: new URL('./piscina.worker.js', import.meta.url).href,
      minThreads: 1,
      maxThreads: 1,
      concurrentTasksPerWorker: tasksPerWorker,
      atomics,
    });
    return { echo: (payload) => pool.run(payload, { name: 'echo' }), close: () => pool.destroy() };
  },
  async workerpool() {
    const { default: workerpool } = await import('workerpool');
    const script = new URL('./workerpool.worker.js', import.meta.url);
    const pool = workerpool.pool(script.pathname, { workerType: 'thread', minWorkers: 1, maxWorkers: 1 });
    return {
      echo: async (payload) => pool.exec('echo', [payload]),
      close: async () => pool.terminate(),
    };
  },
  async poolifier() {
    const { FixedThreadPool } = await import('poolifier');
    const script = new URL('./poolifier.worker.js', import.meta.url);
    const pool = new FixedThreadPool<unknown, unknown>(1, script.pathname);
    return { echo: (payload) => pool.execute(payload), close: () => pool.destroy() };
  },
};

export function openPool(name: PoolName, options: PoolOptions = {}): Promise<EchoPool> {
  return openers[name](options);
}

export async function measurePoolEcho(
  name: PoolName,
  params: Params,
  options?: PoolOptions,
): Promise<Sample> {
  const pool = await openPool(name, options);
  const operation = echoesOf(params.payloadBytes, (payload) => pool.echo(payload));
  const sample = await (params.inFlight === 1 ? measureSequential : measurePipelined)(operation, params);
  await pool.close();
  return sample;
}
