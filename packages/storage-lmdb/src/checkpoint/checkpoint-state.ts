/** The one record beside the checkpoint's entries: up to where they go, and what the storage was made for. */
import { crc32 } from 'node:zlib';

export interface CheckpointState {
  /** Of the storage, in hexadecimal. */
  readonly id: string;
  readonly partitionCount: number;
  /** Name → number. Numbers are never used again. */
  readonly tables: Readonly<Record<string, number>>;
  /** The number of the next new table. */
  readonly nextTable: number;
  readonly startEpoch: number | undefined;
  /** Every frame up to this one is in the entries. */
  readonly foldedSequence: number;
  /** Every frame up to this one was flushed: the log must reach it. */
  readonly flushedSequence: number;
  /** The largest timestamp of a commit up to `foldedSequence`. */
  readonly lastTimestamp: number;
}

/** A checksum (u32, little endian), then JSON. */
export function packState(state: CheckpointState): Buffer {
  const text = Buffer.from(JSON.stringify(state));
  const bytes = Buffer.alloc(4 + text.byteLength);
  bytes.writeUInt32LE(crc32(text));
  text.copy(bytes, 4);
  return bytes;
}

/** Undefined: damaged. */
export function tryUnpackState(bytes: Uint8Array): CheckpointState | undefined {
  const text = Buffer.from(bytes.subarray(4));
  if (bytes.byteLength < 4 || crc32(text) !== Buffer.from(bytes).readUInt32LE(0)) return undefined;
  const state = JSON.parse(text.toString()) as CheckpointState;
  // JSON leaves out what is undefined.
  return { ...state, startEpoch: state.startEpoch };
}
