/**
 * The local half of the stack of an error that came from another thread. Captured only once the call has failed: by
 * then the engine still knows which async functions await it. Where nobody need await a call, it is captured when the
 * call is made.
 */

const boundary = /\n {4}at \[thread boundary[^\n]*\]$/;
const frame = /^\s+at /;

/** Where a call was made. */
export interface CallSite {
  readonly stack?: string;
}

/** Where `called` was called, or this; its text is made when it is needed. */
export function callSiteOf(called: (...args: never[]) => unknown = callSiteOf): CallSite {
  const site: CallSite = {};
  Error.captureStackTrace(site, called);
  return site;
}

/**
 * Adds the frames of whoever awaits the failed call, if the stack ends where the error left its thread or is empty,
 * as in refusals.
 */
export function addCallSite(error: unknown, site?: CallSite): void {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return;
  if (!boundary.test(error.stack) && error.stack.split('\n').some((line) => frame.test(line))) return;
  const frames = ((site ?? callSiteOf(addCallSite)).stack ?? '')
    .split('\n')
    .filter((line) => frame.test(line));
  if (frames.length > 0) error.stack = [error.stack, ...frames].join('\n');
}

/** Throws the error with those frames: what a call that fails ends with. */
export function throwHere(error: unknown): never {
  addCallSite(error);
  throw error;
}
