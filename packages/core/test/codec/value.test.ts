import { createContext, runInContext } from 'node:vm';
import {
  copiedBytes,
  copyValue,
  FrameCodec,
  memoryOf,
  ValueNotSupportedError,
  ValueTooLargeError,
  valuesEqual,
} from '@troupe/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { supportedValue } from './arbitrary-value.ts';

function refusal(value: unknown): ValueNotSupportedError {
  try {
    copyValue(value, 'value');
  } catch (error) {
    expect(error).toBeInstanceOf(ValueNotSupportedError);
    return error as ValueNotSupportedError;
  }
  throw new Error('the value was accepted');
}

describe('copyValue', () => {
  test('gives an equal value for every supported kind', () => {
    fc.assert(fc.property(supportedValue, (value) => valuesEqual(copyValue(value, 'value'), value)));
  });

  test('shares nothing with the original', () => {
    const value = {
      list: [{ n: 1 }],
      map: new Map([['k', { n: 1 }]]),
      set: new Set([1]),
      bytes: Buffer.from('ab'),
      at: new Date(1),
    };
    const copy = copyValue(value, 'value');
    value.list.push({ n: 2 });
    (value.list[0] as { n: number }).n = 9;
    (value.map.get('k') as { n: number }).n = 9;
    value.set.add(2);
    value.bytes[0] = 0;
    value.at.setTime(5);
    expect(copy).toEqual({
      list: [{ n: 1 }],
      map: new Map([['k', { n: 1 }]]),
      set: new Set([1]),
      bytes: Buffer.from('ab'),
      at: new Date(1),
    });
  });

  test('an object used twice is copied twice', () => {
    const shared = { n: 1 };
    const copy = copyValue([shared, shared], 'value');
    expect(copy[0]).toEqual(copy[1]);
    expect(copy[0]).not.toBe(copy[1]);
  });

  test('binaries keep their kind and own exactly their memory', () => {
    const pooled = Buffer.from('pooled');
    const views = [
      pooled,
      new Int8Array(2),
      new Uint8Array(2),
      new Uint8ClampedArray(2),
      new Int16Array(2),
      new Uint16Array(2),
      new Int32Array(2),
      new Uint32Array(2),
      new Float32Array([0.5]),
      new Float64Array([-0]),
      new BigInt64Array([1n]),
      new BigUint64Array([1n]),
      new Uint8Array(new ArrayBuffer(100), 10, 5),
      new DataView(new ArrayBuffer(8), 2, 3),
    ];
    for (const view of views) {
      const copy = copyValue(view, 'value');
      expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(view));
      expect(copy.buffer.byteLength).toBe(view.byteLength);
      expect(valuesEqual(copy, view)).toBe(true);
    }
    expect(copyValue(new ArrayBuffer(5), 'value').byteLength).toBe(5);
  });

  test('keys that pollute prototypes elsewhere are plain data', () => {
    const copy = copyValue(JSON.parse('{"constructor":{"prototype":{"polluted":1}},"prototype":2}'), 'value');
    expect(copy).toEqual({ constructor: { prototype: { polluted: 1 } }, prototype: 2 });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('inherited enumerable keys are no data', () => {
    Object.defineProperty(Object.prototype, 'inherited', {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      expect(Object.keys(copyValue({ a: 1 }, 'value'))).toEqual(['a']);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'inherited');
    }
  });

  test('an object without a prototype comes out as an ordinary one, a hole as undefined', () => {
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(Object.getPrototypeOf(copyValue(bare, 'value'))).toBe(Object.prototype);
    expect(Object.keys(copyValue(Array(2), 'value'))).toEqual(['0', '1']);
  });

  test('a getter is read once and becomes data', () => {
    let reads = 0;
    const value = {
      get n(): number {
        return ++reads;
      },
    };
    expect(Object.getOwnPropertyDescriptor(copyValue(value, 'value'), 'n')).toMatchObject({
      value: 1,
      writable: true,
    });
    expect(reads).toBe(1);
  });

  test('an error a getter throws reaches the caller as it is', () => {
    const mine = new Error('mine');
    const value = {
      get n(): number {
        throw mine;
      },
    };
    expect(() => copyValue(value, 'value')).toThrow(mine);
  });

  test('values of another realm are supported', () => {
    const foreign = runInContext(
      '({ list: [1], map: new Map([[1, new Date(5)]]), bytes: new Uint8Array([1]) })',
      createContext({}),
    );
    expect(
      valuesEqual(copyValue(foreign, 'value'), {
        list: [1],
        map: new Map([[1, new Date(5)]]),
        bytes: new Uint8Array([1]),
      }),
    ).toBe(true);
  });

  test('a Proxy of a plain object is copied as one', () => {
    expect(copyValue(new Proxy({ a: [1] }, {}), 'value')).toEqual({ a: [1] });
  });
});

describe('copyValue refuses', () => {
  class Money {}
  class Tags extends Array {}

  test.each<[string, unknown, string, string]>([
    [
      'a function',
      { items: [0, 0, 0, { onClick: () => 1 }] },
      'value.items[3].onClick',
      'the function onClick',
    ],
    ['a function as the root', () => 1, 'value', 'a function'],
    ['a symbol', { a: Symbol('s') }, 'value.a', 'Symbol(s)'],
    ['a symbol key', { a: { [Symbol('key')]: 1 } }, 'value.a[Symbol(key)]', 'Symbol(key)'],
    ['a class instance', { 'odd key': new Money() }, 'value["odd key"]', 'an instance of Money'],
    ['a subclass of Array', [new Tags()], 'value[0]', 'an instance of Tags'],
    ['a subclass of Map', [new (class Lookup extends Map {})()], 'value[0]', 'an instance of Lookup'],
    ['a Promise', new Map([['x', Promise.resolve()]]), 'value.get("x")', 'a Promise'],
    ['a bad key of a Map', new Map([[Money, 1]]), 'value.key(function)', 'the function Money'],
    ['a member of a Set', new Set([1, new WeakMap()]), 'value.values()[1]', 'an instance of WeakMap'],
    ['an error', { e: new RangeError('x') }, 'value.e', 'an error (RangeError)'],
    ['a boxed primitive', [Object(1)], 'value[0]', 'an instance of Number'],
    ['shared memory', { s: new SharedArrayBuffer(1) }, 'value.s', 'shared memory'],
    ['a view of shared memory', [new Uint8Array(new SharedArrayBuffer(1))], 'value[0]', 'shared memory'],
    ['an own key __proto__', JSON.parse('{"a":{"__proto__":{"x":1}}}'), 'value.a.__proto__', 'prototype'],
    [
      'an object with its own prototype',
      Object.create({ a: 1 }),
      'value',
      'an object with a prototype of its own',
    ],
  ])('%s', (_title, value, path, what) => {
    const error = refusal(value);
    expect(error.code).toBe('VALUE_NOT_SUPPORTED');
    expect(error.details['path']).toBe(path);
    expect(error.message).toContain(`${path} can't be sent or stored: it is `);
    expect(error.message).toContain(what);
  });

  test('a binary that was transferred away', () => {
    const bytes = new Uint8Array(4);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(refusal({ bytes }).details['path']).toBe('value.bytes');
  });

  test('a cycle, naming both ends', () => {
    const value: Record<string, unknown> = { list: [1, { back: undefined }] };
    (value['list'] as { back: unknown }[])[1] = { back: value };
    const error = refusal(value);
    expect(error.details['path']).toBe('value.list[1].back');
    expect(error.message).toContain('a cycle back to value;');
  });

  test('a cycle through a Map and a Set', () => {
    const map = new Map<string, unknown>();
    map.set('self', new Set([map]));
    expect(refusal({ map }).message).toContain(
      'value.map.get("self").values()[0] can\'t be sent or stored: it is a cycle back to value.map;',
    );
  });

  test('more than 256 levels that are no cycle', () => {
    let value: unknown = 1;
    for (let i = 0; i < 257; i++) value = { next: value };
    expect(copyValue((value as { next: unknown }).next, 'value')).toBeDefined();
    expect(() => copyValue([value], 'value')).toThrow(ValueTooLargeError);
    expect(() => copyValue([value], 'value')).toThrow(/nested too deep: more than 256 levels/);
  });

  test('more than the largest message, with the size, the limit and the place', () => {
    const value = { small: 1, parts: [Buffer.alloc(9 << 20), Buffer.alloc(9 << 20)] };
    try {
      copyValue(value, 'value');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ValueTooLargeError);
      const { code, details } = error as ValueTooLargeError;
      expect(code).toBe('VALUE_TOO_LARGE');
      expect(details).toMatchObject({ path: 'value.parts[1]', limitBytes: 16 << 20 });
      expect(details['sizeBytes']).toBeGreaterThan(18 << 20);
    }
  });

  test('a small graph that unfolds to a huge tree', () => {
    let value: unknown = 'leaf'.repeat(1_000);
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(() => copyValue(value, 'value')).toThrow(ValueTooLargeError);
  });
});

