/**
 * Keys: what users write, and the one primitive form in which partitions store them.
 *
 * A key is a string, number, bigint, boolean or a flat tuple of them. A *storage key* is a primitive that is equal
 * (SameValueZero, as in a Map) exactly when the keys are: `1`, `'1'`, `1n` and `true` stay apart, `-0` and `0` don't.
 * Primitives stand for themselves, so the common case costs nothing. Tuples become a string that starts with
 * NUL; a string key that itself starts with NUL is escaped, so the two can never meet.
 */
import { describeValue } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';

export type KeyPart = string | number | bigint | boolean;
/** What identifies an entry of a table or an actor. Tuples are flat and not empty. */
export type Key = KeyPart | readonly [KeyPart, ...KeyPart[]];
/** The primitive form of a key: a Map key and a msgpack value. */
export type StorageKey = string | number | bigint | boolean;

const tupleMark = '\u0000';
const escapedString = '\u0000s:';

/** The storage form of a key. Throws InvalidArgumentError naming the argument when it is no key. */
export function toStorageKey(key: unknown, name = 'key'): StorageKey {
  switch (typeof key) {
    case 'string':
      return key.charCodeAt(0) === 0 ? escapedString + key : key;
    case 'number':
      if (Number.isNaN(key)) break;
      return key === 0 ? 0 : key;
    case 'bigint':
    case 'boolean':
      return key;
    case 'object':
      if (Array.isArray(key) && key.length > 0) return tupleToStorageKey(key, name);
      break;
    default:
  }
  throw invalidKey(key, name);
}

/** The key a storage key was made from. */
export function fromStorageKey(stored: StorageKey): Key {
  if (typeof stored !== 'string' || stored.charCodeAt(0) !== 0) return stored;
  if (stored.startsWith(escapedString)) return stored.slice(escapedString.length);
  return tupleFromStorageKey(stored);
}

function tupleToStorageKey(tuple: readonly unknown[], name: string): string {
  let stored = tupleMark;
  for (let i = 0; i < tuple.length; i++) {
    const part = tuple[i];
    if (typeof part === 'string') stored += `s${part.length}:${part}`;
    else if (typeof part === 'number' && !Number.isNaN(part)) stored += `n${part};`;
    else if (typeof part === 'bigint') stored += `i${part};`;
    else if (typeof part === 'boolean') stored += part ? 't' : 'f';
    else throw invalidKey(part, `${name}[${i}]`);
  }
  // 's:' without a length is the escape of plain strings; a tuple's string part always has one.
  return stored;
}

function tupleFromStorageKey(stored: string): Key {
  const parts: KeyPart[] = [];
  let at = 1;
  while (at < stored.length) {
    const tag = stored[at];
    at++;
    if (tag === 't' || tag === 'f') {
      parts.push(tag === 't');
      continue;
    }
    const end = stored.indexOf(tag === 's' ? ':' : ';', at);
    const head = stored.slice(at, end);
    at = end + 1;
    if (tag === 's') {
      const length = Number(head);
      parts.push(stored.slice(at, at + length));
      at += length;
    } else parts.push(tag === 'i' ? BigInt(head) : Number(head));
  }
  return parts as unknown as Key;
}

function invalidKey(key: unknown, name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `${name} must be a string, number (not NaN), bigint, boolean or a non-empty flat array of them, got ${describeValue(key)}`,
    { details: { argument: name } },
  );
}

/** A key as people read it in messages and views. */
export function keyToText(stored: StorageKey): string {
  const key = fromStorageKey(stored);
  const text = (part: KeyPart): string =>
    typeof part === 'string' ? JSON.stringify(part) : typeof part === 'bigint' ? `${part}n` : String(part);
  return Array.isArray(key) ? `[${key.map(text).join(', ')}]` : text(key as KeyPart);
}
