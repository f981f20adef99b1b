/**
 * Structural equality over everything a value may hold; what `compareAndSet` compares by.
 *
 * Numbers by SameValueZero: NaN equals NaN, 0 equals -0. Objects by content, whatever the order of their keys; a
 * missing key is not an undefined one. Map and Set by content in any order. Different kinds are never equal: 1 and 1n,
 * a Buffer and a Uint8Array with the same bytes. Values are trees (see `value.ts`), so nothing guards against cycles.
 */
import { type Binary, binaryKind, bytesOf, isBinary } from './binary.ts';

import { isReference, referencesEqual } from './reference.ts';

/** True when both values have the same kind and content. */
export function valuesEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Number.isNaN(a) && Number.isNaN(b);
  }
  if (Array.isArray(a)) return Array.isArray(b) && arraysEqual(a, b);
  if (isRecord(a)) {
    return isRecord(b) && recordsEqual(a as Record<string, unknown>, b as Record<string, unknown>);
  }
  if (a instanceof Map) return b instanceof Map && mapsEqual(a, b);
  if (a instanceof Set) return b instanceof Set && setsEqual(a, b);
  if (a instanceof Date) return b instanceof Date && valuesEqual(a.getTime(), b.getTime());
  if (a instanceof RegExp) return b instanceof RegExp && regExpsEqual(a, b);
  if (isBinary(a)) return isBinary(b) && binariesEqual(a, b);
  return isReference(a) && isReference(b) && referencesEqual(a, b);
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function arraysEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!valuesEqual(a[i], b[i])) return false;
  return true;
}

function recordsEqual(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) if (!Object.hasOwn(b, key) || !valuesEqual(a[key], b[key])) return false;
  return true;
}

function mapsEqual(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean {
  if (a.size !== b.size) return false;
  const unmatched: [unknown, unknown][] = [];
  for (const [key, member] of a) {
    if (b.has(key)) {
      if (!valuesEqual(member, b.get(key))) return false;
    } else if (isObject(key)) unmatched.push([key, member]);
    else return false;
  }
  // Keys that are objects have no identity across copies: match them by content, each one once.
  const candidates = [...b].filter(([key]) => isObject(key) && !a.has(key));
  return matchAll(unmatched, candidates);
}

function setsEqual(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): boolean {
  if (a.size !== b.size) return false;
  const unmatched: unknown[] = [];
  for (const member of a) {
    if (b.has(member)) continue;
    if (!isObject(member)) return false;
    unmatched.push(member);
  }
  return matchAll(
    unmatched,
    [...b].filter((member) => isObject(member) && !a.has(member)),
  );
}

// Greedy is enough: equality is transitive, so it doesn't matter which of several equal candidates is taken.
function matchAll(wanted: readonly unknown[], candidates: unknown[]): boolean {
  if (wanted.length !== candidates.length) return false;
  for (const one of wanted) {
    const index = candidates.findIndex((candidate) => valuesEqual(one, candidate));
    if (index < 0) return false;
    candidates.splice(index, 1);
  }
  return true;
}

function regExpsEqual(a: RegExp, b: RegExp): boolean {
  return a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex;
}

// Floating-point arrays too are compared by their bytes, so there -0 differs from 0.
function binariesEqual(a: Binary, b: Binary): boolean {
  if (a.byteLength !== b.byteLength || binaryKind(a) !== binaryKind(b)) return false;
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
