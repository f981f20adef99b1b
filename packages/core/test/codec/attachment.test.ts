import {
  attachmentBytesMin,
  copyToHandOver,
  FrameCodec,
  FrameDecodeError,
  memoryOf,
  type Packed,
  type PackedWithAttachments,
} from '@troupe/core';
import { describe, expect, test } from 'vitest';

const codec = new FrameCodec();

function withAttachments(messages: unknown[][]): PackedWithAttachments {
  const frame = codec.encode(messages);
  if (frame instanceof Uint8Array) throw new Error('the frame has no attachments');
  return frame;
}

/** As between two threads: what is handed over is gone at the sender. */
function moved(frame: Packed): Packed {
  return structuredClone(frame, { transfer: memoryOf(frame) });
}

/** Bytes that differ from place to place. */
function filled(byteLength: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: byteLength }, (_, i) => (i * 31) % 251);
}

/** The value with text for binaries, which is compared much faster than they are. */
function pictured(value: unknown): unknown {
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${Buffer.from(value).toString('base64')}`;
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name} ${bytes.toString('base64')}`;
  }
  if (Array.isArray(value)) return value.map(pictured);
  if (value instanceof Map) return new Map(Array.from(value, ([key, member]) => [key, pictured(member)]));
  if (value instanceof Set) return new Set(Array.from(value, pictured));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, pictured(member)]));
}

const large = filled(attachmentBytesMin + 8);
const { buffer } = large;

describe('large binaries', () => {
  test.each<[string, ArrayBuffer | ArrayBufferView]>([
    ['Uint8Array', large],
    ['Buffer', Buffer.from(large)],
    ['ArrayBuffer', buffer],
    ['DataView', new DataView(buffer)],
    ['Float64Array', new Float64Array(buffer)],
    ['BigInt64Array', new BigInt64Array(buffer)],
    ['Uint8ClampedArray', new Uint8ClampedArray(buffer)],
    ['a part of larger memory', filled(3 * attachmentBytesMin).subarray(100, 200 + attachmentBytesMin)],
  ])('travel beside their frame and arrive as they were: %s', (_, binary) => {
    const frame = withAttachments([[1, { deep: [binary] }]]);
    expect(frame.bytes.byteLength).toBeLessThan(100);
    const [[, value] = []] = codec.decode(moved(frame));
    const [arrived] = (value as { deep: [typeof binary] }).deep;
    expect(pictured(arrived)).toBe(pictured(binary));
    if (ArrayBuffer.isView(arrived)) expect(arrived.buffer.byteLength).toBe(arrived.byteLength);
  });

  test('stay untouched at the sender, who may hold them still', () => {
    const before = Buffer.from(large);
    moved(withAttachments([[1, large]]));
    expect(before.equals(large)).toBe(true);
  });

  test('may occur many times in a frame, in every kind of container', () => {
    const value = { list: [large, large], map: new Map([['a', large]]), set: new Set([large]) };
    const frame = withAttachments([
      [1, value],
      [2, large],
    ]);
    expect(frame.attachments).toHaveLength(5);
    const sent = pictured([
      [1, value],
      [2, large],
    ]);
    expect(pictured(codec.decode(moved(frame)))).toEqual(sent);
  });

  test('beside values that need escapes of other kinds are exact, too', () => {
    const value = [-0, large, '\ud800', { ['__keys__']: 1 }];
    const [[, arrived] = []] = codec.decode(moved(codec.encode([[1, value]])));
    expect(pictured(arrived)).toEqual(pictured(value));
    expect(Object.is((arrived as unknown[])[0], -0)).toBe(true);
  });

  test('below the bound stay in the frame', () => {
    expect(codec.encode([[1, filled(attachmentBytesMin - 1)]])).toBeInstanceOf(Uint8Array);
    expect(codec.encode([[1, filled(attachmentBytesMin)]])).not.toBeInstanceOf(Uint8Array);
  });

  test('that are missing make the frame damaged', () => {
    const { bytes } = withAttachments([[1, large]]);
    expect(() => codec.decode({ bytes, attachments: [] })).toThrow(FrameDecodeError);
  });
});

describe('copyToHandOver', () => {
  test('gives a copy whose memory travels without a second one', () => {
    const original = { samples: new Float64Array(attachmentBytesMin), more: [new Map([[1, large]])] };
    const copy = copyToHandOver(original, 'value');
    expect(pictured(copy)).toEqual(pictured(original));
    const frame = withAttachments([[1, copy]]);
    expect(frame.attachments[0]).toBe(copy.samples.buffer);
    expect(frame.attachments[1]).toBe(copy.more[0]?.get(1)?.buffer);
    expect(original.samples.buffer.byteLength).toBe(attachmentBytesMin * 8);
  });

  test('hands it over once: packed again it is copied', () => {
    const copy = copyToHandOver(large, 'value');
    expect(withAttachments([[1, copy]]).attachments[0]).toBe(copy.buffer);
    expect(withAttachments([[1, copy]]).attachments[0]).not.toBe(copy.buffer);
  });
});
