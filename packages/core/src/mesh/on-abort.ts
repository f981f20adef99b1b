/**
 * Listens to AbortSignals with one listener for each signal, however many calls wait under it: a service often gives
 * all of its calls one signal, and Node warns on the console about a signal with more than ten listeners.
 */

interface Listening {
  readonly waits: Set<() => void>;
  readonly abort: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/** Calls `aborted` once when the signal is aborted. Call what this returns when nobody waits any more. */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  const { waits, abort } = listening.get(signal) ?? listenTo(signal);
  // One of its own for each wait, also when the same function waits twice.
  const wait = (): void => aborted();
  waits.add(wait);
  return () => {
    if (!waits.delete(wait) || waits.size > 0) return;
    signal.removeEventListener('abort', abort);
    listening.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Listening {
  const waits = new Set<() => void>();
  const abort = (): void => {
    listening.delete(signal);
    // A wait that ends takes itself out; one that another one ended meanwhile isn't told.
    for (const wait of waits) {
      waits.delete(wait);
      wait();
    }
  };
  signal.addEventListener('abort', abort, { once: true });
  const made: Listening = { waits, abort };
  listening.set(signal, made);
  return made;
}
