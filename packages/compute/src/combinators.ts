/**
 * Map-reduces that everybody writes, ready-made: count, distinct, group-by, the first k, sorting. Each makes the
 * options of `mapReduce()` from a function `items`, which says what to look at in each partition; what is sent from a
 * host is as small as the question allows (a number, the groups, k items).
 *
 * `items` may be a generator: plain ones are walked through without a pause, so in large partitions let it be
 * asynchronous and give way now and then. Items go into parts as they are, and parts are copied when they are sent.
 */
import { mustBe, mustBeFunction } from '@troupe/core';
import type { JobContext } from './job-context.ts';
import type { MapReduceOptions } from './map-reduce.ts';

/** What is looked at in the partition a part is made for. */
export type Items<A, T> = (context: JobContext, args: A) => Iterable<T> | AsyncIterable<T>;

/** What can be told apart as the key of a Map. */
export type GroupKey = string | number | bigint | boolean | null | undefined;

/** As for `Array.sort`: negative when `a` comes first. */
export type Compare<T> = (a: T, b: T) => number;

/**
 * How many items there are.
 *
 * @example
 * export const bigInvoices = mapReduce('bigInvoices', count({
 *   *items(ctx, { above }: { above: number }) {
 *     for (const invoice of ctx.local(invoices).values()) if (invoice.cents > above) yield invoice;
 *   },
 * }));
 */
export function count<A>({
  items,
}: {
  readonly items: Items<A, unknown>;
}): MapReduceOptions<A, number, number> {
  mustBeFunction(items, 'items');
  const sum = (a: number, b: number): number => a + b;
  return {
    map: (context, args) => folded(items(context, args), 0, (total) => total + 1),
    combine: sum,
    reduce: (parts) => parts.reduce(sum, 0),
  };
}

export interface DistinctOptions<A, T> {
  readonly items: Items<A, T>;
  /** Items with the same answer are the same. Default: the item itself. */
  readonly by?: (item: T) => GroupKey;
}

/** The items without repetitions: of those that are the same, the first, in the order of partitions. */
export function distinct<A, T>(options: DistinctOptions<A, T>): MapReduceOptions<A, Map<GroupKey, T>, T[]> {
  const { items, by = (item: T) => item as GroupKey } = options;
  mustBeFunction(items, 'items');
  mustBeFunction(by, 'by');
  const merge = (a: Map<GroupKey, T>, b: Map<GroupKey, T>): Map<GroupKey, T> => {
    for (const [key, item] of b) if (!a.has(key)) a.set(key, item);
    return a;
  };
  return {
    map: (context, args) =>
      folded(items(context, args), new Map<GroupKey, T>(), (found, item) => {
        const key = mustBeGroupKey(by(item), 'by');
        return found.has(key) ? found : found.set(key, item);
      }),
    combine: merge,
    reduce: (parts) => [...parts.reduce(merge, new Map<GroupKey, T>()).values()],
  };
}

export interface GroupByOptions<A, T, G extends GroupKey, S> {
  readonly items: Items<A, T>;
  /** The group an item belongs to. */
  readonly key: (item: T) => G;
  /** The sum of a group without items. */
  readonly initial: () => S;
  /** The sum with one more item; it may change and return `sum`. */
  readonly add: (sum: S, item: T) => S;
  /** One sum of two of the same group; it may change and return `a`. Must be associative. */
  readonly merge: (a: S, b: S) => S;
}

/** One sum for each group, whatever a sum is: a number, a list, a record. */
export function groupBy<A, T, G extends GroupKey, S>(
  options: GroupByOptions<A, T, G, S>,
): MapReduceOptions<A, Map<G, S>, Map<G, S>> {
  const { items, key, initial, add, merge } = options;
  for (const [name, given] of Object.entries({ items, key, initial, add, merge })) {
    mustBeFunction(given, name);
  }
  const mergeAll = (a: Map<G, S>, b: Map<G, S>): Map<G, S> => {
    for (const [group, sum] of b) a.set(group, a.has(group) ? merge(a.get(group) as S, sum) : sum);
    return a;
  };
  return {
    map: (context, args) =>
      folded(items(context, args), new Map<G, S>(), (groups, item) => {
        const group = mustBeGroupKey(key(item), 'key');
        return groups.set(group, add(groups.has(group) ? (groups.get(group) as S) : initial(), item));
      }),
    combine: mergeAll,
    reduce: (parts) => parts.reduce(mergeAll, new Map<G, S>()),
  };
}

export interface SortedOptions<A, T> {
  readonly items: Items<A, T>;
  readonly compare: Compare<T>;
}

