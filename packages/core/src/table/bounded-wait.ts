/** Waits for a promise no longer than the options of a call say; what the promise stands for goes on. */
import { TimeoutError } from '../errors/errors.ts';
import { callTimeoutMsDefault } from '../limits.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';

/** The longest delay a timer can have; a longer one would fire at once. */
const timerMsMax = 0x7fffffff;

/** Rejects with TIMEOUT or the signal's reason when that comes first. */
export function boundedWait<T>(promise: Promise<T>, options: CallOptions | undefined): Promise<T> {
  const timeoutMs = options?.timeoutMs ?? callTimeoutMsDefault;
  const signal = options?.signal;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const abort = (): void => reject(signal?.reason);
    const timer =
      timeoutMs <= timerMsMax ? setTimeout(() => reject(pageTimedOut(timeoutMs)), timeoutMs) : undefined;
    signal?.addEventListener('abort', abort, { once: true });
    const stop = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    promise.then(resolve, reject).finally(stop);
  });
}

function pageTimedOut(timeoutMs: number): TimeoutError {
  return new TimeoutError(`no answer within ${timeoutMs} ms; the iteration was left`, {
    details: { timeoutMs, outcome: 'not-done' },
  });
}
