/** Promises with their ends in hand, and waits with a bound. */
import { type Clock, type ClockTimer, systemClock } from '../clock.ts';
import { timerMsMax } from '../limits.ts';

/** A promise with its ends in hand. Nobody has to wait for it: a rejection that nobody sees is no fault. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** True when the promise settled in time. A rejection counts as settled. */
export async function settlesWithin(
  promise: Promise<unknown>,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<boolean> {
  let timer: ClockTimer | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = clock.after(Math.min(Math.max(0, timeoutMs), timerMsMax), () => resolve(false));
  });
  const inTime = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([inTime, late]);
  } finally {
    clock.cancel(timer);
  }
}
