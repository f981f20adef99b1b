/** What goes to a worker thread and comes back unchanged: nothing, an object of many small parts, or a buffer. */
import type { Operation } from '../../measuring/pipelined.ts';
import { mustEqual } from '../entries.ts';

export type Payload = null | Uint8Array | { readonly parts: readonly Part[] };

export interface Part {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly price: number;
}

/** Larger ones are buffers: nobody sends objects of that size in one message if he can help it. */
export const objectBytesMax = 10_000;
const partBytes = 100;

export function payloadOf(bytes: number): Payload {
  if (bytes === 0) return null;
  if (bytes > objectBytesMax) return new Uint8Array(bytes).fill(7);
  return { parts: Array.from({ length: Math.max(1, Math.round(bytes / partBytes)) }, (_, id) => partOf(id)) };
}

/** About 100 bytes of JSON. */
function partOf(id: number): Part {
  return { id, name: `part number ${id} of many`, tags: ['red', 'small', 'in stock'], price: id * 1.25 };
}

/** Throws unless it looks like what was sent. */
export function mustBeSame(found: unknown, sent: Payload): void {
  if (sent === null) mustEqual(found ?? null, null, 'an empty payload');
  else if (sent instanceof Uint8Array) {
    const bytes = found as Uint8Array;
    mustEqual(bytes.byteLength, sent.byteLength, 'the length of a payload');
    mustEqual(bytes[sent.byteLength - 1], 7, 'its last byte');
  } else {
    const { parts } = found as { parts: readonly Part[] };
    mustEqual(parts.length, sent.parts.length, 'the number of parts');
    mustEqual(parts.at(-1)?.price, sent.parts.at(-1)?.price, 'the last price');
  }
}

export function echoesOf(
  bytes: number,
  echo: (payload: Payload, n: number) => Promise<unknown>,
): Operation<unknown> {
  const payload = payloadOf(bytes);
  return { call: (n) => echo(payload, n), check: (_, answer) => mustBeSame(answer, payload) };
}
