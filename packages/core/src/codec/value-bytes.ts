/** About how large a stored value is when encoded. For closing pages and frames, so it is quick rather than exact. */
import { bytesOf, isBinary } from './binary.ts';

/** Looks no further once `enough` is reached. */
export function approximateBytes(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 9;
  if (isBinary(value)) return bytesOf(value).byteLength;
  return isRecord(value) ? recordBytes(value, enough) : sumOfBytes(membersOf(value), enough);
}

function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  return !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Set);
}

function recordBytes(record: Readonly<Record<string, unknown>>, enough: number): number {
  let bytes = 3;
  for (const name in record) {
    if (bytes >= enough) return bytes;
    bytes += approximateBytes(record[name], enough - bytes);
  }
  return bytes;
}

function sumOfBytes(members: Iterable<unknown>, enough: number): number {
  let bytes = 3;
  for (const member of members) {
    if (bytes >= enough) return bytes;
    bytes += approximateBytes(member, enough - bytes);
  }
  return bytes;
}

function membersOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>;
  return value instanceof Map ? [...value.keys(), ...value.values()] : [];
}
