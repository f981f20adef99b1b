/**
 * The bytes of the log: the header of a segment, frames with commits, and the mark behind the last one. Pure.
 *
 * A frame knows its position in its file, and all checksums begin with the storage's id, so bytes that look like a frame
 * but were stored as a value, or belong to another storage, are never taken for one. See docs/storage-format.md.
 */
import { crc32 } from 'node:zlib';
import { assert, type StoredCommit } from '@troupe/core';
import { copyBytes } from '../bytes.ts';
import { frameBytesMax } from '../limits.ts';

export const logFormatVersion = 1;
/** 'TRPLOG' and two zeros. */
const segmentMagic = Buffer.from('TRPLOG\0\0', 'latin1');
/** Magic, version, checksum, id, first sequence. */
export const segmentHeaderBytes = 40;
/** 'TRPF' */
export const frameMagic = Buffer.from('TRPF', 'latin1');
export const frameHeaderBytes = 40;
const commitHeaderBytes = 20;
const partHeaderBytes = 16;

export type FrameKind = 'commits' | 'mark';
const kindNumbers = { commits: 1, mark: 2 } as const;

/** What the checksums of a storage begin with. `id`: 16 bytes. */
export function checksumSeed(id: Uint8Array): number {
  return crc32(id);
}

export interface FrameHeader {
  readonly kind: FrameKind;
  /** Of a mark: of the frame before it. */
  readonly sequence: number;
  readonly payloadBytes: number;
  readonly payloadChecksum: number;
}

export function segmentHeader(id: Uint8Array, firstSequence: number): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(bytes, 0);
  bytes.writeUInt32LE(logFormatVersion, 8);
  bytes.set(id, 16);
  bytes.writeDoubleLE(firstSequence, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(16), crc32(bytes.subarray(0, 12))), 12);
  return bytes;
}

export type SegmentHeaderVerdict =
  | { readonly kind: 'sound'; readonly firstSequence: number }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'too-new'; readonly version: number }
  | { readonly kind: 'of-another-storage' };

export function readSegmentHeader(bytes: Buffer, id: Uint8Array): SegmentHeaderVerdict {
  if (bytes.byteLength < segmentHeaderBytes || !bytes.subarray(0, 8).equals(segmentMagic)) {
    return { kind: 'unreadable' };
  }
  const header = bytes.subarray(0, segmentHeaderBytes);
  if (crc32(header.subarray(16), crc32(header.subarray(0, 12))) !== header.readUInt32LE(12)) {
    return { kind: 'unreadable' };
  }
  // Behind the checksum: a damaged version must not look like a newer one.
  const version = header.readUInt32LE(8);
  if (version > logFormatVersion) return { kind: 'too-new', version };
  if (!header.subarray(16, 32).equals(id)) return { kind: 'of-another-storage' };
  return { kind: 'sound', firstSequence: header.readDoubleLE(32) };
}

function writeFrameHeader(bytes: Buffer, header: FrameHeader, position: number, seed: number): void {
  frameMagic.copy(bytes, 0);
  bytes.writeUInt32LE(kindNumbers[header.kind], 8);
  bytes.writeUInt32LE(header.payloadBytes, 12);
  bytes.writeDoubleLE(header.sequence, 16);
  bytes.writeDoubleLE(position, 24);
  bytes.writeUInt32LE(header.payloadChecksum, 32);
  bytes.writeUInt32LE(0, 36);
  bytes.writeUInt32LE(crc32(bytes.subarray(8, frameHeaderBytes), seed), 4);
}

/** Undefined: there is no sound header at this position. */
export function tryReadFrameHeader(bytes: Buffer, position: number, seed: number): FrameHeader | undefined {
  if (position + frameHeaderBytes > bytes.byteLength) return undefined;
  const header = bytes.subarray(position, position + frameHeaderBytes);
  if (!header.subarray(0, 4).equals(frameMagic)) return undefined;
  if (crc32(header.subarray(8), seed) !== header.readUInt32LE(4)) return undefined;
  if (header.readDoubleLE(24) !== position) return undefined;
  const kind = header.readUInt32LE(8);
  if (kind !== kindNumbers.commits && kind !== kindNumbers.mark) return undefined;
  return {
    kind: kind === kindNumbers.commits ? 'commits' : 'mark',
    sequence: header.readDoubleLE(16),
    payloadBytes: header.readUInt32LE(12),
    payloadChecksum: header.readUInt32LE(32),
  };
}

