/**
 * What all members of a grid see without a message: the clock, the incarnation of every partition and member, and
 * the oldest snapshot each member reads. One SharedArrayBuffer of 64-bit words, changed by atomics only.
 *
 * - The **clock** counts draws. A draw is unique and larger than every earlier one; transaction ids, ages and commit
 *   timestamps are draws. 2^53 draws last for centuries, so a timestamp is a plain number.
 * - The **incarnation** of a partition rises each time it is created anew, before the successor serves.
 * - A member publishes the **oldest snapshot** it reads before the first read, so that owners keep the versions.
 * - The **retention floor**, where the grid keeps the past for a while, counts as a snapshot that is always read.
 */

export type MemberId = number;
export type PartitionId = number;
/** A draw from the clock. */
export type Timestamp = number;

const clockIndex = 0;
const floorIndex = 1;
const headerWords = 8;
/** Published when a member reads no snapshot. */
export const noSnapshot: Timestamp = Number.MAX_SAFE_INTEGER;
const noSnapshotWord = BigInt(noSnapshot);

export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly partitionCount: number;
  readonly memberCount: number;
  readonly #words: BigInt64Array;
  readonly #incarnations: Int32Array;
  /** How many members read a snapshot: what owners look at first, once per write. */
  readonly #readers: Int32Array;

  constructor(buffer: SharedArrayBuffer, partitionCount: number, memberCount: number) {
    this.buffer = buffer;
    this.partitionCount = partitionCount;
    this.memberCount = memberCount;
    this.#words = new BigInt64Array(buffer, 0, headerWords + memberCount);
    this.#incarnations = new Int32Array(buffer, 8 * (headerWords + memberCount), partitionCount);
    this.#readers = new Int32Array(buffer, 8 * (headerWords + memberCount) + 4 * partitionCount, 1);
  }

  /** `clockStart`: where the clock begins; above all that an earlier life of the same data has ever drawn. */
  static create(partitionCount: number, memberCount: number, clockStart: Timestamp = 0): SharedState {
    const bytes = 8 * (headerWords + memberCount) + 4 * (partitionCount + 1);
    const state = new SharedState(new SharedArrayBuffer(bytes), partitionCount, memberCount);
    Atomics.store(state.#words, clockIndex, BigInt(clockStart));
    Atomics.store(state.#words, floorIndex, noSnapshotWord);
    for (let member = 0; member < memberCount; member++)
      Atomics.store(state.#words, headerWords + member, noSnapshotWord);
    for (let partition = 0; partition < partitionCount; partition++) state.raiseIncarnation(partition);
    return state;
  }

  /** Draws the next timestamp: unique, larger than every one drawn before it on any thread. */
  draw(): Timestamp {
    return Number(Atomics.add(this.#words, clockIndex, 1n)) + 1;
  }

  /** The latest timestamp drawn. */
  now(): Timestamp {
    return Number(Atomics.load(this.#words, clockIndex));
  }

  incarnationOf(partition: PartitionId): number {
    return Atomics.load(this.#incarnations, partition);
  }

  /** The same for the partition's owner, which costs less: nobody raises it while that thread lives. */
  ownIncarnationOf(partition: PartitionId): number {
    return this.#incarnations[partition] as number;
  }

  /** The partition is created anew; everything meant for its predecessor is refused from now on. */
  raiseIncarnation(partition: PartitionId): number {
    return Atomics.add(this.#incarnations, partition, 1) + 1;
  }

  /**
   * A member reads nothing older than this from now on. Owners may look as soon as this returns: whoever publishes first
   * and then loads the clock is seen by every owner that draws later.
   */
  publishSnapshot(member: MemberId, oldest: Timestamp): void {
    const word = oldest === noSnapshot ? noSnapshotWord : BigInt(oldest);
    const index = headerWords + member;
    const reads = word !== noSnapshotWord;
    const read = Atomics.load(this.#words, index) !== noSnapshotWord;
    // Counted before it is written and written before it is taken off: a thread that dies in between counts too much,
    // which costs owners a look, never too little.
    if (reads && !read) Atomics.add(this.#readers, 0, 1);
    Atomics.store(this.#words, index, word);
    if (read && !reads) Atomics.sub(this.#readers, 0, 1);
  }

  /** Everything from this timestamp on is kept, whether or not anybody reads it. Only ever goes up. */
  raiseRetentionFloor(floor: Timestamp): void {
    const isFirst = Atomics.exchange(this.#words, floorIndex, BigInt(floor)) === noSnapshotWord;
    if (isFirst) Atomics.add(this.#readers, 0, 1);
  }

  /** From where on everything is kept, or `noSnapshot` where only what is read is. */
  retentionFloor(): Timestamp {
    return Number(Atomics.load(this.#words, floorIndex));
  }

  /** The oldest snapshot that any member reads or the retention floor, or `noSnapshot`. */
  oldestSnapshot(): Timestamp {
    if (Atomics.load(this.#readers, 0) === 0) return noSnapshot;
    let oldest = Atomics.load(this.#words, floorIndex);
    for (let member = 0; member < this.memberCount; member++) {
      const published = Atomics.load(this.#words, headerWords + member);
      if (published < oldest) oldest = published;
    }
    return Number(oldest);
  }
}
