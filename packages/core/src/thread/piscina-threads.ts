/**
 * Host threads as Piscina tasks that run as long as the host. Each thread has a pool of its own, of at most one
 * thread: so it is certain which Worker runs which host, whose exit to await before a successor starts, and no spare
 * thread is started when one dies during close. Piscina brings the start-up protocol, resource limits and the kill.
 */
import type { ResourceLimits, Transferable } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { assert } from '../assert.ts';
import { threadExecArgv } from './exec-argv.ts';
import type { ThreadFactory } from './thread-factory.ts';
import { watchThread } from './watch-thread.ts';

export interface PiscinaThreadOptions {
  /** The module that runs a host. */
  readonly entry: URL;
  /** The name of the function it exports: takes a HostStart, resolves when the host has closed. */
  readonly exportName: string;
  readonly resourceLimits?: ResourceLimits | undefined;
}

export function piscinaThreads(options: PiscinaThreadOptions): ThreadFactory {
  return {
    start(payload, transferList) {
      const pool = newPool(options);
      const running: Promise<void> = pool.run(payload, { transferList: transferList as Transferable[] });
      const [worker] = pool.threads;
      assert(worker !== undefined, 'a pool of one thread has started none');
      return watchThread(worker, running, () => pool.destroy());
    },
  };
}

function newPool(options: PiscinaThreadOptions): Piscina {
  const execArgv = threadExecArgv(process.execArgv);
  const pool = new Piscina({
    filename: options.entry.href,
    name: options.exportName,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    recordTiming: false,
    ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    ...(execArgv === undefined ? {} : { execArgv }),
  });
  // An error outside the task; the Worker's own events say the same, and without a listener this would be thrown.
  pool.on('error', () => undefined);
  return pool;
}
