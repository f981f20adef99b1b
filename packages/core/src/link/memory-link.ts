/**
 * A frame transport inside one thread: frames pass through the same codec and arrive in a later turn, so a grid with
 * `threads: 0` behaves like one with threads, minus the parallelism.
 */
import type { Packed } from '../codec/frame.ts';
import type { FrameTransport } from './link.ts';

/** Runs what it is given later, one after the other. */
export type DeliveryLane = (deliver: () => void) => void;

/** Two connected transports. Without lanes frames arrive in the next turn of the event loop. */
export function memoryTransports(
  receiveAtA: (frame: Packed) => void,
  receiveAtB: (frame: Packed) => void,
  lanes: { readonly toA: DeliveryLane; readonly toB: DeliveryLane } = { toA: nextTurn, toB: nextTurn },
): [a: FrameTransport, b: FrameTransport] {
  const toA = new FrameQueue(receiveAtA, lanes.toA);
  const toB = new FrameQueue(receiveAtB, lanes.toB);
  return [end(toB, toA), end(toA, toB)];
}

function nextTurn(deliver: () => void): void {
  setImmediate(deliver);
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
  readonly #lane: DeliveryLane;
  readonly #arrive = (): void => {
    const frame = this.#frames.shift();
    if (frame !== undefined) this.#receive(frame);
  };
  #frames: Packed[] = [];
  #closed = false;

  constructor(receive: (frame: Packed) => void, lane: DeliveryLane) {
    this.#receive = receive;
    this.#lane = lane;
  }

  post(frame: Packed): void {
    if (this.#closed) return;
    this.#frames.push(frame);
    this.#lane(this.#arrive);
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
