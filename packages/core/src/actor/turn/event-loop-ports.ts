/** The ports of a turn queue in a running process. */
import { AsyncResource } from 'node:async_hooks';
import { systemClock } from '../../clock.ts';
import type { ActorPorts } from './actor-ports.ts';

/**
 * Turns run in the async context in which the ports were made. Otherwise a turn that begins within somebody's call
 * would see that caller's context, say his transaction, and only when both happen to be on one thread.
 */
export function eventLoopPorts(clock = systemClock): ActorPorts {
  const outside = new AsyncResource('troupe.actor');
  return {
    now: () => clock.now(),
    wallMs: () => clock.epochNow(),
    later: (run) => clock.nextTurn(run),
    detached: (run) => outside.runInAsyncScope(run),
    after(ms, run) {
      const timer = clock.upkeepAfter(ms, () => outside.runInAsyncScope(run));
      return () => clock.cancel(timer);
    },
    every(ms, run) {
      const timer = clock.every(ms, () => outside.runInAsyncScope(run));
      return () => clock.cancel(timer);
    },
  };
}
