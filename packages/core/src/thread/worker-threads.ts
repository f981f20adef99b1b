/**
 * Host threads as plain Workers that the user makes: for bundlers, which must see `new Worker(new URL(…))` in the
 * source. The file such a Worker runs calls the facade's host function, which waits for the first message: the start
 * payload.
 */
import type { Transferable, Worker } from 'node:worker_threads';
import { mustBe } from '../errors/argument.ts';
import type { ThreadFactory } from './thread-factory.ts';
import { watchThread } from './watch-thread.ts';

/** Makes a new Worker of `node:worker_threads` at every call. */
export type WorkerMaker = () => Worker;

export function workerThreads(makeWorker: WorkerMaker): ThreadFactory {
  return {
    start(payload, transferList) {
      const worker = makeWorker();
      mustBe(
        isWorker(worker),
        'what the `worker` function returned',
        'a Worker of node:worker_threads',
        worker,
      );
      const thread = watchThread(worker, undefined, () => worker.terminate());
      worker.postMessage(payload, transferList as Transferable[]);
      return thread;
    },
  };
}

function isWorker(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'postMessage' in value &&
    'terminate' in value &&
    'once' in value
  );
}
