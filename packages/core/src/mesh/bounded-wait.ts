/** Waits for a promise no longer than the options of a call say; what the promise stands for goes on. */
import type { Clock } from '../clock.ts';
import { TimeoutError } from '../errors/errors.ts';
import { callTimeoutMsDefault, timerMsMax } from '../limits.ts';
import { onAbort } from './on-abort.ts';
import type { CallOptions } from './pending-calls.ts';

/**
 * Rejects with TIMEOUT or the signal's reason when that comes first, after calling `gaveUp` with it. `consequence` ends the
 * message of the TIMEOUT: what has become of the work.
 */
export function boundedWait<T>(
  clock: Clock,
  promise: Promise<T>,
  options: CallOptions | undefined,
  consequence: string,
  gaveUp?: (reason: unknown) => void,
): Promise<T> {
  const timeoutMs = options?.timeoutMs ?? callTimeoutMsDefault;
  const signal = options?.signal;
  return new Promise<T>((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      gaveUp?.(reason);
      reject(reason);
    };
    if (signal?.aborted === true) {
      // Nobody else looks at it: that it fails for having been given up is not to end the process.
      promise.catch(() => undefined);
      giveUp(signal.reason);
      return;
    }
    const timer =
      timeoutMs <= timerMsMax
        ? clock.after(timeoutMs, () => giveUp(timedOut(timeoutMs, consequence)))
        : undefined;
    const unlisten = signal && onAbort(signal, () => giveUp(signal.reason));
    const stop = (): void => {
      clock.cancel(timer);
      unlisten?.();
    };
    promise.then(resolve, reject).finally(stop);
  });
}

function timedOut(timeoutMs: number, consequence: string): TimeoutError {
  return new TimeoutError(`no answer within ${timeoutMs} ms; ${consequence}`, {
    details: { timeoutMs, outcome: 'not-done' },
  });
}
