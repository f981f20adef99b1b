/**
 * The log at the start: which frames count, whether something is missing, and where to go on. What is torn is cut off;
 * damage is refused. `scanSegment` tells one from the other within a segment, this file between them.
 */
import type { RecoveryProgress } from '@troupe/core';
import { damaged, storageError } from '../storage-errors.ts';
import type { Unfolded } from '../unfolded.ts';
import {
  checksumSeed,
  markFrame,
  readSegmentHeader,
  segmentHeader,
  segmentHeaderBytes,
  walkPayload,
} from './frame.ts';
import type { LogFile, LogFiles } from './log-files.ts';
import {
  nameOfSegment,
  type ScannedFrame,
  type SegmentScan,
  scanSegment,
  tryParseSegmentName,
} from './log-scan.ts';
import type { LogPlace, Segment } from './log-writer.ts';

export interface LogRecovery {
  readonly path: string;
  readonly id: Uint8Array;
  readonly files: LogFiles;
  /** Of the checkpoint. */
  readonly foldedSequence: number;
  /** The log must reach it. */
  readonly flushedSequence: number;
  readonly unfolded: Unfolded;
  readonly progress: (report: RecoveryProgress) => void;
}

export interface ReadLog {
  readonly segments: Segment[];
  /** Of the last segment; undefined: there is none yet. */
  readonly tail: LogTail | undefined;
  readonly lastSequence: number;
  /** The largest of the commits that were read; 0: none. */
  readonly lastTimestamp: number;
  readonly frames: number;
}

interface LogTail {
  readonly bytes: Buffer;
  readonly scan: SegmentScan;
}

/** The segments among the files of a folder, in order. */
export function segmentsAmong(names: readonly string[]): Segment[] {
  return names
    .flatMap((name) => {
      const firstSequence = tryParseSegmentName(name);
      return firstSequence === undefined ? [] : [{ name, firstSequence }];
    })
    .sort((a, b) => a.firstSequence - b.firstSequence);
}

/** Reads, and changes nothing. Throws StorageError STORAGE_DAMAGED, STORAGE_TOO_NEW. */
export async function readLog(recovery: LogRecovery): Promise<ReadLog> {
  const { path, files, foldedSequence } = recovery;
  const segments = segmentsAmong(await files.list());
  while (segments[1] !== undefined && segments[1].firstSequence <= foldedSequence) segments.shift();
  const first = segments[0];
  if (first !== undefined && first.firstSequence > foldedSequence + 1) {
    const place = { file: nameOfSegment(foldedSequence + 1), sequence: foldedSequence + 1 };
    throw damaged(path, 'a segment of the log is missing', place);
  }
  const reader = new LogReader(recovery, segments);
  const tail = await reader.readAll();
  const { sequence, lastTimestamp, frames } = reader;
  const flushed = Math.max(foldedSequence, recovery.flushedSequence);
  if (sequence - 1 < flushed) {
    const place = {
      file: segments.at(-1)?.name ?? nameOfSegment(sequence),
      position: tail?.scan.end ?? 0,
      sequence,
    };
    throw damaged(path, `the log ends although frame ${flushed} was flushed`, place);
  }
  return { segments, tail, lastSequence: sequence - 1, lastTimestamp, frames };
}

class LogReader {
  readonly #recovery: LogRecovery;
  readonly #segments: Segment[];
  readonly #seed: number;
  /** Of the next frame. */
  sequence: number;
  lastTimestamp = 0;
  frames = 0;

  constructor(recovery: LogRecovery, segments: Segment[]) {
    this.#recovery = recovery;
    this.#segments = segments;
    this.#seed = checksumSeed(recovery.id);
    this.sequence = segments[0]?.firstSequence ?? recovery.foldedSequence + 1;
  }

