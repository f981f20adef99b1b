/** About how large a stored value is when encoded. For closing pages, so it is quick rather than exact. */
import { bytesOf, isBinary } from '../codec/binary.ts';

/** Looks no further once `enough` is reached. */
export function approximateBytes(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length + 3;
  if (typeof value !== 'object' || value === null) return 9;
  if (isBinary(value)) return bytesOf(value).byteLength;
  let bytes = 3;
  for (const member of membersOf(value)) {
    if (bytes >= enough) return bytes;
    bytes += approximateBytes(member, enough - bytes);
  }
  return bytes;
}

function membersOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value as Iterable<unknown>;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  return Object.values(value);
}
