/**
 * A link: the two-way connection of two members. It batches messages into msgpack frames (outbox), flushes once per
 * turn (flusher), and keeps the window (credits) in both directions. How bytes reach the other side is a
 * `FrameTransport`: a MessagePort between threads, a queue in memory inside one thread. Links are FIFO per lane and
 * lose nothing but with a dead end.
 */

import { FrameCodec, type Packed } from '../codec/frame.ts';
import type { Revive } from '../codec/reference.ts';
import { OverloadedError } from '../errors/errors.ts';
import {
  creditGrantShare,
  frameBytesEager,
  frameBytesMax,
  frameMessagesEager,
  linkBacklogBytesMax,
  linkWindowBytes,
  messageOverheadBytes,
} from '../limits.ts';
import { CallOp } from '../mesh/opcode.ts';
import type { Flusher } from './flusher.ts';
import { type Message, Outbox, type OutboxLimits } from './outbox.ts';

/** What arrives: packed messages, or messages that needed no packing. */
export type Frame = Packed | Message[];

/** Carries frames to the other end, in order. */
export interface FrameTransport {
  /** Sends one frame; its memory is the transport's from now on. */
  post(frame: Packed): void;
  /** Sends messages unpacked, if they are fit for that here; the other end gets copies. False: they have to be packed. */
  tryPostPlain(messages: Message[]): boolean;
  /** Hands every frame that has arrived but was not delivered to the receiver of the link. */
  drain(): void;
  close(): void;
}

export const linkLimits: OutboxLimits = {
  windowBytes: linkWindowBytes,
  backlogBytesMax: linkBacklogBytesMax,
  frameBytesMax,
  messageOverheadBytes,
};

/** Every tell asks whether the link is ready, and nearly always it is. */
const readyNow = Promise.resolve();

export class Link {
  readonly #outbox: Outbox;
  readonly #windowBytes: number;
  readonly #flusher: Flusher;
  readonly #codec: FrameCodec;
  readonly #deliver: (message: Message) => void;
  readonly #flush = (): void => this.flush();
  #transport: FrameTransport | undefined;
  #scheduled = false;
  #owed = 0;
  /** Of what was queued since the last flush. */
  #queuedBytes = 0;
  #waiting: (() => void)[] = [];

  /** `revive` makes references that arrive live. */
  constructor(
    flusher: Flusher,
    deliver: (message: Message) => void,
    limits: OutboxLimits = linkLimits,
    revive?: Revive,
  ) {
    this.#codec = new FrameCodec(revive);
    this.#flusher = flusher;
    this.#deliver = deliver;
    this.#outbox = new Outbox(limits, CallOp.replies);
    this.#windowBytes = limits.windowBytes;
  }

  /** Connects the transport, which calls `receive` with every frame. */
  open(transport: FrameTransport): void {
    this.#transport = transport;
  }

  get closed(): boolean {
    return this.#transport === undefined;
  }

  /** Queues a call. Throws OverloadedError (LINK_OVERLOADED) when the backlog is full; then nothing was queued. */
  send(message: Message, bytes: number): void {
    if (!this.#outbox.push(message, bytes)) {
      throw new OverloadedError(
        'LINK_OVERLOADED',
        'too many calls wait for this thread; await earlier calls before making more',
        {
          details: { backlogBytes: this.#outbox.backlogBytes },
        },
      );
    }
    this.#queued(bytes);
  }

  /** Queues a message of the protocol lane, of about `bytes`: never refused, never waits for credit. */
  sendProtocol(message: Message, bytes?: number): void {
    this.#outbox.pushProtocol(message, bytes);
    this.#queued(bytes);
  }

  /** Queues the answer to a request, of about `bytes`, in the protocol lane. */
  reply(requestId: number, value: unknown, bytes: number): void {
    this.#outbox.pushReply(requestId, value, bytes);
    this.#queued(bytes);
  }

  /** Resolves when less than one window waits at this end: what a fast producer awaits between messages. */
  ready(): Promise<void> {
    return this.#isReady() ? readyNow : this.#whenReady();
  }

  async #whenReady(): Promise<void> {
    while (!this.#isReady()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #isReady(): boolean {
    return this.closed || this.#outbox.backlogBytes <= this.#windowBytes;
  }

  /** One frame has arrived. */
  receive(frame: Frame): void {
    let cost = 0;
    for (const message of Array.isArray(frame) ? frame : this.#codec.decode(frame)) {
      if (message[0] === CallOp.account) {
        cost = message[1] as number;
        this.#granted(message[2] as number);
      } else this.#deliver(message);
    }
    this.#owed += cost;
    if (this.#owed >= this.#windowBytes * creditGrantShare) this.#schedule();
  }

  /** Posts everything that may be sent now. */
  flush(): void {
    this.#scheduled = false;
    this.#queuedBytes = 0;
    const transport = this.#transport;
    if (transport === undefined) return;
    for (;;) {
      const frame = this.#outbox.takeFrame();
      const grant = this.#owed;
      if (frame === undefined && grant < this.#windowBytes * creditGrantShare) return;
      this.#owed = 0;
      const messages = frame === undefined ? [] : frame.messages;
      const cost = frame === undefined ? 0 : frame.cost;
      if (cost > 0 || grant > 0) messages.push([CallOp.account, cost, grant]);
      if (!transport.tryPostPlain(messages)) transport.post(this.#codec.encode(messages));
    }
  }

  /** Delivers what has already arrived, then closes. What waits to be sent is gone. */
  drainAndClose(): void {
    this.#transport?.drain();
    this.close();
  }

  close(): void {
    this.#transport?.close();
    this.#transport = undefined;
    this.#wake();
  }

  /** A full frame leaves at once, so that the other side works while this turn goes on; the rest at the turn's end. */
  #queued(bytes = 0): void {
    this.#queuedBytes += bytes;
    const isFull = this.#queuedBytes >= frameBytesEager || this.#outbox.length % frameMessagesEager === 0;
    if (isFull) this.flush();
    else this.#schedule();
  }

  #granted(bytes: number): void {
    if (bytes === 0) return;
    this.#outbox.grant(bytes);
    if (this.#outbox.sendable) this.#schedule();
    if (this.#outbox.backlogBytes <= this.#windowBytes) this.#wake();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#flusher.schedule(this.#flush);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