  async readAll(): Promise<LogTail | undefined> {
    let tail: LogTail | undefined;
    const total = this.#segments.length;
    for (const [done, segment] of [...this.#segments].entries()) {
      this.#recovery.progress({ phase: 'log', done, total });
      const read = await this.#recovery.files.read(segment.name);
      const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
      if (this.#isTornStart(segment, bytes)) {
        this.#segments.pop();
        return tail;
      }
      const scan = scanSegment(bytes, segment.firstSequence, this.#seed);
      this.#check(segment, scan);
      for (const frame of scan.frames) this.#take(frame);
      tail = { bytes, scan };
    }
    this.#recovery.progress({ phase: 'log', done: total, total });
    return tail;
  }

  /** True: the file was made for a first frame that never was flushed. Throws unless it is that or a sound segment. */
  #isTornStart(segment: Segment, bytes: Buffer): boolean {
    const { path, id } = this.#recovery;
    const { name: file, firstSequence } = segment;
    const place = { file, position: 0, sequence: firstSequence };
    if (firstSequence !== this.sequence) {
      const missing = { ...place, sequence: this.sequence };
      throw damaged(path, `the log goes on with frame ${firstSequence}`, missing);
    }
    const header = readSegmentHeader(bytes, id);
    switch (header.kind) {
      case 'sound':
        if (header.firstSequence === firstSequence) return false;
        throw damaged(path, `the file has the header of segment ${header.firstSequence}`, place);
      case 'too-new':
        throw storageError(
          'STORAGE_TOO_NEW',
          path,
          `has a log of format ${header.version}. Use a newer version.`,
          {
            details: { file, version: header.version },
          },
        );
      case 'of-another-storage':
        throw damaged(path, 'a segment of the log belongs to another storage', place);
      case 'unreadable': {
        const isLast = segment === this.#segments.at(-1);
        const { frames, damagedAt } = scanSegment(bytes, firstSequence, this.#seed);
        if (isLast && frames.length === 0 && damagedAt === undefined) return true;
        throw damaged(path, 'the header of a segment of the log is unreadable', place);
      }
    }
  }

  #check(segment: Segment, { damagedAt, shownBy, frames, end }: SegmentScan): void {
    const sequence = segment.firstSequence + frames.length;
    const next = this.#segments[this.#segments.indexOf(segment) + 1];
    const place = { file: segment.name, position: damagedAt ?? end, sequence };
    if (damagedAt !== undefined) {
      throw damaged(
        this.#recovery.path,
        `a frame can't be read, and what stands at ${shownBy} is later`,
        place,
      );
    }
    // The file of a next segment is begun when all frames of this one are flushed.
    if (next !== undefined && next.firstSequence !== sequence) {
      throw damaged(this.#recovery.path, `a frame can't be read, and ${next.name} is later`, place);
    }
  }

  #take({ sequence, payload }: ScannedFrame): void {
    const { foldedSequence, unfolded } = this.#recovery;
    this.sequence = sequence + 1;
    this.frames++;
    walkPayload(payload, sequence, {
      commit: (timestamp) => {
        this.lastTimestamp = Math.max(this.lastTimestamp, timestamp);
      },
      part: (part) => {
        if (sequence > foldedSequence) unfolded.add(part);
      },
    });
  }
}

/** Makes what was read the durable end of the log: cuts off what is torn, and flushes the last frame once more. */
export async function continueLog(recovery: LogRecovery, log: ReadLog): Promise<LogPlace> {
  const { files, id, path } = recovery;
  try {
    for (const { name, firstSequence } of segmentsAmong(await files.list())) {
      // What is wholly folded and could not be removed, and the next segment that was only begun.
      const isKept = log.segments.some((segment) => segment.firstSequence === firstSequence);
      if (!isKept) await files.remove(name);
    }
    if (log.tail === undefined) return await startLog(files, id, log.lastSequence);
    const last = log.segments.at(-1) as Segment;
    const file = await files.open(last.name);
    await confirmTail(file, log.tail, log.lastSequence, checksumSeed(id));
    await files.syncFolder();
    const { segments, lastSequence } = log;
    return { segments, file, position: log.tail.scan.end, lastSequence };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw storageError('STORAGE_NOT_WRITABLE', path, `has a log that can't be written to: ${message}.`, {
      cause,
    });
  }
}

/** The first segment of a storage. Durable when it resolves. */
export async function startLog(files: LogFiles, id: Uint8Array, lastSequence: number): Promise<LogPlace> {
  const firstSequence = lastSequence + 1;
  const name = nameOfSegment(firstSequence);
  const file = await files.create(name);
  await file.write(segmentHeader(id, firstSequence), 0);
  await file.sync();
  await files.syncFolder();
  return { segments: [{ name, firstSequence }], file, position: segmentHeaderBytes, lastSequence };
}

async function confirmTail(
  file: LogFile,
  { bytes, scan }: LogTail,
  lastSequence: number,
  seed: number,
): Promise<void> {
  const { end, frames, isMarked } = scan;
  const frame = frames.at(-1);
  await file.truncate(end);
  // It may be in the system's memory only, and counted there as written, if the process before ended in a failed flush.
  if (!isMarked && frame !== undefined) {
    const from = frames.length === 1 ? 0 : frame.position;
    await file.write(bytes.subarray(from, end), from);
  }
  await file.sync();
  if (frame !== undefined) await file.write(markFrame(lastSequence, end, seed), end);
}
