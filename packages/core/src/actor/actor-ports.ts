/** The world of the actors of one thread: the event loop and the clock. */
import type { TurnPorts } from './turn-queue.ts';

export interface ActorPorts extends TurnPorts {
  /** Calls `run` again and again, `ms` apart, until the answer is called. Keeps no process alive. */
  every(ms: number, run: () => void): () => void;
  /** Calls `run` once, `ms` from now, unless the answer is called before. Keeps no process alive. */
  after(ms: number, run: () => void): () => void;
}
