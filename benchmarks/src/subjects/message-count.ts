/**
 * Counts the messages that a thread sends to others. It wraps the methods of a link in which every message begins its
 * way, so it must be loaded by every thread before the first is sent; for nothing but counting.
 */
import { Link } from '@troupe/core';
import { job } from 'troupe';

let sent = 0;

const { send, sendProtocol, reply } = Object.fromEntries(
  (['send', 'sendProtocol', 'reply'] as const).map((name) => [name, Link.prototype[name]]),
) as unknown as Pick<Link, 'send' | 'sendProtocol' | 'reply'> & Record<string, (...args: unknown[]) => void>;

for (const [name, method] of Object.entries({ send, sendProtocol, reply })) {
  Object.defineProperty(Link.prototype, name, {
    value(this: Link, ...args: unknown[]) {
      sent++;
      return Reflect.apply(method, this, args);
    },
  });
}

/** Messages that this thread has sent. */
export function sentHere(): number {
  return sent;
}

export const sentByHost = job('sentByHost', { run: () => sent });
