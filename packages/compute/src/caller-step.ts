/** Code of a definition that runs at the caller (split, reduce), waited for no longer than the call may take. */
import { type Clock, isPromiseLike, onAbort, TimeoutError, timerMsMax } from '@troupe/core';

export interface StepBounds {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of the whole call, for the text. */
  readonly timeoutMs: number;
  /** What is left of it. */
  readonly leftMs: number;
}

/** What `run` answers. Rejects with the signal's reason or TIMEOUT when that comes first; `run` is not interrupted. */
export async function callerStep(
  name: string,
  run: () => unknown,
  { clock, signal, timeoutMs, leftMs }: StepBounds,
): Promise<unknown> {
  signal.throwIfAborted();
  const answer = run();
  if (!isPromiseLike(answer)) return answer;
  const tooLate = new Promise<never>((_, reject) => {
    const timer =
      leftMs <= timerMsMax ? clock.after(leftMs, () => reject(timedOut(name, timeoutMs))) : undefined;
    const unlisten = onAbort(signal, () => reject(signal.reason));
    const stop = (): void => {
      clock.cancel(timer);
      unlisten();
    };
    answer.then(stop, stop);
    // When it never settles, the end of the wait lets go of the timer and the signal.
    signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([answer, tooLate]);
}

function timedOut(name: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(`${name} had not ended when the ${timeoutMs} ms of the call were over`, {
    details: { timeoutMs, outcome: 'unknown' },
  });
}
