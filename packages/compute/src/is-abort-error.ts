/** True for what an aborted signal throws, also when it comes from another thread. */
export function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
