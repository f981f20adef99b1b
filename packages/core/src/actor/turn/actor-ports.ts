/** The world of the actors of one thread: the event loop and the clock. */
import type { TurnPorts } from './turn-queue.ts';

export interface ActorPorts extends TurnPorts {
  /** Milliseconds since 1970, by the clock on the wall. */
  wallMs(): number;
  /** Calls `run` again and again, `ms` apart, until the answer is called. Keeps no process alive. */
  every(ms: number, run: () => void): () => void;
  /** Calls `run` once, `ms` from now, unless the answer is called before. Keeps no process alive. */
  after(ms: number, run: () => void): () => void;
}
