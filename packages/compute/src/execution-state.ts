/**
 * The states of an execution, and what changes them. Pure. The same at its caller, who follows all attempts, and at the
 * thread that runs one of them.
 *
 *     queued ──▶ executing ──▶ completed | failed
 *        │ ▲─────────┘ │           ▲
 *        └──▶ canceling ◀──────────┘ (from either) ──▶ canceled | completed | failed
 *
 * A cancellation is a wish: the job may still end by itself, and then that counts.
 */

/**
 * `queued`: has not begun, or waits to be run again. `executing`: its body has begun. `canceling`: told to stop, and
 * not ended yet. `completed`: `result` is there. `failed`: it ended with an error of its own. `canceled`: it was
 * stopped, or its caller no longer waits (deadlines are failures).
 */
export type ExecutionState = 'queued' | 'executing' | 'canceling' | 'canceled' | 'completed' | 'failed';

/**
 * `started`: the body begins. `again`: the attempt is over, another one follows. `cancel`: somebody wants it to stop.
 * The others are the ends.
 */
export type ExecutionEvent = 'started' | 'again' | 'cancel' | 'canceled' | 'completed' | 'failed';

/** What follows, or undefined when the event means nothing in this state. Every job passes here: no look-ups. */
export function nextState(state: ExecutionState, event: ExecutionEvent): ExecutionState | undefined {
  if (isEnded(state)) return undefined;
  switch (event) {
    case 'started':
      // Also from `executing`: each part of a map-reduce reports that it has begun.
      return state === 'canceling' ? 'canceling' : 'executing';
    case 'again':
      return state === 'canceling' ? undefined : 'queued';
    case 'cancel':
      return state === 'canceling' ? undefined : 'canceling';
    default:
      // From `queued`, too: the report that it has begun may be lost or come late.
      return event;
  }
}

/** True for the states that nothing leaves. */
export function isEnded(state: ExecutionState): boolean {
  return state === 'canceled' || state === 'completed' || state === 'failed';
}
