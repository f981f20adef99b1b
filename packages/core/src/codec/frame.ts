/**
 * Packs the messages of one flush into one msgpack frame and back.
 *
 * Each frame stands alone: shapes of records are defined inside it, none is remembered from frame to frame, so a lost
 * peer or a new one needs no hand-over. Every kind of value that `copyValue` lets through comes out exact. A frame
 * owns its memory, so it may be transferred. What is decoded doesn't keep the frame alive: binaries own their memory,
 * and msgpackr is imported without its native addon, whose strings are slices of text of several kilobytes. One stored
 * record would pin 6 KB with it and pins 0.4 KB without, at the same speed for small messages and less for records.
 *
 * A frame is an array of messages, or null followed by escaped messages (see `escape.ts`). Binaries of 64 KiB and more
 * are not in its bytes but beside them (see `attachment.ts`). Damage is found when it
 * breaks the form; there is no checksum, for frames stay within one process.
 */
import { Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr/pack';
import { FrameDecodeError } from '../errors/errors.ts';
import { escapeValue, needsEscape, unescapeValue } from './escape.ts';
import { deadReference, type Revive } from './reference.ts';

/** msgpackr never lets go of the buffer it packs into; after a frame larger than this it gets a small new one. */
const keptBufferBytesMax = 1024 * 1024;
const freshBufferBytes = 8192;

/** What travels: bytes, and large binaries beside them if there are any. The memory of both may be moved. */
export type Packed = Uint8Array | PackedWithAttachments;

export interface PackedWithAttachments {
  readonly bytes: Uint8Array;
  readonly attachments: readonly ArrayBuffer[];
}

/** The memory of a frame: what a sender may hand over with it. */
export function memoryOf(frame: Packed): ArrayBuffer[] {
  if (frame instanceof Uint8Array) return [frame.buffer as ArrayBuffer];
  return [frame.bytes.buffer as ArrayBuffer, ...frame.attachments];
}

/** One msgpackr encoder and decoder. Cheap enough to have one per link; not for use inside its own calls. */
export class FrameCodec {
  // Records: 9-field records pack a third faster and unpack three times faster than as maps. `toJSON` is a key like
  // any other here.
  readonly #packr = new Packr({ useRecords: true, moreTypes: true, useToJSON: false });
  readonly #unpackr = new Unpackr({
    useRecords: true,
    moreTypes: true,
    mapsAsObjects: false,
    copyBuffers: true,
    structuredClone: false,
  });

  readonly #revive: Revive;

  /** `revive` makes references live; without it each of their calls is refused. */
  constructor(revive: Revive = deadReference) {
    this.#revive = revive;
  }

  /**
   * The frame for these messages, which must consist of values as `copyValue` makes them. `headBytes`: zeros before its
   * bytes, for the caller to write to.
   */
  encode(messages: readonly (readonly unknown[])[], headBytes = 0): Packed {
    if (!needsEscape(messages)) return this.#pack(messages, headBytes);
    const attachments: ArrayBuffer[] = [];
    const escaped = messages.map((message) => escapeValue(message, attachments));
    const bytes = this.#pack([null, ...escaped], headBytes);
    return attachments.length === 0 ? bytes : { bytes, attachments };
  }

  #pack(body: readonly unknown[], headBytes: number): Uint8Array {
    const pool = this.#packr.pack(body, REUSE_BUFFER_MODE | RESET_BUFFER_MODE) as Pool;
    const frame = new Uint8Array(headBytes + pool.end - pool.start);
    frame.set(pool.subarray(pool.start, pool.end), headBytes);
    if (pool.length > keptBufferBytesMax) this.#packr.useBuffer(Buffer.allocUnsafeSlow(freshBufferBytes));
    return frame;
  }

  /** The messages of a frame. Throws FrameDecodeError when it is damaged. */
  decode(frame: Packed): unknown[][] {
    if (frame instanceof Uint8Array) return this.#unpack(frame, noAttachments);
    collectDropped();
    return this.#unpack(frame.bytes, frame.attachments);
  }

  #unpack(bytes: Uint8Array, attachments: readonly ArrayBuffer[]): unknown[][] {
    try {
      // As a Buffer, so that binaries packed as Buffers come out as Buffers.
      const body: unknown = this.#unpackr.unpack(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      );
      return messagesOf(body, attachments, this.#revive);
    } catch (cause) {
      throw new FrameDecodeError(`a frame of ${bytes.byteLength} bytes can't be decoded: ${String(cause)}`, {
        cause,
        details: { frameBytes: bytes.byteLength },
      });
    }
  }
}

/** What msgpackr answers when asked to reuse its buffer: the whole buffer and where the packed bytes lie. */
type Pool = Buffer & { readonly start: number; readonly end: number };

/**
 * V8 looks whether short-lived buffers hold too much only when one is allocated, not when one is moved in. Without this,
 * a thread that is sent many is cleaned up by slow collections of its whole heap (seen on Node 20).
 */
function collectDropped(): void {
  new ArrayBuffer(1);
}

const noAttachments: readonly ArrayBuffer[] = [];

function messagesOf(body: unknown, attachments: readonly ArrayBuffer[], revive: Revive): unknown[][] {
  if (!Array.isArray(body)) throw new TypeError('it is no array');
  const isEscaped = body[0] === null;
  const messages: unknown[] = isEscaped
    ? body.slice(1).map((message) => unescapeValue(message, attachments, revive))
    : body;
  for (const message of messages) {
    if (!Array.isArray(message)) throw new TypeError('it holds something that is no message');
  }
  return messages as unknown[][];
}
