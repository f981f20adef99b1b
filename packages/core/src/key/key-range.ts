/**
 * Ranges of keys: from a key inclusive to a key exclusive in the order of `key-order.ts`, or all keys that begin with a
 * prefix, which is such a range too. What users write is checked here and becomes two bounds, which travel.
 */
import { mustBe } from '../errors/argument.ts';
import { InvalidArgumentError } from '../errors/errors.ts';
import { type Key, type KeyPart, keyToText, type StorageKey, toStorageKey } from './key.ts';
import { afterPrefix, afterText, compareKeys, firstTuple, type KeyBound } from './key-order.ts';

/** The first parts of a tuple, one at least. */
type LeadingParts<T extends readonly unknown[]> = number extends T['length']
  ? readonly [KeyPart, ...KeyPart[]]
  : T extends readonly [infer First, ...infer Rest]
    ? readonly [First] | (Rest extends readonly [] ? never : readonly [First, ...LeadingParts<Rest>])
    : never;

/** Where a range of keys of type `K` may begin or end: a key, or the first parts of a tuple. */
export type RangeBound<K extends Key> = K | (K extends readonly unknown[] ? LeadingParts<K> : never);

/** What keys of type `K` may begin with: the first parts of a tuple, the first characters of a string. */
export type KeyPrefix<K extends Key> = K extends string
  ? string
  : K extends readonly unknown[]
    ? LeadingParts<K>
    : never;

/** Some of the keys of type `K`: those from `from` up to before `to`, or those that begin with `prefix`. */
export interface KeyRangeOptions<K extends Key> {
  /** The first key of the range, which need not exist. Default: the first of all. */
  readonly from?: RangeBound<K> | undefined;
  /** The first key behind the range. Default: none, the range goes on to the end. */
  readonly to?: RangeBound<K> | undefined;
  /** Instead of `from` and `to`: the keys that begin with these parts, or with this text. */
  readonly prefix?: KeyPrefix<K> | undefined;
}

/** From `from` inclusive to `to` exclusive; undefined: without an end on that side. */
export interface KeyRange {
  readonly from: KeyBound | undefined;
  readonly to: KeyBound | undefined;
}

export function isInRange({ from, to }: KeyRange, key: StorageKey): boolean {
  return (
    (from === undefined || compareKeys(from, key) <= 0) && (to === undefined || compareKeys(key, to) < 0)
  );
}

/** The range as people read it: `[7, 0] to [7, Infinity]`, `from 3`, `[7, …]`. */
export function rangeToText({ from, to }: KeyRange): string {
  if (typeof from === 'string' && to === afterPrefix(from)) return `${keyToText(from).slice(0, -1)}, …]`;
  if (from === undefined) return to === undefined ? 'all keys' : `up to ${boundToText(to)}`;
  return to === undefined ? `from ${boundToText(from)}` : `${boundToText(from)} to ${boundToText(to)}`;
}

function boundToText(bound: KeyBound): string {
  return bound === firstTuple ? 'the first tuple' : keyToText(bound);
}

/** The range that options name; undefined: all keys. Throws InvalidArgumentError for the first option that is wrong. */
export function keyRangeOf(options: KeyRangeOptions<Key>): KeyRange | undefined {
  const { prefix } = options;
  const from = options.from === undefined ? undefined : toStorageKey(options.from, 'from');
  const to = options.to === undefined ? undefined : toStorageKey(options.to, 'to');
  if (prefix !== undefined) {
    mustBe(from === undefined && to === undefined, 'prefix', 'given without `from` and `to`', prefix);
    return rangeOfPrefix(prefix);
  }
  if (from === undefined && to === undefined) return undefined;
  if (from !== undefined && to !== undefined && compareKeys(from, to) > 0) throw backwards(from, to);
  return { from, to };
}

function rangeOfPrefix(prefix: unknown): KeyRange {
  const isText = typeof prefix === 'string';
  mustBe(isText || Array.isArray(prefix), 'prefix', 'a string or the first parts of a tuple', prefix);
  const from = toStorageKey(prefix, 'prefix') as string;
  if (!isText) return { from, to: afterPrefix(from) };
  const after = afterText(prefix);
  return { from, to: after === undefined ? firstTuple : toStorageKey(after) };
}

function backwards(from: StorageKey, to: StorageKey): InvalidArgumentError {
  return new InvalidArgumentError(
    `from must not come after to, got ${keyToText(from)} and ${keyToText(to)}; keys go in the order booleans, numbers, bigints, strings, tuples`,
    { details: { argument: 'from', from: keyToText(from), to: keyToText(to) } },
  );
}
