/** Waits for a promise no longer than the options of a call say; what the promise stands for goes on. */
import { TimeoutError } from '../errors/errors.ts';
import { callTimeoutMsDefault, timerMsMax } from '../limits.ts';
import { onAbort } from './on-abort.ts';
import type { CallOptions } from './pending-calls.ts';

/**
 * Rejects with TIMEOUT or the signal's reason when that comes first, after calling `gaveUp`. `consequence` ends the
 * message of the TIMEOUT: what has become of the work.
 */
export function boundedWait<T>(
  promise: Promise<T>,
  options: CallOptions | undefined,
  consequence: string,
  gaveUp?: () => void,
): Promise<T> {
  const timeoutMs = options?.timeoutMs ?? callTimeoutMsDefault;
  const signal = options?.signal;
  return new Promise<T>((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      gaveUp?.();
      reject(reason);
    };
    if (signal?.aborted === true) {
      giveUp(signal.reason);
      return;
    }
    const timer =
      timeoutMs <= timerMsMax
        ? setTimeout(() => giveUp(timedOut(timeoutMs, consequence)), timeoutMs)
        : undefined;
    const unlisten = signal && onAbort(signal, () => giveUp(signal.reason));
    const stop = (): void => {
      clearTimeout(timer);
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
