/** The ports of a job queue in a running process. */
import { AsyncResource } from 'node:async_hooks';
import { systemClock, timerMsMax } from '@troupe/core';
import type { QueuePorts } from './job-queue.ts';

/** What a runner of jobs needs of the world. */
export interface RunnerPorts extends QueuePorts {
  /** Calls `run` now, outside the async context of whoever is calling. */
  detached<T>(run: () => T): T;
  /** Calls `run` again and again, without keeping the process alive. Answers what stops it. */
  every(periodMs: number, run: () => void): () => void;
}

/**
 * Jobs run in the async context in which the ports were made. Otherwise a job that starts within somebody's call would
 * see that caller's context, say his transaction, and only when both happen to be on one thread.
 */
export function eventLoopPorts(clock = systemClock): RunnerPorts {
  const outside = new AsyncResource('troupe.compute');
  return {
    now: () => clock.now(),
    later: (run) => clock.nextTurn(run),
    detached: (run) => outside.runInAsyncScope(run),
    every(periodMs, run) {
      const timer = clock.every(Math.min(periodMs, timerMsMax), run);
      return () => clock.cancel(timer);
    },
  };
}
