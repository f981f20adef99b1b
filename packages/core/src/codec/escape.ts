/**
 * What msgpackr can't carry exactly, in forms it can: -0, strings with lone surrogates, a RegExp's `lastIndex`,
 * objects with keys it would lose or trip over, and objects used as dictionaries. And large binaries, which it would
 * copy: they are left out of the frame and travel beside it (see `attachment.ts`). And references, which only the
 * receiver's grid can make live again (see `reference.ts`).
 *
 * An escape is an array that starts with msgpackr's C1, a marker no user value can hold: `[C1, kind, …]`. A frame with
 * escapes says so, so ordinary frames are never searched for them at the receiver. The sender looks at every value
 * once. Registering extensions with msgpackr would do the same with less code, but they are one list for the whole
 * thread: a user's own msgpackr, or LMDB's, would meet ours.
 */
import { unpack } from 'msgpackr/pack';
import { detachable, isAttachment } from './attachment.ts';
import { binaryKind, binaryOver } from './binary.ts';
import { formOf, isReference, type Reference, type ReferenceForm, type Revive } from './reference.ts';

// Known to the types of another entry point only, see `frame.ts`; this is the byte it stands for.
const C1: unknown = unpack(Uint8Array.of(0xc1));

const EscapeKind = { minusZero: 0, text: 1, regExp: 2, record: 3, attachment: 4, reference: 5 } as const;

/**
 * Records are encoded by shape, and a shape costs about a microsecond the first time. Objects with more keys than this
 * are dictionaries rather than records: they travel as keys and values.
 */
const recordKeysMax = 64;

/** True when the value, or something in it, must be escaped. */
export function needsEscape(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return !isWellFormed(value);
    case 'number':
      return value === 0 && Object.is(value, -0);
    case 'object':
      return value !== null && objectNeedsEscape(value);
    default:
      return false;
  }
}

function objectNeedsEscape(value: object): boolean {
  if (Array.isArray(value)) return arrayNeedsEscape(value);
  if (value instanceof Map) {
    for (const [key, member] of value) if (needsEscape(key) || needsEscape(member)) return true;
    return false;
  }
  if (value instanceof Set) {
    for (const member of value) if (needsEscape(member)) return true;
    return false;
  }
  if (value instanceof RegExp) return value.lastIndex !== 0 || !isWellFormed(value.source);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return isAttachment(value);
  return recordNeedsEscape(value as Record<string, unknown>);
}

/** Every message is one. Its members are mostly primitives: they are looked at without a call. */
function arrayNeedsEscape(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++) {
    const member = array[i];
    if (typeof member === 'number') {
      if (member === 0 && Object.is(member, -0)) return true;
    } else if (typeof member === 'string') {
      if (!isWellFormed(member)) return true;
    } else if (typeof member === 'object' && member !== null && objectNeedsEscape(member)) return true;
  }
  return false;
}

function recordNeedsEscape(record: Record<string, unknown>): boolean {
  let count = 0;
  for (const key in record) {
    if (isOddKey(key) || needsEscape(record[key])) return true;
    count++;
  }
  // A reference has no keys to look at.
  return count > recordKeysMax || (count === 0 && isReference(record));
}

/**
 * A value in which everything that needs it is escaped. What needs nothing is shared with `value`. Large binaries move
 * to the end of `attachments`.
 */
export function escapeValue(value: unknown, attachments: ArrayBuffer[]): unknown {
  if (typeof value === 'object' && value !== null) return escapeObject(value, attachments);
  if (!needsEscape(value)) return value;
  if (typeof value === 'string') return escapedText(value);
  return [C1, EscapeKind.minusZero];
}

function escapeObject(value: object, attachments: ArrayBuffer[]): unknown {
  const escaped = (member: unknown): unknown => escapeValue(member, attachments);
  if (Array.isArray(value)) return Array.from(value, escaped);
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, member]) => [escaped(key), escaped(member)]));
  }
  if (value instanceof Set) return new Set(Array.from(value, escaped));
  if (value instanceof RegExp) {
    return [C1, EscapeKind.regExp, escaped(value.source), value.flags, value.lastIndex];
  }
  if (isAttachment(value)) {
    const position = attachments.push(detachable(value)) - 1;
    return [C1, EscapeKind.attachment, position, binaryKind(value)];
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return isReference(value) ? escapedReference(value) : value;
  const entries = Object.entries(value);
  if (entries.length > recordKeysMax || entries.some(([key]) => isOddKey(key))) {
    return [C1, EscapeKind.record, ...entries.flat().map(escaped)];
  }
  return Object.fromEntries(entries.map(([key, member]) => [key, escaped(member)]));
}

/** Undoes `escapeValue`, in place where it can. Throws on an unknown escape. */
export function unescapeValue(value: unknown, attachments: readonly ArrayBuffer[], revive: Revive): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    if (value[0] === C1) return restore(value, attachments, revive);
    for (let i = 0; i < value.length; i++) value[i] = unescapeValue(value[i], attachments, revive);
    return value;
  }
  const unescaped = (member: unknown): unknown => unescapeValue(member, attachments, revive);
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, member]) => [unescaped(key), unescaped(member)]));
  }
  if (value instanceof Set) return new Set(Array.from(value, unescaped));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) record[key] = unescaped(record[key]);
  return record;
}

function restore(escaped: readonly unknown[], attachments: readonly ArrayBuffer[], revive: Revive): unknown {
  switch (escaped[1]) {
    case EscapeKind.minusZero:
      return -0;
    case EscapeKind.text:
      return (escaped[2] as Buffer).toString('utf16le');
    case EscapeKind.regExp: {
      const regExp = new RegExp(
        unescapeValue(escaped[2], attachments, revive) as string,
        escaped[3] as string,
      );
      regExp.lastIndex = escaped[4] as number;
      return regExp;
    }
    case EscapeKind.record:
      return restoreRecord(escaped, attachments, revive);
    case EscapeKind.attachment: {
      const memory = attachments[escaped[2] as number];
      if (memory === undefined) throw new TypeError('an attachment is missing');
      return binaryOver(memory, escaped[3] as string);
    }
    case EscapeKind.reference: {
      const [, , kind, name, key] = escaped;
      const form = [kind, unescapeValue(name, attachments, revive), unescapeValue(key, attachments, revive)];
      return revive(form as unknown as ReferenceForm);
    }
    default:
      throw new TypeError(`unknown escape ${String(escaped[1])}`);
  }
}

function restoreRecord(
  escaped: readonly unknown[],
  attachments: readonly ArrayBuffer[],
  revive: Revive,
): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (let i = 2; i < escaped.length; i += 2) {
    const key = unescapeValue(escaped[i], attachments, revive) as string;
    record[key] = unescapeValue(escaped[i + 1], attachments, revive);
  }
  return record;
}

function escapedReference(reference: Reference): unknown[] {
  const [kind, name, key] = reference[formOf]();
  return [C1, EscapeKind.reference, kind, escapeValue(name, []), escapeValue(key, [])];
}

function escapedText(text: string): unknown[] {
  return [C1, EscapeKind.text, Buffer.from(text, 'utf16le')];
}

/*
 * msgpackr keeps its shapes in a trie of objects and stores the keys of a shape under `__keys__` in it, so a record
 * with a key of that name makes later records wrong. `__proto__` it renames.
 */
function isOddKey(key: string): boolean {
  return key === '__keys__' || key === '__proto__' || !isWellFormed(key);
}

// In Node since 20, in TypeScript's library only from ES2024 on.
function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
