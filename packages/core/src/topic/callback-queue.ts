/**
 * The messages that wait for one callback. It gets them one by one, in their order; while it is asynchronous the next
 * ones wait, up to a bound, and what comes beyond that is dropped, counted and reported. What a callback throws is
 * reported, and it goes on with the next message.
 */

import { OverloadedError } from '../errors/errors.ts';
import { isPromiseLike } from '../promise-like.ts';

/** Messages that a callback gets within one turn of the event loop. */
const messagesPerTurn = 64;

export interface CallbackQueueParts<M> {
  readonly callback: (message: M) => unknown;
  readonly lengthMax: number;
  /** What the topic is called. */
  readonly topic: string;
  /** Calls `run` soon, outside of whatever runs now. */
  readonly soon: (run: () => void) => void;
  readonly report: (event: 'callback-failed' | 'message-dropped', error: unknown) => void;
}

export class CallbackQueue<M> {
  readonly #parts: CallbackQueueParts<M>;
  #waiting: (M | undefined)[] = [];
  #first = 0;
  #running = false;
  #ended = false;
  #dropped = 0;
  /** Messages were dropped since it last had room. */
  #overflows = false;

  constructor(parts: CallbackQueueParts<M>) {
    this.#parts = parts;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get length(): number {
    return this.#waiting.length - this.#first;
  }

  push(message: M): void {
    if (this.#ended) return;
    const { lengthMax, soon } = this.#parts;
    if (this.length >= lengthMax) {
      this.#drop();
      return;
    }
    this.#overflows = false;
    this.#waiting.push(message);
    if (this.#running) return;
    this.#running = true;
    soon(() => void this.#run());
  }

  /** It is called no more. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#first = 0;
  }

  /** Reported once until there is room again: a report for each would be a flood of its own. */
  #drop(): void {
    this.#dropped++;
    if (this.#overflows) return;
    this.#overflows = true;
    const { lengthMax, topic, report } = this.#parts;
    const message = `${lengthMax} messages of topic '${topic}' wait for one callback already; further ones are dropped until it has caught up`;
    report('message-dropped', new OverloadedError('QUEUE_FULL', message, { details: { topic, lengthMax } }));
  }

  async #run(): Promise<void> {
    const { callback, report, soon } = this.#parts;
    for (let handled = 1; this.length > 0; handled++) {
      const message = this.#take();
      try {
        const answer = callback(message);
        if (isPromiseLike(answer)) await answer;
      } catch (error) {
        report('callback-failed', error);
      }
      // One that publishes to its own topic is not to keep the thread.
      if (handled % messagesPerTurn === 0) await new Promise<void>(soon);
    }
    this.#running = false;
  }

  #take(): M {
    const message = this.#waiting[this.#first] as M;
    this.#waiting[this.#first++] = undefined;
    if (this.#first === this.#waiting.length || this.#first >= this.#parts.lengthMax) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }
}
