/**
 * Random supported values for property tests: every kind the codec carries, nested, with the awkward cases (-0, lone
 * surrogates, `__keys__`, numeric-like keys) made likely.
 */
import fc from 'fast-check';

const oddNumbers = [
  0,
  -0,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  1e300,
  5e-324,
  0.1,
];
const oddKeys = [
  '',
  '0',
  '10',
  'toString',
  'hasOwnProperty',
  'constructor',
  'prototype',
  '__keys__',
  'length',
  'toJSON',
  '__proto_',
  '\ud800',
];

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', 'a\udc00b', '\ufffd', 'ä€😀', 'x'.repeat(70)),
);
const bigints = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.constantFrom(2n ** 63n, -(2n ** 63n), 2n ** 64n, 2n ** 64n - 1n, 0n, -1n),
);

export const supportedLeaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, undefined, true, false),
  fc.constantFrom(...oddNumbers),
  fc.double(),
  fc.integer(),
  bigints,
  text,
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.float64Array(),
  fc.int16Array(),
  fc.constantFrom(
    /a+/g,
    /\//iu,
    new BigInt64Array([1n, -1n]),
    new ArrayBuffer(5),
    new DataView(new ArrayBuffer(3)),
  ),
);

export const supportedKey: fc.Arbitrary<string> = fc
  .oneof(fc.string(), fc.constantFrom(...oddKeys), text)
  .filter((key) => key !== '__proto__');

/** Any tree that can be sent. */
export const supportedValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    supportedLeaf,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(supportedKey, tie('value'), { maxKeys: 6, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((members) => new Set(members)),
  ),
})).value;
