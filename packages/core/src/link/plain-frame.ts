/**
 * Frames so small that packing them would cost more than it saves: a lone call or answer between threads. They are
 * posted as they are and cross by structured clone, which keeps exactly what this check lets through: primitives, and
 * arrays and plain objects of them. Only between threads: inside one, nothing may be shared by reference.
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
