/**
 * One directed link between two incarnations: what was sent is delivered once and in order, or not at
 * all because an end died.
 *
 * Rule kept: only the head of the queue has an event in virtual time, so no tie and no delay can make
 * one entry of a link overtake another. The notice that the sender started is the first entry, the
 * notice that it died the last: whoever hears of a death has received everything that will ever come.
 */

import type { Timer, VirtualTime } from './virtual-time.ts';

/** An entry of a link: an encoded message, or a notice about the sender. */
export type LinkEntry<Wire> =
  | { readonly kind: 'message'; readonly wire: Wire }
  | { readonly kind: 'sender-started' }
  | { readonly kind: 'sender-lost' };

/** What a link needs of the network. */
export interface LinkHost<Wire> {
  readonly time: VirtualTime;
  /** False while the receiver stands still; the network calls `resume` later. */
  isReceiverRunning(): boolean;
  deliver(entry: LinkEntry<Wire>): void;
}

interface QueuedEntry<Wire> {
  readonly entry: LinkEntry<Wire>;
  readonly readyAtMs: number;
}

/** A FIFO queue whose head is delivered by virtual time. */
export class SimulatedLink<Wire> {
  readonly #host: LinkHost<Wire>;
  readonly #label: string;
  #queue: QueuedEntry<Wire>[] = [];
  #timer: Timer | undefined;
  #clogUntilMs = 0;
  #isClosed = false;

  constructor(label: string, host: LinkHost<Wire>) {
    this.#label = label;
    this.#host = host;
  }

  /** How many entries are under way. */
  get length(): number {
    return this.#queue.length;
  }

  /** How many of them are messages. */
  get messageCount(): number {
    return this.#queue.filter(({ entry }) => entry.kind === 'message').length;
  }

  /** Adds an entry that arrives after the delay, but never before the one sent ahead of it. */
  enqueue(entry: LinkEntry<Wire>, delayMs: number): void {
    if (this.#isClosed) return;
    const earliestMs = this.#queue.at(-1)?.readyAtMs ?? 0;
    this.#queue.push({ entry, readyAtMs: Math.max(earliestMs, this.#host.time.now + delayMs) });
    this.#arm();
  }

  /** Delivers nothing for this long. */
  clog(durationMs: number): void {
    this.#clogUntilMs = Math.max(this.#clogUntilMs, this.#host.time.now + durationMs);
  }

  /** Ends a clog at once. */
  unclog(): void {
    this.#clogUntilMs = 0;
    this.#rearm();
  }

  /** Goes on after the receiver stood still. */
  resume(): void {
    this.#rearm();
  }

  /** Loses the last `count` messages: they were never really sent. A start notice is ahead of them all. */
  loseLast(count: number): void {
    if (count > 0) this.#queue.splice(this.#queue.length - count, count);
  }

  /** Drops everything for good: the receiver is dead. Returns how many entries were under way. */
  close(): number {
    const dropped = this.#queue.length;
    this.#isClosed = true;
    this.#queue = [];
    this.#timer?.cancel();
    this.#timer = undefined;
    return dropped;
  }

  #rearm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#arm();
  }

  #arm(): void {
    const head = this.#queue[0];
    if (head === undefined || this.#timer !== undefined || !this.#host.isReceiverRunning()) return;
    const time = this.#host.time;
    const dueMs = Math.max(head.readyAtMs, this.#clogUntilMs);
    this.#timer = time.schedule(Math.max(0, dueMs - time.now), () => this.#fire(), this.#label);
  }

  #fire(): void {
    this.#timer = undefined;
    const head = this.#queue[0];
    const dueMs = Math.max(head?.readyAtMs ?? 0, this.#clogUntilMs);
    // The head may have been lost, the link clogged or the receiver paused since the event was set.
    if (head !== undefined && dueMs <= this.#host.time.now && this.#host.isReceiverRunning()) {
      this.#queue.shift();
      this.#host.deliver(head.entry);
    }
    this.#arm();
  }
}
