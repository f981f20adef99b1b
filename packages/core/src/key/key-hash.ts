/**
 * The stable hash that maps an affinity key to its partition. Part of the storage contract: the same key must land
 * in the same partition in every version, on every machine.
 *
 * FNV-1a (32 bit, Fowler-Noll-Vo) over a type tag and the key's units, finished with MurmurHash3's `fmix32` so that
 * neighbouring keys spread. Units: a string's UTF-16 code units; an int32 number as one unit; any other number as
 * the two 32-bit halves of its IEEE double (little end first); a bigint's decimal text; a boolean as 0 or 1.
 * Tuples are hashed through their storage key's text.
 */
import type { StorageKey } from './key.ts';

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const tag = { string: 1, integer: 2, double: 3, bigint: 4, boolean: 5 } as const;

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

/** 32-bit unsigned hash of a storage key. */
export function hashKey(key: StorageKey): number {
  switch (typeof key) {
    case 'string':
      return finish(units(start(tag.string), key));
    case 'number':
      if (key === (key | 0)) return finish(Math.imul(start(tag.integer) ^ key, prime));
      double[0] = key;
      return finish(
        Math.imul(Math.imul(start(tag.double) ^ (halves[0] as number), prime) ^ (halves[1] as number), prime),
      );
    case 'bigint':
      return finish(units(start(tag.bigint), key.toString()));
    default:
      return finish(Math.imul(start(tag.boolean) ^ (key ? 1 : 0), prime));
  }
}

/** Which of `count` slots has a hash: the remainder, without the division of floating point that `%` is for 32 bits. */
export function slotOf(hash: number, count: number): number {
  return hash - Math.floor(hash / count) * count;
}

function start(typeTag: number): number {
  return Math.imul(offsetBasis ^ typeTag, prime);
}

function units(hash: number, text: string): number {
  let h = hash;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), prime);
  return h;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
