/**
 * The port through which a grid starts threads. Supervision knows only this; how a thread comes about is the business
 * of `piscina-threads.ts` and `worker-threads.ts`.
 */
import type { Transferable } from 'node:worker_threads';
import type { HostStart } from './host-start.ts';

/** How a thread ended. */
export type ThreadEnd =
  /** `terminate()` was called. */
  | { readonly kind: 'terminated' }
  /** An uncaught error, or one of the runtime (out of memory). */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The thread ended by itself: `process.exit()` in user code. */
  | { readonly kind: 'exited'; readonly exitCode: number };

export interface HostThread {
  readonly threadId: number;
  /** Resolves when the thread is really gone: nothing it runs can touch shared memory any more. Never rejects. */
  readonly ended: Promise<ThreadEnd>;
  /** Kills the thread, whatever it is doing, and resolves when it is gone. */
  terminate(): Promise<void>;
}

export interface ThreadFactory {
  /** Starts a thread that runs a host. Throws when the thread can't be made. */
  start(payload: HostStart, transferList: readonly Transferable[]): HostThread;
}
