/** Tells how and when a Worker has ended, from its events, the fate of what it runs, and who asked for the end. */
import type { Worker } from 'node:worker_threads';
import type { HostThread, ThreadEnd } from './thread-factory.ts';

/** `running` may reject while the thread lives on; then the thread is killed for it. `kill` resolves after the exit. */
export function watchThread(
  worker: Worker,
  running: Promise<void> | undefined,
  kill: () => Promise<unknown>,
): HostThread {
  let terminated = false;
  let failure: { readonly error: unknown } | undefined;
  const { threadId } = worker;
  worker.on('error', (error) => {
    failure ??= { error };
  });
  const ended = new Promise<ThreadEnd>((resolve) => {
    worker.once('exit', (exitCode) => {
      if (failure !== undefined) resolve({ kind: 'failed', error: failure.error });
      else if (terminated) resolve({ kind: 'terminated' });
      else resolve({ kind: 'exited', exitCode });
    });
  });
  const terminate = async (): Promise<void> => {
    terminated = true;
    await kill();
    await ended;
  };
  running?.catch((error: unknown) => {
    // When the thread is dead, or dying by our hand, the events above have said why, or will.
    if (!terminated) failure ??= { error };
    void kill();
  });
  return { threadId, ended, terminate };
}
