/**
 * Which entries of a table an iteration or a count is about: a range of keys, an affinity key, or both. The caller
 * makes it of what users write, the owner filters by it, so that nothing else travels. There is no index in the order
 * of the keys: a range is filtered out of a walk over the whole table of a partition.
 *
 * Only a named affinity key says that one partition has them all. What an affinity function makes of the beginning
 * of a key can't be known, so a range alone asks every partition.
 */
import type { AnyTable } from '../definition/table-definition.ts';
import { fromStorageKey, type Key, type StorageKey, toStorageKey } from '../key/key.ts';
import { isInRange, type KeyRange, type KeyRangeOptions, keyRangeOf } from '../key/key-range.ts';
import type { CallOptions } from '../mesh/pending-calls.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import { affinityOf, type Placement } from '../partition/placement.ts';
import { callOptionNamesWith, checkCallOptions } from './call-options.ts';

/** Options of iterations and of `size`. */
export interface ScanOptions<K extends Key> extends CallOptions, KeyRangeOptions<K> {
  /** Only entries with this affinity key: one partition is asked, and in a transaction only that one is locked. */
  readonly affinity?: Key | undefined;
}

export interface ScanRange {
  /** undefined: all keys. */
  readonly keys: KeyRange | undefined;
  /** undefined: any. */
  readonly affinity: StorageKey | undefined;
  /** The partition of that affinity key; undefined: all. */
  readonly partition: PartitionId | undefined;
}

/** A range as messages carry it: [from, to, affinity]. */
export type WireRange = readonly [
  from: StorageKey | undefined,
  to: StorageKey | undefined,
  affinity: StorageKey | undefined,
];

const scanOptionNames = callOptionNamesWith('from', 'to', 'prefix', 'affinity');

/** The range that options name; undefined: everything. Throws InvalidArgumentError for the first that is wrong. */
export function scanRangeOf(
  options: ScanOptions<Key> | undefined,
  placement: Placement,
): ScanRange | undefined {
  if (options === undefined) return undefined;
  checkCallOptions(options, scanOptionNames);
  const keys = keyRangeOf(options);
  if (options.affinity === undefined)
    return keys === undefined ? undefined : { keys, affinity: undefined, partition: undefined };
  const affinity = toStorageKey(options.affinity, 'affinity');
  return { keys, affinity, partition: placement.partitionOfAffinity(affinity) };
}

export function toWireRange({ keys, affinity }: ScanRange): WireRange {
  return [keys?.from, keys?.to, affinity];
}

/** What decides which keys of a table are in the range. */
export type KeyFilter = (key: StorageKey) => boolean;

export function keyFilter(table: AnyTable, [from, to, affinity]: WireRange): KeyFilter {
  const range: KeyRange = { from, to };
  if (affinity === undefined) return (key) => isInRange(range, key);
  return (key) => isInRange(range, key) && affinityOf(table, fromStorageKey(key), key) === affinity;
}

/** The partitions that may have entries of the range. */
export function partitionsOf(range: ScanRange | undefined, partitionCount: number): PartitionId[] {
  if (range?.partition !== undefined) return [range.partition];
  return Array.from({ length: partitionCount }, (_, partition) => partition);
}
