/** The ports of a turn queue in a running process. */
import { AsyncResource } from 'node:async_hooks';
import type { ActorPorts } from './actor-ports.ts';

/**
 * Turns run in the async context in which the ports were made. Otherwise a turn that begins within somebody's call
 * would see that caller's context, say his transaction, and only when both happen to be on one thread.
 */
export function eventLoopPorts(): ActorPorts {
  const outside = new AsyncResource('troupe.actor');
  return {
    now: () => performance.now(),
    wallMs: () => Date.now(),
    later: (run) => {
      setImmediate(run);
    },
    detached: (run) => outside.runInAsyncScope(run),
    after(ms, run) {
      const timer = setTimeout(() => outside.runInAsyncScope(run), ms).unref();
      return () => clearTimeout(timer);
    },
    every(ms, run) {
      const timer = setInterval(() => outside.runInAsyncScope(run), ms).unref();
      return () => clearInterval(timer);
    },
  };
}
