/**
 * Client code under virtual time: a generator that yields what it waits for. Promises would run their continuations
 * outside of the queue of events; here each continuation is an event of its member, which a death takes away.
 */
import type { ClockPort } from '../virtual-time.ts';

/** Begins to wait; `resume` is called once with what came of it. */
export type Start<T> = (resume: (value: T) => void) => void;

/** A piece of client code. Combine tasks with `yield*`. */
export type Task<T = void> = Generator<Start<unknown>, T, unknown>;

/** Waits for one thing. */
export function* until<T>(start: Start<T>): Task<T> {
  return (yield start as Start<unknown>) as T;
}

/** Waits for a time. */
export function sleep(clock: ClockPort, delayMs: number): Task {
  return until<void>((resume) => void clock.setTimer(delayMs, () => resume()));
}

/** Runs a task to its end, every continuation in a step of its own. */
export function runTask(task: Task, clock: ClockPort): void {
  const advance = (value: unknown): void => {
    const step = task.next(value);
    if (step.done !== true) step.value((result) => later(result));
  };
  const later = (value: unknown): void => void clock.setTimer(0, () => advance(value));
  later(undefined);
}
