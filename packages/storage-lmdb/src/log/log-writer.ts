/**
 * Appends commits to the log, flushes, and only then answers. One frame is under way at a time; what comes meanwhile
 * goes into the next, so many commits share a flush.
 *
 * The rules: a frame is written only when the one before it has been flushed (recovery relies on it). The first error of
 * a write or flush ends the writer for good: after a failed fdatasync nobody knows what is on the disk, and a second one
 * would lie. The exception is a full disk that was met before anything was flushed: the file is cut back to its good end.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StorageError, StoredCommit } from '@troupe/core';
import { asBuffer } from '../bytes.ts';
import { frameBytesTarget, segmentBytesTarget } from '../limits.ts';
import { isNoSpace, storageError } from '../storage-errors.ts';
import type { Unfolded } from '../unfolded.ts';
import {
  checksumSeed,
  commitBytes,
  commitsFrame,
  FramePart,
  markFrame,
  segmentHeader,
  segmentHeaderBytes,
} from './frame.ts';
import type { FreeSpace } from './free-space.ts';
import type { LogFile, LogFiles } from './log-files.ts';
import { nameOfSegment } from './log-scan.ts';

/** Where a log goes on, and what it is made of. */
export interface LogPlace {
  /** In order. The last one is written to. */
  readonly segments: Segment[];
  readonly file: LogFile;
  readonly position: number;
  /** Of the last frame, or of the one before the first. */
  readonly lastSequence: number;
}

export interface Segment {
  readonly name: string;
  readonly firstSequence: number;
}

export interface LogWriterPorts {
  /** Of the storage, for messages. */
  readonly path: string;
  readonly id: Uint8Array;
  readonly files: LogFiles;
  readonly unfolded: Unfolded;
  readonly freeSpace: FreeSpace;
  /** Resolves when more may be kept in memory. */
  readonly room: () => Promise<void>;
  /** A frame has been flushed. */
  readonly flushed: () => void;
  /** How long nothing must come before the last frame is marked. 0: at once. */
  readonly markDelayMs: number;
  readonly segmentBytes?: number;
}

interface Waiting {
  readonly commits: readonly StoredCommit[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: StorageError) => void;
  /** Someone has been shown these writes, so they can't be refused any more. */
  wasRead: boolean;
}

/** Of what is in no frame yet. */
const noSequence = 0;

export class LogWriter {
  readonly #ports: LogWriterPorts;
  readonly #seed: number;
  readonly #segments: Segment[];
  #file: LogFile;
  #position: number;
  #flushedSequence: number;
  #waiting: Waiting[] = [];
  #underWay: readonly Waiting[] = [];
  /** Commits in the frame before. */
  #lastLength = 0;
  /** Those under way are in a frame, and so unfolded. */
  #isFramed = false;
  /**
   * Until the thread has turned after a flush: what came during that, and waits in the ports of the thread, shares the
   * next frame. Whoever comes later waits for nothing.
   */
  #turn: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #failure: StorageError | undefined;
  #markTimer: NodeJS.Timeout | undefined;
  /** What was created since the folder was last synced. */
  #isFolderChanged = false;
  #lastTimestamp: number;

  constructor(place: LogPlace, lastTimestamp: number, ports: LogWriterPorts) {
    this.#ports = ports;
    this.#seed = checksumSeed(ports.id);
    this.#segments = place.segments;
    this.#file = place.file;
    this.#position = place.position;
    this.#flushedSequence = place.lastSequence;
    this.#lastTimestamp = lastTimestamp;
  }

  get flushedSequence(): number {
    return this.#flushedSequence;
  }

  /** The largest of the flushed commits. */
  get lastTimestamp(): number {
    return this.#lastTimestamp;
  }

  get failure(): StorageError | undefined {
    return this.#failure;
  }

