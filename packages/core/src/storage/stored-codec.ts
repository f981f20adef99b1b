/**
 * Keys and values as they are kept. Data outlives the code that wrote it, so a form that was once written is read for
 * ever.
 *
 *     key    = 's' and UTF-8, 'w' and UTF-16 where a lone surrogate forbids that, 'n' and the number in eight bytes
 *              (big endian), 'i' and the decimal digits of a bigint, 't' or 'f'
 *     value  = 0, frame
 *            | 1, count of parts, the length of each, then the parts: the frame and its large binaries
 *
 * Count and lengths are unsigned, four bytes, little endian. A frame is what travels between threads (`codec/frame.ts`), its only
 * message being the value, so every kind of value that a grid takes is kept exactly, each on its own.
 */
import { FrameCodec, type PackedWithAttachments } from '../codec/frame.ts';
import type { Revive } from '../codec/reference.ts';
import { StorageError } from '../errors/errors.ts';
import type { StorageKey } from '../key/key.ts';

const keyTag = { text: 0x73, wide: 0x77, number: 0x6e, bigint: 0x69, yes: 0x74, no: 0x66 } as const;
const valueTag = { frame: 0, attachments: 1 } as const;
const tagBytes = 1;

const encoder = new TextEncoder();
const yes = Uint8Array.of(keyTag.yes);
const no = Uint8Array.of(keyTag.no);

/** The bytes of a key. Equal keys have equal bytes, others have others. */
export function encodeStoredKey(key: StorageKey): Uint8Array {
  switch (typeof key) {
    case 'string':
      return encodeText(key);
    case 'number': {
      const bytes = new Uint8Array(9);
      bytes[0] = keyTag.number;
      new DataView(bytes.buffer).setFloat64(1, key);
      return bytes;
    }
    case 'bigint':
      return tagged(keyTag.bigint, encoder.encode(String(key)));
    default:
      return key ? yes : no;
  }
}

/** Throws STORAGE_DAMAGED where the bytes are no key. */
export function decodeStoredKey(bytes: Uint8Array): StorageKey {
  const rest = Buffer.from(bytes.buffer, bytes.byteOffset + 1, Math.max(0, bytes.byteLength - 1));
  switch (bytes[0]) {
    case keyTag.text:
      return rest.toString('utf8');
    case keyTag.wide:
      return rest.toString('utf16le');
    case keyTag.number:
      if (rest.byteLength === 8) return rest.readDoubleBE(0);
      break;
    case keyTag.bigint:
      return BigInt(rest.toString('latin1'));
    case keyTag.yes:
      return true;
    case keyTag.no:
      return false;
    default:
  }
  throw damaged('key', bytes);
}

/** Up to this length a loop beats the encoder, which leaves JavaScript. */
const loopedTextLength = 64;

function encodeText(text: string): Uint8Array {
  if (text.length <= loopedTextLength) {
    const ascii = encodeAscii(text);
    if (ascii !== undefined) return ascii;
  }
  // In Node since 20, in TypeScript's library only from ES2024 on.
  const isWellFormed = (text as string & { isWellFormed(): boolean }).isWellFormed();
  return isWellFormed
    ? tagged(keyTag.text, encoder.encode(text))
    : tagged(keyTag.wide, Buffer.from(text, 'utf16le'));
}

/** Undefined: it has other characters. */
function encodeAscii(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length + 1);
  bytes[0] = keyTag.text;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return undefined;
    bytes[i + 1] = code;
  }
  return bytes;
}

function tagged(tag: number, bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.byteLength + 1);
  result[0] = tag;
  result.set(bytes, 1);
  return result;
}

/** One encoder and decoder of values. */
export class StoredCodec {
  readonly #frames: FrameCodec;

  /** `revive` makes stored references live. */
  constructor(revive?: Revive) {
    this.#frames = new FrameCodec(revive);
  }

  /** The bytes of a value as `copyValue` makes them. */
  encode(value: unknown): Uint8Array {
    const packed = this.#frames.encode([[value]], tagBytes);
    if (!(packed instanceof Uint8Array)) return withAttachments(packed);
    packed[0] = valueTag.frame;
    return packed;
  }

  /** A value of its own, which keeps none of the bytes. Throws STORAGE_DAMAGED where they are no value. */
  decode(bytes: Uint8Array): unknown {
    try {
      const frame = bytes[0] === valueTag.attachments ? attached(bytes) : bytes.subarray(1);
      const [message] = this.#frames.decode(frame);
      if (message !== undefined && message.length === 1) return message[0];
    } catch (cause) {
      throw damaged('value', bytes, cause);
    }
    throw damaged('value', bytes);
  }
}

function withAttachments({ bytes, attachments }: PackedWithAttachments): Uint8Array {
  const parts = [bytes.subarray(tagBytes), ...attachments.map((memory) => new Uint8Array(memory))];
  const head = 1 + 4 + 4 * parts.length;
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, head));
  const view = new DataView(result.buffer);
  result[0] = valueTag.attachments;
  view.setUint32(1, parts.length, true);
  let at = head;
  for (const [position, part] of parts.entries()) {
    view.setUint32(5 + 4 * position, part.byteLength, true);
    result.set(part, at);
    at += part.byteLength;
  }
  return result;
}

function attached(bytes: Uint8Array): PackedWithAttachments {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(1, true);
  const parts: Uint8Array[] = [];
  let at = 5 + 4 * count;
  for (let position = 0; position < count; position++) {
    const end = at + view.getUint32(5 + 4 * position, true);
    if (end > bytes.byteLength) throw new RangeError('an attachment is cut off');
    parts.push(bytes.slice(at, end));
    at = end;
  }
  const [frame, ...attachments] = parts;
  if (frame === undefined) throw new RangeError('there is no frame');
  return { bytes: frame, attachments: attachments.map(({ buffer }) => buffer as ArrayBuffer) };
}

function damaged(what: string, bytes: Uint8Array, cause?: unknown): StorageError {
  return new StorageError('STORAGE_DAMAGED', `a stored ${what} of ${bytes.byteLength} bytes can't be read`, {
    details: { what, bytes: bytes.byteLength },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A value that is encoded already, where a value is written. */
export class StoredBytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
