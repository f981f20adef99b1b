/**
 * The world of a member as far as it is not messages: time, turns of the event loop, chance. Every timer, deadline,
 * pause and draw of the library goes through the clock of its member (`member.clock`), so that a test can run a whole
 * grid in time that it moves itself. Handlers of messages that touch neither pass it by, so it costs nothing there.
 *
 * Left out: microtasks. They belong to the turn that makes them, in real and in virtual time alike.
 */
import { onAbort } from './mesh/on-abort.ts';

/** A timer that was set; only good for `cancel`. */
export type ClockTimer = object;

export interface Clock {
  /** Milliseconds that never go back. */
  now(): number;
  /** Milliseconds since 1970. */
  epochNow(): number;
  /**
   * Runs `run` once after the delay, of at most `timerMsMax`. `what` names what happens then, for a test that leaves it
   * behind; without it the timer only bounds something else, which is named itself.
   */
  after(delayMs: number, run: () => void, what?: string): ClockTimer;
  /** The same for upkeep that nobody waits for: it doesn't keep the process alive. */
  upkeepAfter(delayMs: number, run: () => void): ClockTimer;
  /** Runs `run` again and again, as upkeep, until it is canceled. */
  every(periodMs: number, run: () => void): ClockTimer;
  /** Takes a timer back; harmless when it has run. */
  cancel(timer: ClockTimer | undefined): void;
  /** Runs `run` in the next turn of the event loop, after what was asked for before. */
  nextTurn(run: () => void): void;
  /** From 0 to below 1. */
  random(): number;
}

/** Real time, on the event loop of this thread. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epochNow: () => Date.now(),
  after: (delayMs, run) => setTimeout(run, delayMs),
  upkeepAfter: (delayMs, run) => setTimeout(run, delayMs).unref(),
  every: (periodMs, run) => setInterval(run, periodMs).unref(),
  // One function clears both kinds.
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  nextTurn: (run) => void setImmediate(run),
  random: () => Math.random(),
};

/** What a pause needs. */
export type PauseOptions = { readonly signal?: AbortSignal | undefined; readonly what: string };

/** Resolves after the pause. Rejects with the signal's reason when that comes first. */
export function pause(clock: Clock, pauseMs: number, { signal, what }: PauseOptions): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const unlisten =
      signal &&
      onAbort(signal, () => {
        clock.cancel(timer);
        reject(signal.reason);
      });
    const timer = clock.after(
      pauseMs,
      () => {
        unlisten?.();
        resolve();
      },
      what,
    );
  });
}

/** How long to pause after so many failures: doubles from one to the next, and is spread between half and all of it. */
export function backoffMs(
  failures: number,
  firstMs: number,
  longestMs: number,
  clock: Pick<Clock, 'random'>,
): number {
  return Math.min(longestMs, firstMs * 2 ** (failures - 1)) * (0.5 + clock.random() / 2);
}