/** All items in order. All of them come to the caller: where the first few will do, take `topK`. */
export function sorted<A, T>(options: SortedOptions<A, T>): MapReduceOptions<A, T[], T[]> {
  const { items, compare } = options;
  mustBeFunction(items, 'items');
  mustBeFunction(compare, 'compare');
  return {
    map: async (context, args) => {
      const all = await folded(items(context, args), [] as T[], (list, item) => {
        list.push(item);
        return list;
      });
      return all.sort(compare);
    },
    combine: (a, b) => merged(a, b, compare, Number.POSITIVE_INFINITY),
    reduce: (parts) => allMerged(parts, compare),
  };
}

export interface TopKOptions<A, T> {
  readonly items: Items<A, T>;
  /** The order; for the greatest first, `(a, b) => b - a`. */
  readonly compare: Compare<T>;
  /** How many, from 0; or how many from the arguments. */
  readonly k: number | ((args: A) => number);
}

/** The first k items of a partition or of several, in order. */
export interface TopPart<T> {
  readonly k: number;
  readonly items: T[];
}

/** The first k items in order. No more than k leave a host. */
export function topK<A, T>(options: TopKOptions<A, T>): MapReduceOptions<A, TopPart<T>, T[]> {
  const { items, compare, k } = options;
  mustBeFunction(items, 'items');
  mustBeFunction(compare, 'compare');
  const first = typeof k === 'function' ? k : () => k;
  if (typeof k !== 'function') mustBeCount(k);
  return {
    map: async (context, args) => {
      const length = mustBeCount(first(args));
      const top = await folded(items(context, args), [] as T[], (list, item) =>
        withItem(list, item, compare, length),
      );
      return { k: length, items: top };
    },
    combine: (a, b) => ({ k: a.k, items: merged(a.items, b.items, compare, a.k) }),
    reduce: (parts) =>
      allMerged(
        parts.map((part) => part.items),
        compare,
      ).slice(0, parts[0]?.k ?? 0),
  };
}

// ── lists in order ────────────────────────────────────────────────────────────────────────────────────────────────

/** The list with one more item, cut to `length`. Equal items keep the order in which they came. */
function withItem<T>(list: T[], item: T, compare: Compare<T>, length: number): T[] {
  if (length === 0) return list;
  const last = list[length - 1];
  if (list.length >= length && compare(item, last as T) >= 0) return list;
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle] as T, item) <= 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, item);
  if (list.length > length) list.pop();
  return list;
}

/** Two lists in order as one, cut to `length`. Of equal items those of `a` come first. */
function merged<T>(a: readonly T[], b: readonly T[], compare: Compare<T>, length: number): T[] {
  const list: T[] = [];
  let fromA = 0;
  let fromB = 0;
  while (list.length < length && (fromA < a.length || fromB < b.length)) {
    const takesA = fromB >= b.length || (fromA < a.length && compare(a[fromA] as T, b[fromB] as T) <= 0);
    list.push((takesA ? a[fromA++] : b[fromB++]) as T);
  }
  return list;
}

/** Many lists as one, by halves, so that no item is moved more often than the halves can be halved. */
function allMerged<T>(lists: readonly (readonly T[])[], compare: Compare<T>): T[] {
  const [first = []] = lists;
  if (lists.length <= 1) return [...first];
  const middle = lists.length >>> 1;
  return merged(
    allMerged(lists.slice(0, middle), compare),
    allMerged(lists.slice(middle), compare),
    compare,
    Number.POSITIVE_INFINITY,
  );
}

// ── items ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Adds up all items; at once when they are there at once. */
function folded<S, T>(
  items: Iterable<T> | AsyncIterable<T>,
  initial: S,
  add: (sum: S, item: T) => S,
): S | Promise<S> {
  if (isAsync(items)) return foldedLater(items, initial, add);
  mustBe(isIterable(items), 'items', 'a function that answers an iterable', items);
  let sum = initial;
  for (const item of items) sum = add(sum, item);
  return sum;
}

async function foldedLater<S, T>(
  items: AsyncIterable<T>,
  initial: S,
  add: (sum: S, item: T) => S,
): Promise<S> {
  let sum = initial;
  for await (const item of items) sum = add(sum, item);
  return sum;
}

function isAsync<T>(items: Iterable<T> | AsyncIterable<T>): items is AsyncIterable<T> {
  return typeof items === 'object' && items !== null && Symbol.asyncIterator in items;
}

function isIterable(items: unknown): boolean {
  return typeof (items as { [Symbol.iterator]?: unknown } | undefined)?.[Symbol.iterator] === 'function';
}

function mustBeGroupKey<G extends GroupKey>(key: G, name: string): G {
  const fits =
    key === null || (typeof key !== 'object' && typeof key !== 'function' && typeof key !== 'symbol');
  mustBe(fits, name, 'a function that answers a string, number, bigint, boolean, null or undefined', key);
  return key;
}

function mustBeCount(k: number): number {
  mustBe(Number.isSafeInteger(k) && k >= 0, 'k', 'a whole number from 0', k);
  return k;
}
