/**
 * The local half of the stack of an error that came from another thread. Captured only once the call has failed: by
 * then the engine still knows which async functions await it.
 */

const boundary = /\n {4}at \[thread boundary[^\n]*\]$/;
const frame = /^\s+at /;

/**
 * Adds the frames of whoever awaits the failed call, if the stack ends where the error left its thread or is empty,
 * as in refusals.
 */
export function addCallSite(error: unknown): void {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return;
  if (!boundary.test(error.stack) && error.stack.split('\n').some((line) => frame.test(line))) return;
  const local: { stack?: string } = {};
  Error.captureStackTrace(local, addCallSite);
  const frames = (local.stack ?? '').split('\n').filter((line) => frame.test(line));
  if (frames.length > 0) error.stack = [error.stack, ...frames].join('\n');
}
