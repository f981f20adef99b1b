/**
 * A signal that aborts with another one or by hand, and lets go of the other one when told. However many follow one
 * signal, it has one listener.
 */
import { onAbort } from './on-abort.ts';

export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** No longer follows the other signal; call it at the end, or a long-lived signal keeps every call it was given to. */
  release(): void;
}

export function linkedAbort(other: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const abort = (reason: unknown): void => controller.abort(reason);
  const { signal } = controller;
  if (other === undefined) return { signal, abort, release: () => undefined };
  if (other.aborted) abort(other.reason);
  const release = other.aborted ? () => undefined : onAbort(other, () => abort(other.reason));
  return { signal, abort, release };
}
