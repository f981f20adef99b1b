// A clock and the snapshots that are published on it, moved by hand.
import { noSnapshot, type SnapshotPublication, type Timestamp } from '@troupe/core';

export class ManualClock implements SnapshotPublication {
  readonly published: Timestamp[] = [];
  #now: Timestamp;

  constructor(now: Timestamp = 0) {
    this.#now = now;
  }

  get now(): Timestamp {
    return this.#now;
  }

  draw(): Timestamp {
    this.#now++;
    return this.#now;
  }

  /** Publishes a snapshot of now. */
  publish(): Timestamp {
    this.published.push(this.#now);
    return this.#now;
  }

  withdraw(snapshot: Timestamp): void {
    this.published.splice(this.published.indexOf(snapshot), 1);
  }

  oldestSnapshot(): Timestamp {
    return Math.min(noSnapshot, ...this.published);
  }
}
