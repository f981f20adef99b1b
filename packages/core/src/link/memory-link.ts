/**
 * A frame transport inside one thread: frames pass through the same codec and arrive in a later turn, so a grid with
 * `threads: 0` behaves like one with threads, minus the parallelism.
 */
import type { Packed } from '../codec/frame.ts';
import type { FrameTransport } from './link.ts';

/** Two connected transports. */
export function memoryTransports(
  receiveAtA: (frame: Packed) => void,
  receiveAtB: (frame: Packed) => void,
): [a: FrameTransport, b: FrameTransport] {
  const toA = new FrameQueue(receiveAtA);
  const toB = new FrameQueue(receiveAtB);
  return [end(toB, toA), end(toA, toB)];
}

function end(outgoing: FrameQueue, incoming: FrameQueue): FrameTransport {
  return {
    post: (frame) => outgoing.post(frame),
    drain: () => incoming.drain(),
    close() {
      incoming.close();
    },
  };
}

class FrameQueue {
  readonly #receive: (frame: Packed) => void;
  #frames: Packed[] = [];
  #closed = false;

  constructor(receive: (frame: Packed) => void) {
    this.#receive = receive;
  }

  post(frame: Packed): void {
    if (this.#closed) return;
    this.#frames.push(frame);
    if (this.#frames.length === 1) setImmediate(() => this.drain());
  }

  drain(): void {
    const frames = this.#frames;
    this.#frames = [];
    for (const frame of frames) if (!this.#closed) this.#receive(frame);
  }

  close(): void {
    this.#closed = true;
    this.#frames = [];
  }
}