describe('copiedBytes', () => {
  const codec = new FrameCodec();
  const sizeOf = (messages: unknown[][]): number =>
    memoryOf(codec.encode(messages)).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const emptyBytes = sizeOf([[undefined]]) - 3;

  test('is never more than a tenth below the encoded size', () => {
    fc.assert(
      fc.property(supportedValue, (value) => {
        const copy = copyValue(value, 'value');
        const estimate = copiedBytes();
        // Escapes and keys beyond ASCII cost more than is estimated; both are rare and small.
        fc.pre(isOrdinary(copy));
        expect(estimate * 1.1 + 4).toBeGreaterThanOrEqual(sizeOf([[copy]]) - emptyBytes);
      }),
      { numRuns: 500 },
    );
  });

  test('is near the encoded size for text and records', () => {
    for (const value of [
      'ä'.repeat(1000),
      'x'.repeat(1000),
      '€'.repeat(1000),
      { id: 1, name: 'a name', tags: ['a', 'b'] },
    ]) {
      copyValue(value, 'value');
      const real = sizeOf([[value]]) - emptyBytes;
      expect(copiedBytes() / real).toBeGreaterThan(0.9);
      expect(copiedBytes() / real).toBeLessThan(1.5);
    }
  });

  test('starts anew with every copy', () => {
    copyValue(Buffer.alloc(1000), 'value');
    copyValue(true, 'value');
    expect(copiedBytes()).toBe(1);
  });
});

function isOrdinary(value: unknown): boolean {
  if (typeof value === 'string') return /^[\0-\ud7ff\ue000-\uffff]*$/.test(value);
  if (typeof value === 'number') return !Object.is(value, -0);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  if (value instanceof Map) return [...value].flat().every(isOrdinary);
  if (value instanceof Set || Array.isArray(value)) return [...value].every(isOrdinary);
  return Object.entries(value).every(
    ([key, member]) => /^[\0-\x7f]*$/.test(key) && key !== '__keys__' && isOrdinary(member),
  );
}
