/** A signal that aborts with another one or by hand, and lets go of the other one when told. */

export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** No longer follows the other signal; call it at the end, or a long-lived signal keeps every call it was given to. */
  release(): void;
}

export function linkedAbort(other: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => controller.abort(other?.reason);
  if (other?.aborted === true) follow();
  else other?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => other?.removeEventListener('abort', follow),
  };
}
