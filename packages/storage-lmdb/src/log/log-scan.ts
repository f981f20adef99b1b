/**
 * What a segment holds after a crash: its frames, where they end, and whether what is wrong behind them is a torn tail or
 * damage. Pure.
 *
 * The rule: a frame is written only when the one before it has been flushed, and a mark says the same of the last one. So
 * whatever is unreadable in front of a later header or mark had been flushed, and may have been acknowledged: damage.
 * What is unreadable with nothing behind it was never known to be flushed: it is cut off. Which of both it is when the
 * end of a file was damaged together with the mark can't be told; see docs/storage-format.md.
 */
import {
  frameHeaderBytes,
  frameMagic,
  isPayloadSound,
  segmentHeaderBytes,
  tryReadFrameHeader,
} from './frame.ts';

export interface ScannedFrame {
  readonly sequence: number;
  readonly position: number;
  readonly payload: Buffer;
}

export interface SegmentScan {
  readonly frames: readonly ScannedFrame[];
  /** Where the next frame goes. */
  readonly end: number;
  /** A mark says that the last frame was flushed. */
  readonly isMarked: boolean;
  /** Of the frame that is damaged: it had been flushed and can't be read. */
  readonly damagedAt: number | undefined;
  /** Of the sound frame or mark that shows it. */
  readonly shownBy: number | undefined;
}

export function scanSegment(bytes: Buffer, firstSequence: number, seed: number): SegmentScan {
  const frames: ScannedFrame[] = [];
  let position = segmentHeaderBytes;
  let sequence = firstSequence;
  let isMarked = false;
  for (;;) {
    const header = tryReadFrameHeader(bytes, position, seed);
    isMarked = header?.kind === 'mark' && header.sequence === sequence - 1;
    if (header === undefined || header.kind === 'mark' || header.sequence !== sequence) break;
    if (!isPayloadSound(bytes, position, header, seed)) break;
    const from = position + frameHeaderBytes;
    const to = from + header.payloadBytes;
    frames.push({ sequence, position, payload: bytes.subarray(from, to) });
    position = to;
    sequence++;
  }
  const shownBy = headerFrom(bytes, position, sequence, seed);
  const damagedAt = shownBy === undefined ? undefined : position;
  return { frames, end: position, isMarked, damagedAt, shownBy };
}

/** Position of a header from which follows that frame `sequence`, due at `position`, had been flushed. */
function headerFrom(bytes: Buffer, position: number, sequence: number, seed: number): number | undefined {
  for (let at = position; ; at++) {
    at = bytes.indexOf(frameMagic, at);
    if (at === -1) return undefined;
    const header = tryReadFrameHeader(bytes, at, seed);
    if (header === undefined) continue;
    if (header.sequence > sequence) return at;
    if (header.sequence === sequence && header.kind === 'mark') return at;
  }
}

/** Every sound frame that can be found behind a damaged place, for repair. */
export function salvageFrames(bytes: Buffer, from: number, seed: number): ScannedFrame[] {
  const frames: ScannedFrame[] = [];
  for (let at = from; ; ) {
    at = bytes.indexOf(frameMagic, at);
    if (at === -1) return frames;
    const header = tryReadFrameHeader(bytes, at, seed);
    if (header?.kind === 'commits' && isPayloadSound(bytes, at, header, seed)) {
      const end = at + frameHeaderBytes + header.payloadBytes;
      frames.push({
        sequence: header.sequence,
        position: at,
        payload: bytes.subarray(at + frameHeaderBytes, end),
      });
      at = end;
    } else at++;
  }
}

const segmentName = /^log-(\d{16})$/;

export function nameOfSegment(firstSequence: number): string {
  return `log-${String(firstSequence).padStart(16, '0')}`;
}

/** Undefined: not the name of a segment. */
export function tryParseSegmentName(name: string): number | undefined {
  const digits = segmentName.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
