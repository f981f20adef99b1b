/**
 * Who appended what: for each key, the operation behind each value. Everything else starts from here.
 *
 * It also decides which operations took effect. `ok` ones did, `fail` ones did not; an `info` one did
 * when somebody saw any of its appends. An unknown operation that nobody saw proves nothing, so it gets
 * no place in the dependency graph.
 */

import type { ListAppendMop, RecordedOperation } from '../history.ts';
import { MalformedHistoryError } from './anomaly-report.ts';

/** An operation of a list-append history. */
export type ListAppendOperation = RecordedOperation<ListAppendMop>;

/** One append. `operation` is its position in the list of operations. */
export interface AppendRecord {
  readonly operation: number;
  readonly type: ListAppendOperation['type'];
  readonly value: number;
  /** Whether the operation appended nothing more to this key. */
  isFinal: boolean;
}

/** One read whose result is known. */
export interface ReadRecord {
  readonly operation: number;
  readonly list: readonly number[];
}

/** What happened to one key. */
export interface KeyRecord {
  readonly key: string;
  readonly appends: Map<number, AppendRecord>;
  readonly reads: ReadRecord[];
}

/** All appends and known reads of a history by key. */
export interface AppendIndex {
  readonly keys: ReadonlyMap<string, KeyRecord>;
  /** By operation: whether it certainly took effect. */
  readonly tookEffect: readonly boolean[];
}

/**
 * Indexes a history.
 * @throws MalformedHistoryError when a value is appended to a key twice: no read could tell the two apart
 */
export function indexAppends(operations: readonly ListAppendOperation[]): AppendIndex {
  const keys = new Map<string, KeyRecord>();
  operations.forEach((operation, position) => {
    for (const mop of operation.mops) {
      if (mop[0] === 'clear') continue;
      const record = recordOf(keys, mop[1]);
      if (mop[0] === 'append') addAppend(record, operation, position, mop[2]);
      else if (operation.type === 'ok' && mop[2] !== undefined) {
        record.reads.push({ operation: position, list: mop[2] });
      }
    }
  });
  return { keys, tookEffect: findEffects(operations, keys) };
}

function recordOf(keys: Map<string, KeyRecord>, key: string): KeyRecord {
  let record = keys.get(key);
  if (record === undefined) {
    record = { key, appends: new Map(), reads: [] };
    keys.set(key, record);
  }
  return record;
}

function addAppend(
  record: KeyRecord,
  { type, mops }: ListAppendOperation,
  operation: number,
  value: number,
): void {
  if (record.appends.has(value)) {
    throw new MalformedHistoryError(`The value ${value} is appended to "${record.key}" more than once.`);
  }
  const lastOfKey = mops.findLast((mop) => mop[0] === 'append' && mop[1] === record.key);
  record.appends.set(value, { operation, type, value, isFinal: lastOfKey?.[2] === value });
}

function findEffects(
  operations: readonly ListAppendOperation[],
  keys: ReadonlyMap<string, KeyRecord>,
): boolean[] {
  const tookEffect = operations.map(({ type }) => type === 'ok');
  for (const { appends, reads } of keys.values()) {
    const unknown = new Map<number, number>();
    for (const { type, value, operation } of appends.values()) {
      if (type === 'info') unknown.set(value, operation);
    }
    if (unknown.size === 0) continue;
    for (const { list } of reads) {
      for (const element of list) {
        const operation = unknown.get(element);
        if (operation !== undefined) tookEffect[operation] = true;
      }
    }
  }
  return tookEffect;
}
