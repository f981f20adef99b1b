/**
 * A frame transport inside one thread: frames are copies, and arrive in a later turn, so a grid with `threads: 0` behaves
 * like one with threads, minus the parallelism.
 */
import type { Frame, FrameTransport } from './link.ts';
import type { Message } from './outbox.ts';
import { tryCopyPlain } from './plain-frame.ts';

/** Runs what it is given later, one after the other. */
export type DeliveryLane = (deliver: () => void) => void;

export interface MemoryLinkOptions {
  /** Without lanes frames arrive in the next turn of the event loop. */
  readonly toA?: DeliveryLane;
  readonly toB?: DeliveryLane;
  /** Also frames that need no packing pass the codec, as between threads: for tests. Default true. */
  readonly packsAll?: boolean;
  /** True for messages of which the sender keeps no part: they are handed over as they are. Default: none. */
  readonly isOwned?: (message: Message) => boolean;
}

/** Two connected transports. */
export function memoryTransports(
  receiveAtA: (frame: Frame) => void,
  receiveAtB: (frame: Frame) => void,
  { toA = nextTurn, toB = nextTurn, packsAll = true, isOwned = never }: MemoryLinkOptions = {},
): [a: FrameTransport, b: FrameTransport] {
  const queueA = new FrameQueue(receiveAtA, toA);
  const queueB = new FrameQueue(receiveAtB, toB);
  const copy = (messages: readonly Message[]): Message[] | undefined =>
    packsAll ? undefined : tryCopyPlain(messages, isOwned);
  return [end(queueB, queueA, copy), end(queueA, queueB, copy)];
}

function never(): boolean {
  return false;
}

function nextTurn(deliver: () => void): void {
  setImmediate(deliver);
}

function end(
  outgoing: FrameQueue,
  incoming: FrameQueue,
  tryCopy: (messages: readonly Message[]) => Message[] | undefined,
): FrameTransport {
  return {
    post: (frame) => outgoing.post(frame),
    tryPostPlain(messages) {
      const copy = tryCopy(messages);
      if (copy !== undefined) outgoing.post(copy);
      return copy !== undefined;
    },
    drain: () => incoming.drain(),
    close() {
      incoming.close();
    },
  };
}

class FrameQueue {
  readonly #receive: (frame: Frame) => void;
  readonly #lane: DeliveryLane;
  readonly #arrive = (): void => {
    const frame = this.#frames.shift();
    if (frame !== undefined) this.#receive(frame);
  };
  #frames: Frame[] = [];
  #closed = false;

  constructor(receive: (frame: Frame) => void, lane: DeliveryLane) {
    this.#receive = receive;
    this.#lane = lane;
  }

  post(frame: Frame): void {
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