/** Says that the frame before it has been flushed. The next frame is written over it. */
export function markFrame(sequence: number, position: number, seed: number): Buffer {
  const bytes = Buffer.alloc(frameHeaderBytes);
  const header = { kind: 'mark', sequence, payloadBytes: 0, payloadChecksum: crc32('', seed) } as const;
  writeFrameHeader(bytes, header, position, seed);
  return bytes;
}

/** What one commit changes in one partition: the stored writes at `from` to `to` in `bytes`, which are those of a frame. */
export class FramePart {
  /** Of the frame. */
  readonly sequence: number;
  readonly partition: number;
  readonly timestamp: number;
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;

  constructor(
    sequence: number,
    partition: number,
    timestamp: number,
    bytes: Buffer,
    from: number,
    to: number,
  ) {
    this.sequence = sequence;
    this.partition = partition;
    this.timestamp = timestamp;
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }

  get length(): number {
    return this.to - this.from;
  }
}

/** Bytes of a commit in a frame. */
export function commitBytes(commit: StoredCommit): number {
  let total = commitHeaderBytes;
  for (let at = 0; at + 3 < commit.parts.length; at += 4) {
    total += partHeaderBytes + writesOf(commit, at).byteLength;
  }
  return total;
}

/** `payloadBytes`: the sum of `commitBytes`. `part` is handed each part that wrote something. */
export function commitsFrame(
  commits: readonly StoredCommit[],
  payloadBytes: number,
  place: { readonly sequence: number; readonly position: number; readonly seed: number },
  part: (part: FramePart) => void,
): Buffer {
  assert(payloadBytes <= frameBytesMax, `a frame of ${payloadBytes} bytes is too large`);
  // Not from Node's pool: parts of it stay in memory until they are folded.
  const bytes = Buffer.allocUnsafeSlow(frameHeaderBytes + payloadBytes);
  let at = frameHeaderBytes;
  for (const commit of commits) {
    bytes.writeDoubleLE(commit.id, at);
    bytes.writeDoubleLE(commit.timestamp, at + 8);
    bytes.writeUInt32LE(Math.floor(commit.parts.length / 4), at + 16);
    at = writeParts(bytes, at + commitHeaderBytes, commit, place.sequence, part);
  }
  assert(at === bytes.byteLength, 'a frame has another length than was counted');
  const { sequence, position, seed } = place;
  const payloadChecksum = crc32(bytes.subarray(frameHeaderBytes), seed);
  writeFrameHeader(bytes, { kind: 'commits', sequence, payloadBytes, payloadChecksum }, position, seed);
  return bytes;
}

function writeParts(
  bytes: Buffer,
  from: number,
  commit: StoredCommit,
  sequence: number,
  part: (part: FramePart) => void,
): number {
  let at = from;
  for (let index = 0; index + 3 < commit.parts.length; index += 4) {
    const partition = commit.parts[index] as number;
    const writes = writesOf(commit, index);
    bytes.writeUInt32LE(partition, at);
    bytes.writeDoubleLE(commit.parts[index + 1] as number, at + 4);
    bytes.writeUInt32LE(writes.byteLength, at + 12);
    at += partHeaderBytes;
    const end = at + writes.byteLength;
    copyBytes(writes, 0, writes.byteLength, bytes, at);
    if (end > at) part(new FramePart(sequence, partition, commit.timestamp, bytes, at, end));
    at = end;
  }
  return at;
}

const nothing = new Uint8Array(0);

function writesOf(commit: StoredCommit, index: number): Uint8Array {
  return (commit.parts[index + 2] as Uint8Array | undefined) ?? nothing;
}

/** Whether the payload is what was written. `position`: of the frame. */
export function isPayloadSound(bytes: Buffer, position: number, header: FrameHeader, seed: number): boolean {
  const from = position + frameHeaderBytes;
  const to = from + header.payloadBytes;
  return to <= bytes.byteLength && crc32(bytes.subarray(from, to), seed) === header.payloadChecksum;
}

/** Walks the commits of a sound payload. `sequence`: of its frame. */
export function walkPayload(
  payload: Buffer,
  sequence: number,
  visitor: { commit(timestamp: number): void; part(part: FramePart): void },
): void {
  for (let at = 0; at < payload.byteLength; ) {
    const timestamp = payload.readDoubleLE(at + 8);
    visitor.commit(timestamp);
    let parts = payload.readUInt32LE(at + 16);
    at += commitHeaderBytes;
    for (; parts > 0; parts--) {
      const partition = payload.readUInt32LE(at);
      const length = payload.readUInt32LE(at + 12);
      at += partHeaderBytes;
      const end = at + length;
      if (length > 0) visitor.part(new FramePart(sequence, partition, timestamp, payload, at, end));
      at = end;
    }
  }
}
