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
 * A snapshot of the past (`acquireAt`) is published before it is read, too, but what its S needs may have gone before
 * that. Nothing wrong can be read: an owner that dropped a version that S needs has raised its horizon above S, and
 * refuses; one that looks later sees the publication.
 *
 * A snapshot that is held for longer than the limit is forced out: it isn't published any more, and unless the retention
 * still covers it, reading it ends with SNAPSHOT_TOO_OLD, at the reader or at an owner whose horizon has passed it.
 */
import { type Clock, systemClock } from '../clock.ts';
import { mustBe } from '../errors/argument.ts';
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

/** The time of a member. */
export function snapshotTime(clock: Clock): SnapshotTime {
  return {
    nowMs: () => clock.now(),
    after: (delayMs, action) => void clock.upkeepAfter(delayMs, action),
  };
}

type PublishedState = Pick<SharedState, 'publishSnapshot' | 'oldestSnapshot' | 'retentionFloor' | 'now'>;

export class Snapshots {
  readonly #shared: PublishedState;
  readonly #member: MemberId;
  readonly #time: SnapshotTime;
  readonly #ageMaxMs: number;
  /** In the order they were acquired, which is the order of their timestamps and of their ages. */
  readonly #open = new Set<OpenSnapshot>();
  /** Those of the past, in the order they were acquired; mostly none. */
  readonly #past = new Set<OpenSnapshot>();
  #published: Timestamp = noSnapshot;
  #sweeping = false;

  constructor(
    shared: PublishedState,
    member: MemberId,
    time = snapshotTime(systemClock),
    ageMaxMs = snapshotAgeMaxMs,
  ) {
    this.#shared = shared;
    this.#member = member;
    this.#time = time;
    this.#ageMaxMs = ageMaxMs;
  }

  /** Snapshots that are being read. */
  get size(): number {
    return this.#open.size + this.#past.size;
  }

  /** The grid as it is now: everything committed before this call. */
  acquire(): Snapshot {
    if (this.#published === noSnapshot) this.#publish(this.#shared.now());
    return this.#opened(this.#shared.now(), this.#open);
  }

  /**
   * The grid as it was at `timestamp`: whatever had been committed up to it. Throws InvalidArgumentError for what is no
   * timestamp yet, SnapshotTooOldError below the retention floor unless somebody reads a snapshot as old.
   */
  acquireAt(timestamp: Timestamp): Snapshot {
    const now = this.#shared.now();
    const isDrawn = Number.isSafeInteger(timestamp) && timestamp > 0 && timestamp <= now;
    mustBe(isDrawn, 'asOf', `a timestamp of this grid, a whole number from 1 to ${now} as yet`, timestamp);
    // To say so at once; if the floor passes it between here and the publication, a partition says it.
    const floor = this.#shared.retentionFloor();
    if (floor !== noSnapshot && this.#shared.oldestSnapshot() > timestamp) throw belowFloor(timestamp, floor);
    if (timestamp < this.#published) this.#publish(timestamp);
    return this.#opened(timestamp, this.#past);
  }

  #opened(timestamp: Timestamp, snapshots: Set<OpenSnapshot>): OpenSnapshot {
    const snapshot = new OpenSnapshot(timestamp, this.#time.nowMs(), this.#ageMaxMs, this);
    snapshots.add(snapshot);
    if (!this.#sweeping) this.#sweepAfter(this.#ageMaxMs);
    return snapshot;
  }

  /** @internal */
  close(snapshot: OpenSnapshot): void {
    if (this.#open.delete(snapshot) || this.#past.delete(snapshot)) this.#publishOldest();
  }

  /** @internal Is it kept without being published? */
  isRetained(timestamp: Timestamp): boolean {
    return this.#shared.retentionFloor() <= timestamp;
  }

  #publishOldest(): void {
    let oldest = noSnapshot;
    for (const first of this.#open) {
      oldest = first.timestamp;
      break;
    }
    if (this.#past.size > 0) for (const { timestamp } of this.#past) oldest = Math.min(oldest, timestamp);
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
    const restMs = Math.min(this.#forceOut(this.#open), this.#forceOut(this.#past));
    if (restMs < Number.POSITIVE_INFINITY) this.#sweepAfter(restMs);
    this.#publishOldest();
  }

  /** Forces those out that are too old; how long the oldest of the others may stay. */
  #forceOut(snapshots: Set<OpenSnapshot>): number {
    const now = this.#time.nowMs();
    for (const snapshot of snapshots) {
      const restMs = snapshot.acquiredAtMs + this.#ageMaxMs - now;
      if (restMs > 0) return restMs;
      snapshot.forcedOut = true;
      snapshots.delete(snapshot);
    }
    return Number.POSITIVE_INFINITY;
  }
}

function belowFloor(timestamp: Timestamp, floor: Timestamp): SnapshotTooOldError {
  return new SnapshotTooOldError(
    `the grid as of ${timestamp} can't be read any more: the past is kept for as long as the grid's option \`retentionMs\` says, which now reaches back to ${floor}`,
    { details: { snapshot: timestamp, floor } },
  );
}

class OpenSnapshot implements Snapshot {
  readonly timestamp: Timestamp;
  readonly acquiredAtMs: number;
  forcedOut = false;
  readonly #ageMaxMs: number;
  readonly #snapshots: Snapshots;

  constructor(timestamp: Timestamp, acquiredAtMs: number, ageMaxMs: number, snapshots: Snapshots) {
    this.timestamp = timestamp;
    this.acquiredAtMs = acquiredAtMs;
    this.#ageMaxMs = ageMaxMs;
    this.#snapshots = snapshots;
  }

  mustBeReadable(): void {
    if (!this.forcedOut || this.#snapshots.isRetained(this.timestamp)) return;
    throw new SnapshotTooOldError(
      `this snapshot was read for longer than ${this.#ageMaxMs} ms and its versions are not kept any more; begin a new one`,
      { details: { snapshot: this.timestamp, ageMaxMs: this.#ageMaxMs } },
    );
  }

  release(): void {
    this.#snapshots.close(this);
  }
}
