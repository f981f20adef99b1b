/**
 * Copies and checks a value as it crosses the public API.
 *
 * Frames are packed later than the call that fills them, so a value is copied at the call: the caller may change his
 * object at once, and a bad value fails only the call it came with. The same copy keeps actors on one thread apart.
 *
 * The rule: a copy that succeeds can be encoded. What comes out is made of primitives, arrays, plain objects, Map, Set,
 * Date, RegExp and binaries only, is a tree (an object used twice is copied twice), is at most `valueDepthMax` deep
 * and about `messageBytesMax` large. Objects without a prototype come out as ordinary ones, holes in arrays as
 * undefined, subclasses of typed arrays (but Buffer) as their base. Extra properties of arrays, Maps, Sets, Dates,
 * RegExps and binaries are left out. References to actors stay what they are. Errors are refused: a call fails with one, but as data they are records.
 *
 * The path of a fault is collected while its exception unwinds, so a good value pays nothing for it.
 */
import { types } from 'node:util';
import { messageBytesMax, valueDepthMax } from '../limits.ts';
import { copyBinary, isBinary } from './binary.ts';
import { asValue, formOf, isReference, type Reference } from './reference.ts';
import { type Step, unsupported, ValueFault } from './value-fault.ts';

/*
 * Bytes of the copy under way. A module variable because it is read right after the synchronous call, and a result
 * object for every value would double what a small copy costs.
 */
let bytes = 0;

let references: readonly Reference[] | undefined;

/** The references in what the last `copyValue` of this thread copied; undefined: there are none. */
export function copiedReferences(): readonly Reference[] | undefined {
  return references;
}

/** The approximate encoded size of what the last `copyValue` of this thread copied. Read it before the next call. */
export function copiedBytes(): number {
  return bytes;
}

/**
 * A deep copy that shares nothing with `value`. Throws ValueNotSupportedError or ValueTooLargeError, which name the
 * place (`value.items[3].onClick`) starting with `name`.
 */
export function copyValue<T>(value: T, name: string): T {
  bytes = 0;
  references = undefined;
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number') {
      bytes = 9;
      return value;
    }
    if (typeof value === 'string' && value.length <= shortStringLength) {
      bytes = value.length * 3 + 1;
      return value;
    }
  }
  try {
    return copyAny(value, 0) as T;
  } catch (error) {
    if (error instanceof ValueFault) throw error.toError(name);
    throw error;
  }
}

/** Below this, three bytes for each character is a good enough bound for a string that travels alone. */
const shortStringLength = 16;

function copyAny(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'object':
      if (value !== null) return copyObject(value, depth);
      bytes += 1;
      return value;
    case 'string':
      addBytes(stringBytes(value));
      return value;
    case 'number':
      bytes += (value | 0) === value ? 5 : 9;
      return value;
    case 'bigint':
      addBytes(bigintBytes(value));
      return value;
    case 'boolean':
      bytes += 1;
      return value;
    case 'undefined':
      bytes += 3;
      return value;
    default:
      throw unsupported(value);
  }
}

function copyObject(value: object, depth: number): object {
  if (depth > valueDepthMax) throw new ValueFault({ kind: 'too-deep' });
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return copyRecord(value, depth);
  if (prototype === Array.prototype) return copyArray(value as unknown[], depth);
  return copyBuiltIn(value, depth);
}

function copyRecord(value: object, depth: number): object {
  // Spreading keeps the shape of the object and reads each getter once; then only nested values are replaced.
  const copy: Record<string, unknown> = { ...value };
  let current = '';
  try {
    for (const key in copy) {
      current = key;
      if (key === '__proto__') throw new ValueFault({ kind: 'proto-key' });
      bytes += key.length + 1;
      const member = copy[key];
      // The two commonest kinds first: this loop is most of what a copy costs.
      if (typeof member === 'string') addBytes(stringBytes(member));
      else if (typeof member === 'number') bytes += (member | 0) === member ? 5 : 9;
      // A key is inherited only when somebody made Object.prototype enumerable.
      else if (!Object.hasOwn(copy, key)) continue;
      else if (typeof member === 'object' && member !== null) copy[key] = copyObject(member, depth + 1);
      else copyAny(member, depth);
    }
  } catch (error) {
    throw unwound(error, value, { kind: 'property', key: current });
  }
  addBytes(3);
  const symbols = Object.getOwnPropertySymbols(copy);
  if (symbols.length > 0) throw unwound(unsupported(symbols[0]), value, { kind: 'symbol', key: symbols[0] });
  return copy;
}

