/**
 * Frames that need no packing: primitives, and arrays and plain objects of them. Between threads those that are so small
 * that packing would cost more than it saves, a lone call or answer: they are posted as they are, and structured clone
 * keeps exactly what this check lets through. Inside a thread all of them: they are copied, as nothing may be shared by
 * reference.
 */
import type { Message } from './outbox.ts';

const messagesMax = 3;
const membersMax = 32;
const depthMax = 5;
const textLengthMax = 256;

/** How many members may still be looked at. One for the whole thread: a check runs to its end before the next begins. */
let membersLeft = 0;

/** True when the messages may be posted unpacked. */
export function isPlainFrame(messages: readonly Message[]): boolean {
  if (messages.length > messagesMax) return false;
  membersLeft = membersMax;
  return isPlain(messages, depthMax);
}

function isPlain(value: unknown, depthLeft: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.length <= textLengthMax;
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return true;
    case 'object':
      return value === null || (depthLeft > 0 && isPlainObject(value, depthLeft - 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, depthLeft: number): boolean {
  if (Array.isArray(value)) {
    membersLeft -= value.length;
    if (membersLeft < 0) return false;
    for (const member of value) if (!isPlain(member, depthLeft)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    membersLeft--;
    if (membersLeft < 0 || !isPlain((value as Record<string, unknown>)[key], depthLeft)) return false;
  }
  return true;
}

const copyDepthMax = 8;
/** What stands for a value that has to be packed. */
const unfit = Symbol('unfit');

/**
 * A copy of the messages that shares nothing with them; undefined when they have to be packed. `isOwned`: true for a
 * message of which nobody else holds a part, so that it is its own copy.
 */
export function tryCopyPlain(
  messages: readonly Message[],
  isOwned: (message: Message) => boolean,
): Message[] | undefined {
  const copies: Message[] = [];
  for (const message of messages) {
    const copy = isOwned(message) ? message : copyPlain(message, copyDepthMax);
    if (copy === unfit) return undefined;
    copies.push(copy as Message);
  }
  return copies;
}

/** Most members are: they are passed over without a call. */
export function isPrimitive(value: unknown): boolean {
  return typeof value === 'object'
    ? value === null
    : typeof value !== 'function' && typeof value !== 'symbol';
}

function copyPlain(value: unknown, depthLeft: number): unknown {
  if (isPrimitive(value)) return value;
  if (typeof value !== 'object' || depthLeft === 0) return unfit;
  return Array.isArray(value) ? copyArray(value, depthLeft - 1) : copyObject(value as object, depthLeft - 1);
}

function copyArray(array: readonly unknown[], depthLeft: number): unknown {
  // Most members are primitives, and this copies them all at once.
  const copies = array.slice();
  for (let i = 0; i < copies.length; i++) {
    if (isPrimitive(copies[i])) continue;
    const copy = copyPlain(copies[i], depthLeft);
    if (copy === unfit) return unfit;
    copies[i] = copy;
  }
  return copies;
}

function copyObject(object: object, depthLeft: number): unknown {
  if (Object.getPrototypeOf(object) !== Object.prototype) return unfit;
  const copies: Record<string, unknown> = {};
  for (const key of Object.keys(object)) {
    const copy = copyPlain((object as Record<string, unknown>)[key], depthLeft);
    // This one name sets no property.
    if (copy === unfit || key === '__proto__') return unfit;
    copies[key] = copy;
  }
  return copies;
}
