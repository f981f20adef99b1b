/**
 * Who wrote and who read what, for registers. Between transactions only two values of a key matter: what
 * a transaction found (its first read of the key, before any write of its own) and what it left (its last
 * write). The values in between are judged here too: nobody else may see them.
 */

import type { RecordedOperation, RegisterMop } from '../history.ts';
import { MalformedHistoryError } from './anomaly-report.ts';

/** An operation of a register history. */
export type RegisterOperation = RecordedOperation<RegisterMop>;

/** One write. `operation` is its position in the list of operations. */
export interface WriteRecord {
  readonly operation: number;
  readonly type: RegisterOperation['type'];
  /** Whether the operation wrote nothing more to this key. */
  readonly isFinal: boolean;
}

/** What one `ok` operation found under a key and left there. */
export interface RegisterAccess {
  readonly operation: number;
  /** `null` if the key was absent, `undefined` if the operation did not look before it wrote. */
  readonly found: number | null | undefined;
  /** `undefined` if it wrote nothing. */
  readonly left: number | undefined;
}

/** What happened to one register. */
export interface RegisterRecord {
  readonly key: string;
  readonly writes: Map<number, WriteRecord>;
  readonly accesses: RegisterAccess[];
}

/** All writes and accesses of a history by key. */
export interface RegisterIndex {
  readonly keys: ReadonlyMap<string, RegisterRecord>;
  /** By operation: whether it certainly took effect. */
  readonly tookEffect: readonly boolean[];
}

/** Indexes a history. @throws MalformedHistoryError when a value is written to a key twice */
export function indexRegisters(operations: readonly RegisterOperation[]): RegisterIndex {
  const keys = new Map<string, RegisterRecord>();
  operations.forEach((operation, position) => {
    const touched = new Map<string, RegisterAccess>();
    for (const mop of operation.mops) {
      if (mop[0] === 'clear') continue;
      const key = mop[1];
      const before = touched.get(key) ?? { operation: position, found: undefined, left: undefined };
      if (mop[0] === 'w') touched.set(key, { ...before, left: mop[2] });
      else if (before.left === undefined && before.found === undefined) {
        touched.set(key, { ...before, found: mop[2] });
      }
    }
    for (const [key, access] of touched) {
      const record = recordOf(keys, key);
      addWrites(record, operation, access);
      if (operation.type === 'ok') record.accesses.push(access);
    }
  });
  return { keys, tookEffect: findEffects(operations, keys) };
}

function recordOf(keys: Map<string, RegisterRecord>, key: string): RegisterRecord {
  let record = keys.get(key);
  if (record === undefined) {
    record = { key, writes: new Map(), accesses: [] };
    keys.set(key, record);
  }
  return record;
}

function addWrites(record: RegisterRecord, { mops, type }: RegisterOperation, access: RegisterAccess): void {
  for (const mop of mops) {
    if (mop[0] !== 'w' || mop[1] !== record.key) continue;
    if (record.writes.has(mop[2])) {
      throw new MalformedHistoryError(`The value ${mop[2]} is written to "${record.key}" more than once.`);
    }
    record.writes.set(mop[2], { operation: access.operation, type, isFinal: mop[2] === access.left });
  }
}

function findEffects(
  operations: readonly RegisterOperation[],
  keys: ReadonlyMap<string, RegisterRecord>,
): boolean[] {
  const tookEffect = operations.map(({ type }) => type === 'ok');
  for (const { writes, accesses } of keys.values()) {
    for (const { found } of accesses) {
      const write = typeof found === 'number' ? writes.get(found) : undefined;
      if (write?.type === 'info') tookEffect[write.operation] = true;
    }
  }
  return tookEffect;
}
