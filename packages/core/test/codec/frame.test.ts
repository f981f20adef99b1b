import { copyValue, FrameCodec, FrameDecodeError, freezeDeep } from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { supportedValue } from './arbitrary-value.ts';

const codec = new FrameCodec();

function roundTrip<T>(value: T): T {
  return codec.decode(codec.encode([[1, value]]))[0]?.[1] as T;
}

/** Stricter than `toEqual`: kinds, -0, the order of keys and of Map and Set entries count. */
function exactForm(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : [typeof value, value];
  if (Array.isArray(value)) return value.map(exactForm);
  const kind = value.constructor === undefined ? 'none' : Object.getPrototypeOf(value).constructor.name;
  if (value instanceof Map) return [kind, [...value].map(exactForm)];
  if (value instanceof Set) return [kind, [...value].map(exactForm)];
  if (value instanceof Date) return [kind, value.getTime()];
  if (value instanceof RegExp) return [kind, value.source, value.flags, value.lastIndex];
  if (value instanceof ArrayBuffer) return [kind, Buffer.from(value).toString('hex')];
  if (ArrayBuffer.isView(value)) {
    return [kind, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')];
  }
  return [kind, Object.entries(value).map(([key, member]) => [key, exactForm(member)])];
}

function expectExact(value: unknown): void {
  expect(exactForm(roundTrip(value))).toEqual(exactForm(value));
}

/** A frame without attachments. */
function bytesOfFrame(messages: readonly (readonly unknown[])[]): Uint8Array {
  const frame = codec.encode(messages);
  if (!(frame instanceof Uint8Array)) throw new Error('the frame has attachments');
  return frame;
}

describe('FrameCodec', () => {
  test('any supported value comes out exact after copy, encode and decode', () => {
    fc.assert(
      fc.property(fc.array(supportedValue, { minLength: 1, maxLength: 5 }), (values) => {
        const messages = values.map((value) => [7, copyValue(value, 'value')]);
        const decoded = codec.decode(codec.encode(messages));
        expect(decoded.map(exactForm)).toEqual(values.map((value) => exactForm([7, value])));
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    0,
    -0,
    1,
    -1,
    31,
    32,
    63,
    64,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    -32,
    -33,
    -128,
    -129,
    -32_768,
    -32_769,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    -(2 ** 31) - 1,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    1e300,
    5e-324,
    0.1,
    Number.NaN,
    Infinity,
    -Infinity,
  ])('number %d is exact', (value) => {
    expect(Object.is(roundTrip(value), value)).toBe(true);
  });

  test('a bigint stays a bigint at every size around the borders of words', () => {
    for (const bits of [
      0n,
      7n,
      8n,
      31n,
      32n,
      62n,
      63n,
      64n,
      65n,
      127n,
      128n,
      129n,
      4000n,
      65_535n,
      65_536n,
      65_600n,
      100_001n,
    ]) {
      for (const delta of [-1n, 0n, 1n]) {
        const value = 2n ** bits + delta;
        expect(roundTrip(value) === value, `2^${bits} + ${delta}`).toBe(true);
        expect(roundTrip(-value) === -value, `-(2^${bits} + ${delta})`).toBe(true);
      }
    }
    expect(roundTrip([1n, 1])).toEqual([1n, 1]);
  });

  test('strings are exact with lone surrogates, in all lengths', () => {
    for (const length of [0, 15, 16, 31, 32, 63, 64, 255, 256, 65_535, 65_536, 70_000]) {
      for (const unit of ['a', 'ä', '€', '\ud800'])
        expect(roundTrip(unit.repeat(length))).toBe(unit.repeat(length));
    }
    expectExact(['😀', '\ud83d', '\ude00', '\ufffd', { '\ud800key': '\udc00' }, new Map([['\ud800', 1]])]);
  });

  test('dates are exact to the millisecond over their whole range', () => {
    for (const time of [
      0,
      1,
      -1,
      999,
      -999,
      1e12 + 123,
      -1e12 - 123,
      2 ** 32 * 1000,
      2 ** 32 * 1000 + 5,
      8.64e15,
      -8.64e15,
    ]) {
      expect(roundTrip(new Date(time)).getTime()).toBe(time);
    }
    expect(roundTrip(new Date(Number.NaN)).getTime()).toBeNaN();
  });

  test('a RegExp keeps source, flags and lastIndex', () => {
    const regExp = /a(b)\/\n/giu;
    regExp.lastIndex = 7;
    expectExact([regExp, /plain/]);
  });

  test('an object with 10,000 keys is exact', () => {
    expectExact(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i])));
  });

  test('5,000 shapes in one frame, used more than once and nested in each other, are exact', () => {
    const shapes = Array.from({ length: 5_000 }, (_, i) => ({
      [`a${i}`]: i,
      [`b${i % 70}`]: { [`c${i % 130}`]: i },
    }));
    expectExact([shapes, [...shapes].reverse()]);
  });

  test('keys that are names of built-in members are data, in order', () => {
    expectExact([
      {
        toString: 1,
        hasOwnProperty: 2,
        valueOf: 3,
        '': 4,
        constructor: 5,
        prototype: 6,
        toJSON: 7,
        valueOf2: 8,
        length: 9,
      },
      { b: 1, 10: 2, 2: 3, a: 4, '-1': 5, '01': 6 },
      {},
    ]);
  });

  test('the key `__keys__` harms neither its object nor later ones', () => {
    expectExact([{ a: 1 }, { a: 1, __keys__: 2 }, { a: 1, __keys__: 2, length: 3 }, { a: 1 }]);
    expectExact([{ a: 1, __keys__: 2 }, { a: 1 }]);
    expectExact([{ a: 1 }, { a: 2 }]);
  });

  test('holes arrive as undefined', () => {
    const sparse: unknown[] = [];
    sparse[2] = 1;
    expect(Object.keys(roundTrip(sparse))).toEqual(['0', '1', '2']);
  });

  test('a Map with objects as keys stays a Map', () => {
    expectExact(new Map<unknown, unknown>([[{ id: 1 }, new Map([[[1, 2], new Set([{ deep: -0 }])]])]]));
  });

  test('frozen values encode as before', () => {
    const value = { at: new Date(5), map: new Map([['a', { b: [1] }]]), set: new Set([1]), regExp: /x/g };
    const frozen = copyValue(value, 'value');
    freezeDeep(frozen);
    expectExact(frozen);
  });

  test('a value as deep as allowed is exact', () => {
    let value: unknown = 'bottom';
    for (let i = 0; i < 256; i++) value = i % 2 === 0 ? [value] : { value };
    expectExact(copyValue(value, 'value'));
  });

  test('a frame owns exactly its memory', () => {
    const frame = bytesOfFrame([[1, 'x'.repeat(100)]]);
    expect(frame.byteOffset).toBe(0);
    expect(frame.buffer.byteLength).toBe(frame.byteLength);
    const moved = structuredClone(frame, { transfer: [frame.buffer as ArrayBuffer] });
    expect(frame.byteLength).toBe(0);
    expect(codec.decode(moved)).toEqual([[1, 'x'.repeat(100)]]);
    expect(codec.decode(codec.encode([[2]]))).toEqual([[2]]);
  });

  test('decoded binaries own exactly their memory', () => {
    const sent = [
      Buffer.from('abc'),
      new Uint8Array(3),
      new Float64Array(2),
      new ArrayBuffer(9),
      new DataView(new ArrayBuffer(4)),
    ];
    for (const binary of roundTrip<(ArrayBuffer | ArrayBufferView)[]>(sent)) {
      if (ArrayBuffer.isView(binary)) expect(binary.buffer.byteLength).toBe(binary.byteLength);
    }
    expectExact(sent);
  });

  test('a frame is decoded from a view into larger memory', () => {
    const frame = bytesOfFrame([[1, 'ä'.repeat(50), Buffer.from('abc')]]);
    const larger = new Uint8Array(frame.length + 20).fill(0xc1);
    larger.set(frame, 9);
    const decoded = codec.decode(larger.subarray(9, 9 + frame.length));
    expect(decoded).toEqual([[1, 'ä'.repeat(50), Buffer.from('abc')]]);
  });

  test('after a failed encode the codec works on', () => {
    expect(() => codec.encode([[1, { a: 1, bad: Symbol('s') }]])).toThrow();
    expectExact([
      { a: 1, bad: 2 },
      { a: 1, bad: 3 },
    ]);
  });

  test('large frames before small ones leave no trace', () => {
    expect(roundTrip(new Uint8Array(3_000_000)).byteLength).toBe(3_000_000);
    expect(bytesOfFrame([[1]]).byteLength).toBeLessThan(10);
  });

  test('an empty frame is an empty list of messages', () => {
    expect(codec.decode(codec.encode([]))).toEqual([]);
  });
});

describe('FrameCodec on damaged bytes', () => {
  const frame = bytesOfFrame([
    [
      16,
      12_345,
      'user:1234',
      { id: 1, name: 'n', tags: ['a'] },
      new Map([[1, new Date(0)]]),
      2n ** 80n,
      -0,
      /x/,
      Buffer.alloc(20),
    ],
    [17, { id: 2, name: 'm', tags: [] }],
  ]);

  test('every truncation throws FrameDecodeError', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(() => codec.decode(frame.subarray(0, length)), `${length} bytes`).toThrow(FrameDecodeError);
    }
  });

  test('bytes after the end throw', () => {
    expect(() => codec.decode(Buffer.concat([frame, Buffer.from([1])]))).toThrow(FrameDecodeError);
  });

  test('something that is no list of messages throws', () => {
    for (const bytes of [[0x01], [0xc0], [0x91, 0x01], [0x80], [0x92, 0x90, 0xc0], [0xc1]]) {
      expect(() => codec.decode(Uint8Array.from(bytes))).toThrow(FrameDecodeError);
    }
  });

  test('changed bytes throw FrameDecodeError or give messages, change no prototype and leave the codec usable', () => {
    const position = fc.nat(frame.length - 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = Uint8Array.from(frame);
        for (const [at, byte] of changes) damaged[at] = byte;
        try {
          expect(codec.decode(damaged).every(Array.isArray)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: 'FrameDecodeError', code: 'FRAME_DAMAGED' });
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(codec.decode(frame)).toHaveLength(2);
      }),
      { numRuns: 2_000 },
    );
  });
});