  append(commits: readonly StoredCommit[]): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    let bytes = 0;
    for (const commit of commits) bytes += commitBytes(commit);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commits, bytes, resolve, reject, wasRead: false });
      this.#run();
    });
  }

  /** Resolves when everything given to `append` before is answered, whatever comes meanwhile. */
  barrier(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commits: [], bytes: 0, resolve, reject, wasRead: true });
      this.#run();
    });
  }

  /** Nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** What was given to `append` and is in no frame yet. It will be kept, or nothing will ever be again. */
  readWaiting(partition: number): FramePart[] {
    const parts: FramePart[] = [];
    for (const append of this.#underWay) append.wasRead = true;
    for (const append of [...(this.#isFramed ? [] : this.#underWay), ...this.#waiting]) {
      append.wasRead = true;
      for (const { timestamp, parts: of } of append.commits) {
        for (let at = 0; at + 3 < of.length; at += 4) {
          const writes = of[at + 2] as Uint8Array | undefined;
          if (of[at] !== partition || writes === undefined || writes.byteLength === 0) continue;
          parts.push(new FramePart(noSequence, partition, timestamp, asBuffer(writes), 0, writes.byteLength));
        }
      }
    }
    return parts;
  }

  /** Gives back the space of segments that hold nothing beyond `sequence`. */
  async removeSegments(sequence: number): Promise<void> {
    for (let next = this.#segments[1]; next !== undefined; next = this.#segments[1]) {
      // Where the next one is only begun, this one is still what a crash would go back to.
      if (next.firstSequence > sequence) return;
      // What can't be removed now is tried again after the next fold, and at the next start.
      const isRemoved = await this.#ports.files.remove((this.#segments[0] as Segment).name).then(
        () => true,
        () => false,
      );
      if (!isRemoved) return;
      this.#segments.shift();
    }
  }

  /** Ends the writer: what comes is refused. */
  fail(what: string, cause: unknown): StorageError {
    this.#failure ??= storageError(
      'STORAGE_FAILED',
      this.#ports.path,
      `takes no more writes: ${what} failed. What was acknowledged is kept; start again when the cause is gone.`,
      { cause, details: { what } },
    );
    const refused = [...this.#underWay, ...this.#waiting];
    this.#underWay = [];
    this.#waiting = [];
    for (const { reject } of refused) reject(this.#failure);
    return this.#failure;
  }

  async close(): Promise<void> {
    await this.settled();
    clearTimeout(this.#markTimer);
    // A mark may be under way.
    this.#markTimer = undefined;
    await this.settled();
    await this.#file.close();
  }

  #run(): void {
    if (this.#running !== undefined) return;
    clearTimeout(this.#markTimer);
    this.#markTimer = undefined;
    this.#running = this.#writeAll().finally(() => {
      this.#running = undefined;
      if (this.#waiting.length > 0) this.#run();
    });
  }

  async #writeAll(): Promise<void> {
    const { room, freeSpace } = this.#ports;
    while (this.#waiting.length > 0) {
      await this.#turn;
      await room();
      if (await freeSpace.isShort()) this.#refuseWaiting();
      const batch = this.#takeBatch();
      if (batch.length > 0) await this.#write(batch);
    }
    if (this.#failure !== undefined) return;
    if (this.#ports.markDelayMs === 0) await this.#mark();
    else this.#markTimer = setTimeout(() => this.#markWhenIdle(), this.#ports.markDelayMs).unref();
  }

  #markWhenIdle(): void {
    this.#markTimer = undefined;
    if (this.#running !== undefined || this.#failure !== undefined) return;
    this.#running = this.#mark().finally(() => {
      this.#running = undefined;
      if (this.#waiting.length > 0) this.#run();
    });
  }

  /** Not flushed: it is a witness in case it survives, and no promise. */
  async #mark(): Promise<void> {
    if (this.#flushedSequence < (this.#segments.at(-1) as Segment).firstSequence) return;
    try {
      await this.#file.write(markFrame(this.#flushedSequence, this.#position, this.#seed), this.#position);
    } catch (error) {
      if (!isNoSpace(error)) this.fail('a write to the log', error);
    }
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const append of this.#waiting) {
      if (count > 0 && bytes + append.bytes > frameBytesTarget) break;
      bytes += append.bytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    this.#underWay = batch;
    this.#isFramed = false;
    const commits = batch.length === 1 ? (batch[0] as Waiting).commits : batch.flatMap((one) => one.commits);
    if (commits.length === 0) {
      this.#acknowledge(batch);
      return;
    }
    const sequence = this.#flushedSequence + 1;
    let frame: Buffer;
    try {
      await this.#startSegmentIfDue(sequence);
      const place = { sequence, position: this.#position, seed: this.#seed };
      const bytes = batch.reduce((sum, one) => sum + one.bytes, 0);
      frame = commitsFrame(commits, bytes, place, (part) => this.#ports.unfolded.add(part));
      this.#isFramed = true;
      await this.#file.write(frame, this.#position);
    } catch (error) {
      await this.#writeFailed(sequence, error);
      return;
    }
    try {
      // One commit after the other: what comes meanwhile waits in the port of the thread as it would here.
      const isLone = commits.length === 1 && this.#waiting.length === 0 && this.#lastLength <= 1;
      this.#lastLength = commits.length;
      await this.#file.sync(isLone ? 'lone' : 'shared');
      if (this.#isFolderChanged) await this.#ports.files.syncFolder();
    } catch (error) {
      this.fail('a flush of the log', error);
      return;
    }
    this.#isFolderChanged = false;
    this.#position += frame.byteLength;
    this.#flushedSequence = sequence;
    this.#ports.freeSpace.used(frame.byteLength);
    this.#acknowledge(batch);
    this.#turn = nextTurn().then(() => {
      this.#turn = undefined;
    });
  }

  #acknowledge(batch: readonly Waiting[]): void {
    this.#underWay = [];
    for (const { commits } of batch) {
      for (const { timestamp } of commits) this.#lastTimestamp = Math.max(this.#lastTimestamp, timestamp);
    }
    this.#ports.flushed();
    for (const { resolve } of batch) resolve();
  }

  async #startSegmentIfDue(sequence: number): Promise<void> {
    if (this.#position < (this.#ports.segmentBytes ?? segmentBytesTarget)) return;
    const { files, id } = this.#ports;
    const name = nameOfSegment(sequence);
    const file = await files.create(name);
    try {
      await file.write(segmentHeader(id, sequence), 0);
    } catch (error) {
      // Left behind it would be in the way of the next try; at the next start it is a torn one.
      await file.close();
      await files.remove(name);
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#position = segmentHeaderBytes;
    this.#segments.push({ name, firstSequence: sequence });
    this.#isFolderChanged = true;
    await old.close();
  }

  async #writeFailed(sequence: number, error: unknown): Promise<void> {
    const isReversible = isNoSpace(error) && !this.#underWay.some(({ wasRead }) => wasRead);
    if (!isReversible) {
      this.fail('a write to the log', error);
      return;
    }
    try {
      await this.#file.truncate(this.#position);
      await this.#file.sync();
    } catch (cause) {
      this.fail('cutting off a write for which there was no room', cause);
      return;
    }
    // Someone may have read them while the file was cut.
    if (this.#underWay.some(({ wasRead }) => wasRead)) {
      this.fail('a write to the log', error);
      return;
    }
    this.#ports.unfolded.takeBack(sequence);
    this.#ports.freeSpace.ranOut();
    const refused = this.#underWay;
    this.#underWay = [];
    this.#refuse(refused, error);
  }

  #refuseWaiting(): void {
    const refused = this.#waiting.filter(({ wasRead }) => !wasRead);
    this.#waiting = this.#waiting.filter(({ wasRead }) => wasRead);
    this.#refuse(refused);
  }

  #refuse(appends: readonly Waiting[], cause?: unknown): void {
    const { path, freeSpace } = this.#ports;
    for (const { reject } of appends) {
      reject(
        storageError(
          'STORAGE_FULL',
          path,
          `has no room: ${freeSpace.describe()}. Nothing was written; writes are accepted again when there is room.`,
          { cause, details: { freeBytes: freeSpace.bytes, freeBytesMin: freeSpace.bytesMin } },
        ),
      );
    }
  }
}
