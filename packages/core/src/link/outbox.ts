/**
 * What waits to be sent on one link: two lanes, a window and frames. Pure: no timers, no ports.
 *
 * The *protocol* lane (locks, votes, decisions, answers) is never refused and never waits for credit, so a flood of
 * user calls cannot block the messages that would end it. The *bulk* lane (new calls) goes out only while the
 * receiver has credit left: every bulk message costs its bytes plus a fixed overhead, and the receiver grants the
 * cost back once it has handled the frame. What finds no credit waits here up to `backlogBytesMax`; after that
 * `push` refuses, which the caller sees as LINK_OVERLOADED. Nothing is ever dropped.
 */
import { assert } from '../assert.ts';

/** One message: `[opcode, ...fields]`. */
export type Message = unknown[];

export interface OutboxLimits {
  readonly windowBytes: number;
  readonly backlogBytesMax: number;
  readonly frameBytesMax: number;
  readonly messageOverheadBytes: number;
}

export interface OutgoingFrame {
  readonly messages: Message[];
  /** Window bytes the bulk messages of this frame take up until the receiver grants them back. */
  readonly cost: number;
}

export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #repliesOp: number;
  #protocol: Message[] = [];
  /** Where the protocol lane is to be cut, because a frame would grow too large: positions in `#protocol`. */
  #cuts: number[] = [];
  #bytesSinceCut = 0;
  /** The answers of the frame that is being filled; the arrays are in a message of `#protocol` already. */
  #replyIds: number[] = [];
  #replyValues: unknown[] = [];
  #bulk: Message[] = [];
  #bulkCosts: number[] = [];
  #bulkHead = 0;
  #backlogBytes = 0;
  #credit: number;

  /** `repliesOp`: the opcode under which answers travel together. */
  constructor(limits: OutboxLimits, repliesOp: number) {
    this.#limits = limits;
    this.#repliesOp = repliesOp;
    this.#credit = limits.windowBytes;
  }

  /** Bytes of bulk messages that wait here. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Messages that wait here, in both lanes. */
  get length(): number {
    return this.#protocol.length + this.#replyIds.length + this.#bulk.length - this.#bulkHead;
  }

  /** True when there is something that may be sent now. */
  get sendable(): boolean {
    return this.#protocol.length > 0 || (this.#bulkHead < this.#bulk.length && this.#credit > 0);
  }

  /** Queues a protocol message of about `bytes`. */
  pushProtocol(message: Message, bytes = 0): void {
    this.#protocol.push(message);
    this.#countProtocol(bytes);
  }

  /**
   * Queues the answer to a request, of about `bytes`, in the protocol lane. Answers of one frame share one message, so
   * they may overtake other protocol messages of it; none of those depends on an answer.
   */
  pushReply(requestId: number, value: unknown, bytes: number): void {
    if (this.#replyIds.length === 0)
      this.#protocol.push([this.#repliesOp, this.#replyIds, this.#replyValues]);
    this.#replyIds.push(requestId);
    this.#replyValues.push(value);
    this.#countProtocol(bytes);
  }

  #countProtocol(bytes: number): void {
    this.#bytesSinceCut += bytes;
    if (this.#bytesSinceCut < this.#limits.frameBytesMax) return;
    this.#cuts.push(this.#protocol.length);
    this.#bytesSinceCut = 0;
    this.#newReplies();
  }

  #newReplies(): void {
    if (this.#replyIds.length === 0) return;
    this.#replyIds = [];
    this.#replyValues = [];
  }

  /** Queues a bulk message of about `bytes`. False: the backlog is full and nothing was queued. */
  push(message: Message, bytes: number): boolean {
    if (this.#backlogBytes >= this.#limits.backlogBytesMax) return false;
    const cost = Math.ceil(bytes) + this.#limits.messageOverheadBytes;
    this.#bulk.push(message);
    this.#bulkCosts.push(cost);
    this.#backlogBytes += cost;
    return true;
  }

  /** The next frame, protocol messages first, or undefined when nothing may be sent now. */
  takeFrame(): OutgoingFrame | undefined {
    if (!this.sendable) return undefined;
    if (this.#protocol.length === 0 && this.#fitsWhole()) return this.#takeAllBulk();
    const messages = this.#takeProtocol();
    return { messages, cost: this.#cuts.length > 0 ? 0 : this.#takeBulk(messages) };
  }

  /** The receiver has handled `bytes` of window. */
  grant(bytes: number): void {
    this.#credit += bytes;
    assert(this.#credit <= this.#limits.windowBytes, 'a link was granted more credit than it had used');
  }

  /** All that waits in the bulk lane may go, and in one frame: the common case, which needs no look at each message. */
  #fitsWhole(): boolean {
    const cost = this.#backlogBytes;
    return this.#bulkHead === 0 && cost <= this.#credit && cost <= this.#limits.frameBytesMax;
  }

  #takeAllBulk(): OutgoingFrame {
    const frame = { messages: this.#bulk, cost: this.#backlogBytes };
    this.#credit -= frame.cost;
    this.#backlogBytes = 0;
    this.#bulk = [];
    this.#bulkCosts = [];
    return frame;
  }

  /** The protocol messages of one frame, in order. */
  #takeProtocol(): Message[] {
    const cut = this.#cuts.shift();
    if (cut === undefined || cut === this.#protocol.length) {
      const all = this.#protocol;
      this.#protocol = [];
      this.#bytesSinceCut = 0;
      this.#newReplies();
      return all;
    }
    this.#cuts = this.#cuts.map((position) => position - cut);
    return this.#protocol.splice(0, cut);
  }

  /**
   * Adds bulk messages to the frame while it is small and credit is left. A message larger than what is left of the
   * window still goes (credit turns negative), else one larger than the window would wait for ever.
   */
  #takeBulk(frame: Message[]): number {
    let cost = 0;
    while (this.#bulkHead < this.#bulk.length && this.#credit > 0 && cost < this.#limits.frameBytesMax) {
      const messageCost = this.#bulkCosts[this.#bulkHead] as number;
      frame.push(this.#bulk[this.#bulkHead] as Message);
      this.#bulkHead++;
      this.#credit -= messageCost;
      cost += messageCost;
    }
    this.#backlogBytes -= cost;
    if (this.#bulkHead === this.#bulk.length) {
      this.#bulk = [];
      this.#bulkCosts = [];
      this.#bulkHead = 0;
    } else if (this.#bulkHead > 1_024 && this.#bulkHead * 2 > this.#bulk.length) {
      this.#bulk = this.#bulk.slice(this.#bulkHead);
      this.#bulkCosts = this.#bulkCosts.slice(this.#bulkHead);
      this.#bulkHead = 0;
    }
    return cost;
  }
}
