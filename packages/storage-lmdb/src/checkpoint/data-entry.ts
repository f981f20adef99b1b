/**
 * The bytes of one entry of the checkpoint. Pure.
 *
 *     key    = partition (u16), table (u16), both big endian, then the key; a long one cut, then its SHA-256
 *     value  = checksum (u32) of the key above and what follows, timestamp (float64),
 *              for a long key its length (u32) and all of it, then the value; little endian
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { asBuffer, copyBytes } from '../bytes.ts';
import { wholeKeyBytesMax } from '../limits.ts';

const prefixBytes = 4;
const hashBytes = 32;
const valueHeaderBytes = 12;
/** No whole key is as long as this, so the length tells which it is. */
const cutKeyBytes = prefixBytes + wholeKeyBytesMax + hashBytes;

export interface DataEntry {
  readonly partition: number;
  readonly table: number;
  readonly key: Uint8Array;
  readonly timestamp: number;
  readonly value: Uint8Array;
}

/** Where the parts of an entry lie in some bytes. */
export interface EntryPlace {
  readonly timestamp: number;
  readonly bytes: Uint8Array;
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly valueFrom: number;
  readonly valueTo: number;
}

export function dataKey(partition: number, table: number, key: Uint8Array): Buffer {
  return dataKeyAt(partition, table, { bytes: key, keyFrom: 0, keyTo: key.byteLength });
}

export function dataKeyAt(
  partition: number,
  table: number,
  { bytes: source, keyFrom, keyTo }: Pick<EntryPlace, 'bytes' | 'keyFrom' | 'keyTo'>,
): Buffer {
  const length = keyTo - keyFrom;
  const isWhole = length < wholeKeyBytesMax;
  const bytes = Buffer.allocUnsafe(isWhole ? prefixBytes + length : cutKeyBytes);
  bytes.writeUInt16BE(partition, 0);
  bytes.writeUInt16BE(table, 2);
  if (isWhole) copyBytes(source, keyFrom, keyTo, bytes, prefixBytes);
  else {
    const key = source.subarray(keyFrom, keyTo);
    bytes.set(key.subarray(0, wholeKeyBytesMax), prefixBytes);
    bytes.set(createHash('sha256').update(key).digest(), prefixBytes + wholeKeyBytesMax);
  }
  return bytes;
}

/** `key`: what `dataKey` made of the entry's. */
export function dataValue(
  key: Buffer,
  { key: own, timestamp, value }: Omit<DataEntry, 'partition' | 'table'>,
): Buffer {
  const bytes = Buffer.concat([own, value]);
  const keyTo = own.byteLength;
  return dataValueAt(key, {
    timestamp,
    bytes,
    keyFrom: 0,
    keyTo,
    valueFrom: keyTo,
    valueTo: bytes.byteLength,
  });
}

/** `key`: what `dataKeyAt` made of the entry's. */
export function dataValueAt(key: Buffer, entry: EntryPlace): Buffer {
  const { bytes: source, keyFrom, keyTo, valueFrom, valueTo } = entry;
  const isCut = key.byteLength === cutKeyBytes;
  const from = valueHeaderBytes + (isCut ? 4 + keyTo - keyFrom : 0);
  const bytes = Buffer.allocUnsafe(from + valueTo - valueFrom);
  bytes.writeDoubleLE(entry.timestamp, 4);
  if (isCut) {
    bytes.writeUInt32LE(keyTo - keyFrom, valueHeaderBytes);
    copyBytes(source, keyFrom, keyTo, bytes, valueHeaderBytes + 4);
  }
  copyBytes(source, valueFrom, valueTo, bytes, from);
  bytes.writeUInt32LE(crc32(bytes.subarray(4), crc32(key)), 0);
  return bytes;
}

/** What can be said of an entry whose value is damaged. */
export interface DamagedEntry {
  readonly partition: number;
  readonly table: number;
  /** In hexadecimal, as far as it stands in the key. */
  readonly key: string;
}

export type ReadEntry =
  | { readonly kind: 'sound'; readonly entry: DataEntry }
  | { readonly kind: 'damaged'; readonly place: DamagedEntry };

export function readEntry(keyBytes: Uint8Array, valueBytes: Uint8Array): ReadEntry {
  const key = asBuffer(keyBytes);
  const value = asBuffer(valueBytes);
  const partition = key.byteLength < prefixBytes ? 0 : key.readUInt16BE(0);
  const table = key.byteLength < prefixBytes ? 0 : key.readUInt16BE(2);
  const isSound =
    key.byteLength >= prefixBytes &&
    value.byteLength >= valueHeaderBytes &&
    crc32(value.subarray(4), crc32(key)) === value.readUInt32LE(0);
  if (!isSound) {
    return { kind: 'damaged', place: { partition, table, key: key.subarray(prefixBytes).toString('hex') } };
  }
  const timestamp = value.readDoubleLE(4);
  if (key.byteLength < cutKeyBytes) {
    const entry = {
      partition,
      table,
      key: key.subarray(prefixBytes),
      timestamp,
      value: value.subarray(valueHeaderBytes),
    };
    return { kind: 'sound', entry };
  }
  const from = valueHeaderBytes + 4;
  const to = from + value.readUInt32LE(valueHeaderBytes);
  const whole = value.subarray(from, to);
  return { kind: 'sound', entry: { partition, table, key: whole, timestamp, value: value.subarray(to) } };
}

/** Where the entries of a partition, or of one of its tables, begin. */
export function startOf(partition: number, table = 0): Buffer {
  const bytes = Buffer.alloc(prefixBytes);
  bytes.writeUInt16BE(partition, 0);
  bytes.writeUInt16BE(table, 2);
  return bytes;
}

/** The place behind the entries of a partition, or of one of its tables. */
export function endOf(partition: number, table = 0xffff): Buffer {
  const next = partition * 0x10000 + table + 1;
  if (next < 2 ** 32) {
    const bytes = Buffer.alloc(prefixBytes);
    bytes.writeUInt32BE(next);
    return bytes;
  }
  return Buffer.alloc(prefixBytes + 1, 0xff);
}