function copyArray(value: readonly unknown[], depth: number): unknown[] {
  const { length } = value;
  addBytes(length < 16 ? 1 : 5 + length / 16);
  // Spreading is the fastest copy and makes holes undefined.
  const copy = [...value];
  let i = 0;
  try {
    for (; i < length; i++) {
      const member = copy[i];
      if (typeof member === 'object' && member !== null) copy[i] = copyObject(member, depth + 1);
      else copyAny(member, depth);
    }
  } catch (error) {
    throw unwound(error, value, { kind: 'index', key: i });
  }
  return copy;
}

function copyBuiltIn(value: object, depth: number): object {
  if (isBinary(value)) {
    addBytes(value.byteLength + 7);
    return copyBinary(value);
  }
  if (isBase(value)) {
    if (Array.isArray(value)) return copyArray(value, depth);
    if (types.isMap(value)) return copyMap(value, depth);
    if (types.isSet(value)) return copySet(value, depth);
    if (types.isDate(value)) {
      bytes += 15;
      return new Date(value.getTime());
    }
    if (types.isRegExp(value)) return copyRegExp(value);
  }
  if (isReference(value)) return copyReference(value);
  if (isPlainOfOtherRealm(value)) return copyRecord(value, depth);
  throw unsupported(value);
}

function copyMap(value: Map<unknown, unknown>, depth: number): Map<unknown, unknown> {
  addBytes(5);
  const copy = new Map<unknown, unknown>();
  let current: unknown;
  let kind: 'map-key' | 'map-value' = 'map-key';
  try {
    for (const [key, member] of value) {
      current = key;
      kind = 'map-key';
      const keyCopy = copyAny(key, depth + 1);
      kind = 'map-value';
      copy.set(keyCopy, copyAny(member, depth + 1));
    }
  } catch (error) {
    throw unwound(error, value, { kind, key: current });
  }
  return copy;
}

function copySet(value: Set<unknown>, depth: number): Set<unknown> {
  addBytes(8);
  const copy = new Set<unknown>();
  let position = 0;
  try {
    for (const member of value) {
      copy.add(copyAny(member, depth + 1));
      position++;
    }
  } catch (error) {
    throw unwound(error, value, { kind: 'set-member', key: position });
  }
  return copy;
}

function copyReference(value: Reference): object {
  const [, name, key] = value[formOf]();
  addBytes(name.length * 3 + (typeof key === 'string' ? key.length * 3 : 9) + 8);
  references = references === undefined ? [value] : [...references, value];
  return value[asValue]();
}

function copyRegExp(value: RegExp): RegExp {
  addBytes(Buffer.byteLength(value.source) + value.flags.length + 12);
  const copy = new RegExp(value.source, value.flags);
  copy.lastIndex = value.lastIndex;
  return copy;
}

/** Adds what one step may add without bound, and checks the sum. Small fixed sizes are added without the check. */
function addBytes(count: number): void {
  bytes += count;
  if (bytes > messageBytesMax) throw new ValueFault({ kind: 'too-large', sizeBytes: Math.ceil(bytes) });
}

/** Short ones count one byte a character: asking how many it really are costs more than copying them. */
function stringBytes(value: string): number {
  return value.length < 32 ? value.length + 1 : Buffer.byteLength(value) + 5;
}

function bigintBytes(value: bigint): number {
  return BigInt.asIntN(64, value) === value ? 9 : Math.ceil(value.toString(16).length / 2) + 7;
}

function unwound(error: unknown, container: object, step: Step): unknown {
  if (error instanceof ValueFault) error.steps.push({ container, step });
  return error;
}

/** True for an instance of a built-in class itself, of any realm: its chain is own prototype, Object.prototype. */
function isBase(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object;
  const parent: unknown = Object.getPrototypeOf(prototype);
  return parent !== null && Object.getPrototypeOf(parent) === null;
}

function isPlainOfOtherRealm(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}
