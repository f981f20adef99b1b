/**
 * Which peers have not said yet who has subscribed there, and what waits to be published until all have. Pure but for the
 * promises of those who wait.
 */
import { OverloadedError } from '../errors/errors.ts';
import type { Peer } from '../mesh/peer.ts';

interface Waiting {
  readonly send: () => Promise<void>;
  readonly resolve: (sent: Promise<void>) => void;
  readonly reject: (error: Error) => void;
}

export class Introductions {
  readonly #lengthMax: number;
  readonly #missing = new Set<Peer>();
  #waiting: Waiting[] = [];

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** Everybody has been introduced. */
  get complete(): boolean {
    return this.#missing.size === 0;
  }

  expect(peer: Peer): void {
    this.#missing.add(peer);
  }

  /** The peer has been introduced, or is lost. */
  done(peer: Peer): void {
    if (!this.#missing.delete(peer) || !this.complete) return;
    // At once, so that what is published next comes after it.
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { send, resolve } of waiting) resolve(send());
  }

  /** Calls `send` when everybody has been introduced. Rejects with QUEUE_FULL when too many wait. */
  wait(send: () => Promise<void>): Promise<void> {
    if (this.#waiting.length >= this.#lengthMax) {
      const message = `${this.#lengthMax} messages wait to be published until all threads have said what they subscribe to`;
      return Promise.reject(new OverloadedError('QUEUE_FULL', message));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ send, resolve, reject });
    });
  }

  close(error: Error): void {
    this.#missing.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}
