/**
 * The total order of keys, which ranges are cut out of:
 *
 *     false < true < numbers < bigints < strings < tuples
 *
 * Numbers and bigints go by value, each among its own kind (`1` and `1n` are two keys, so all numbers come before all
 * bigints); strings by their UTF-16 code units, as `<` of JavaScript has it; tuples part by part in the same order, and
 * one that is the beginning of another comes before it.
 *
 * Storage keys are compared as they are, tuples without making arrays of them. A *bound* is a storage key or one of two
 * texts that are no key: `firstTuple`, before every tuple, and `afterPrefix(tuple)`, after every tuple that begins so.
 */
import type { StorageKey } from './key.ts';

/** A place between keys: a storage key, `firstTuple` or what `afterPrefix` answers. */
export type KeyBound = StorageKey;

/** Before every tuple and after everything else: a tuple without parts. */
export const firstTuple: KeyBound = '\u0000';

/** A part that is no part of any key and comes after all of them. */
const lastPart = 'z';

/** After every tuple that begins with the parts of this one, which is in storage form. */
export function afterPrefix(tuple: string): KeyBound {
  return tuple + lastPart;
}

/** After every string that begins with this one, and before every string that is greater: undefined if none is. */
export function afterText(text: string): string | undefined {
  for (let last = text.length - 1; last >= 0; last--) {
    const unit = text.charCodeAt(last);
    if (unit < 0xff_ff) return text.slice(0, last) + String.fromCharCode(unit + 1);
  }
  return undefined;
}

/** Negative when `a` comes before `b`, 0 when they are equal. Takes storage keys and bounds. */
export function compareKeys(a: KeyBound, b: KeyBound): number {
  if (a === b) return 0;
  const rankOfA = rankOf(a);
  const rankOfB = rankOf(b);
  if (rankOfA !== rankOfB) return rankOfA - rankOfB;
  if (rankOfA === tupleRank) return compareTuples(a as string, b as string);
  // Escaped strings all begin with NUL and one prefix, which leaves the order among them and before others as it is.
  return compareSame(plain(a), plain(b));
}

const tupleRank = 4;

function rankOf(key: KeyBound): number {
  switch (typeof key) {
    case 'boolean':
      return 0;
    case 'number':
      return 1;
    case 'bigint':
      return 2;
    default:
      return isTuple(key) ? tupleRank : 3;
  }
}

/** A text that begins with NUL is a tuple, but for plain strings, which are escaped by `s:`. */
function isTuple(text: string): boolean {
  return text.charCodeAt(0) === 0 && !(text[1] === 's' && text[2] === ':');
}

function plain(key: KeyBound): KeyBound {
  return typeof key === 'string' && key.charCodeAt(0) === 0 ? key.slice(3) : key;
}

/** Of two values of one type. */
function compareSame(a: KeyBound, b: KeyBound): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Walks over both at once; what is equal so far has the same length in both, so one position serves. */
function compareTuples(a: string, b: string): number {
  let at = 1;
  for (;;) {
    if (at >= a.length || at >= b.length) return a.length - b.length;
    const tagOfA = a[at] as string;
    const tagOfB = b[at] as string;
    // The tags f, t, n, i, s and z don't stand in the order of the alphabet.
    if (tagOfA !== tagOfB) return tagOrder.indexOf(tagOfA) - tagOrder.indexOf(tagOfB);
    if (tagOfA === 'f' || tagOfA === 't') {
      at++;
      continue;
    }
    if (tagOfA === lastPart) return a.length - b.length;
    const endOfA = partEnd(a, at);
    const endOfB = partEnd(b, at);
    const order = compareSame(partAt(a, at, endOfA), partAt(b, at, endOfB));
    if (order !== 0) return order;
    at = endOfA;
  }
}

const tagOrder = `ftnis${lastPart}`;

/** Where the part that begins at `at` ends: behind its `;`, or as many units behind its `:` as it says. */
function partEnd(tuple: string, at: number): number {
  if (tuple[at] !== 's') return tuple.indexOf(';', at) + 1;
  const colon = tuple.indexOf(':', at);
  return colon + 1 + Number(tuple.slice(at + 1, colon));
}

function partAt(tuple: string, at: number, end: number): KeyBound {
  switch (tuple[at]) {
    case 's':
      return tuple.slice(tuple.indexOf(':', at) + 1, end);
    case 'n':
      return Number(tuple.slice(at + 1, end - 1));
    default:
      return BigInt(tuple.slice(at + 1, end - 1));
  }
}
