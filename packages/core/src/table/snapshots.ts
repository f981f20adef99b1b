/**
 * The snapshots one member reads: which timestamps, and the oldest of them published so that owners keep what they
 * need.
 *
 * The race: a reader loads the clock to get its timestamp S and must be listed before an owner drops a version that S
 * needs. So the order is *publish first, then load*: it publishes P = the clock (or keeps publishing something older),
 * then loads the clock again and reads at that S >= P. An owner draws the timestamp W of a write and only then looks
 * at what is published. If W <= S, the write belongs to the snapshot and nothing older is needed for that key. If
 * W > S, the draw came after the load, so after the publication: the owner sees P <= S < W and keeps the old version.
 *
 * A snapshot that grows older than the limit is forced out: it isn't published any more, and reading it ends with
 * SNAPSHOT_TOO_OLD, at the reader or at an owner whose horizon has passed it.
 */
import { SnapshotTooOldError } from '../errors/errors.ts';
import { snapshotAgeMaxMs } from '../limits.ts';
import { type MemberId, noSnapshot, type SharedState, type Timestamp } from '../mesh/shared-state.ts';

/** A moment of the whole grid that can be read until it is released. */
export interface Snapshot {
  readonly timestamp: Timestamp;
  /** Throws SnapshotTooOldError when the snapshot was held too long and has been forced out. */
  mustBeReadable(): void;
  /** Nothing reads it any more. A second call means nothing. */
  release(): void;
}

/** The time that Snapshots lives in. */
export interface SnapshotTime {
  nowMs(): number;
  /** Runs `action` once after the delay, which doesn't keep the process alive. */
  after(delayMs: number, action: () => void): void;
}

/** Real time. */
export const systemTime: SnapshotTime = {
  nowMs: () => performance.now(),
  after: (delayMs, action) => void setTimeout(action, delayMs).unref(),
};

type PublishedState = Pick<SharedState, 'publishSnapshot' | 'now'>;

export class Snapshots {
  readonly #shared: PublishedState;
  readonly #member: MemberId;
  readonly #time: SnapshotTime;
  readonly #ageMaxMs: number;
  /** In the order they were acquired, which is the order of their timestamps and of their ages. */
  readonly #open = new Set<OpenSnapshot>();
  #published: Timestamp = noSnapshot;
  #sweeping = false;

  constructor(shared: PublishedState, member: MemberId, time = systemTime, ageMaxMs = snapshotAgeMaxMs) {
    this.#shared = shared;
    this.#member = member;
    this.#time = time;
    this.#ageMaxMs = ageMaxMs;
  }

  /** Snapshots that are being read. */
  get size(): number {
    return this.#open.size;
  }

  /** The grid as it is now: everything committed before this call. */
  acquire(): Snapshot {
    if (this.#published === noSnapshot) this.#publish(this.#shared.now());
    const snapshot = new OpenSnapshot(this.#shared.now(), this.#time.nowMs(), this.#ageMaxMs, (released) =>
      this.#close(released),
    );
    this.#open.add(snapshot);
    if (!this.#sweeping) this.#sweepAfter(this.#ageMaxMs);
    return snapshot;
  }

  #close(snapshot: OpenSnapshot): void {
    if (this.#open.delete(snapshot)) this.#publishOldest();
  }

  #publishOldest(): void {
    let oldest = noSnapshot;
    for (const first of this.#open) {
      oldest = first.timestamp;
      break;
    }
    if (oldest !== this.#published) this.#publish(oldest);
  }

  #publish(oldest: Timestamp): void {
    this.#published = oldest;
    this.#shared.publishSnapshot(this.#member, oldest);
  }

  /** One timer at most, whatever the number of snapshots; it ends when it finds none. */
  #sweepAfter(delayMs: number): void {
    this.#sweeping = true;
    this.#time.after(delayMs, () => this.#sweep());
  }

  #sweep(): void {
    this.#sweeping = false;
    const now = this.#time.nowMs();
    for (const snapshot of this.#open) {
      const restMs = snapshot.acquiredAtMs + this.#ageMaxMs - now;
      if (restMs > 0) {
        this.#sweepAfter(restMs);
        break;
      }
      snapshot.forcedOut = true;
      this.#open.delete(snapshot);
    }
    this.#publishOldest();
  }
}

class OpenSnapshot implements Snapshot {
  readonly timestamp: Timestamp;
  readonly acquiredAtMs: number;
  forcedOut = false;
  readonly #ageMaxMs: number;
  readonly #close: (snapshot: OpenSnapshot) => void;

  constructor(
    timestamp: Timestamp,
    acquiredAtMs: number,
    ageMaxMs: number,
    close: (snapshot: OpenSnapshot) => void,
  ) {
    this.timestamp = timestamp;
    this.acquiredAtMs = acquiredAtMs;
    this.#ageMaxMs = ageMaxMs;
    this.#close = close;
  }

  mustBeReadable(): void {
    if (!this.forcedOut) return;
    throw new SnapshotTooOldError(
      `this snapshot was read for longer than ${this.#ageMaxMs} ms and its versions are not kept any more; begin a new one`,
      { details: { snapshot: this.timestamp, ageMaxMs: this.#ageMaxMs } },
    );
  }

  release(): void {
    this.#close(this);
  }
}
