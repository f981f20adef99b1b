/**
 * Over what two transactions met: what an error says about a lock that was lost or waited for. On the wire it follows
 * the fields of `refused`, and answers the question `blockedBy` of views.
 */
import {
  type Definitions,
  fromStorageKey,
  type Key,
  keyToText,
  type StorageKey,
  type Timestamp,
} from '@troupe/core';
import type { LockOwner, LockQueue } from '../locks/lock-table.ts';
import type { AbortCause } from './outcome.ts';
import { tableName } from './table-name.ts';
import { TransactionRecord } from './transaction-record.ts';

export interface Conflict {
  readonly table: number;
  /** undefined: the whole table. */
  readonly key: StorageKey | undefined;
  /** Who needed it, or has it. */
  readonly transaction: Timestamp;
  readonly label: string | undefined;
}

/** What a user is told of a conflict, as fields of an error's `details`. */
interface ConflictDetails {
  readonly table: string;
  readonly key?: Key;
  readonly holder: { readonly transaction: number; readonly label?: string };
}

/** [table, key, transaction, label], without the label where there is none. */
export function conflictOver({ locks, key }: LockQueue, with_: LockOwner): unknown[] {
  const fields: unknown[] = [locks.table, key, with_.id];
  if (with_ instanceof TransactionRecord && with_.label !== undefined) fields.push(with_.label);
  return fields;
}

/** The conflict that these fields of a message, from `at` on, tell; undefined when they are not there. */
export function conflictIn(message: readonly unknown[], at: number): Conflict | undefined {
  if (message.length <= at) return undefined;
  return {
    table: message[at] as number,
    key: message[at + 1] as StorageKey | undefined,
    transaction: message[at + 2] as Timestamp,
    label: message[at + 3] as string | undefined,
  };
}

/** The conflict in an error's words and details, where it is why the attempt ended. */
export function toldConflict(
  conflict: Conflict | undefined,
  cause: AbortCause,
  definitions: Definitions,
): { readonly text: string; readonly details: ConflictDetails | undefined } {
  if (conflict === undefined || (cause !== 'wounded' && cause !== 'timeout')) return untold;
  const { table, key, transaction, label } = conflict;
  const name = tableName(table, definitions);
  const lock = key === undefined ? `the whole table '${name}'` : `key ${keyToText(key)} of table '${name}'`;
  const other = nameOf(transaction, label);
  return {
    text: cause === 'wounded' ? `: ${lock}, needed by ${other}` : `: it waited for ${lock} behind ${other}`,
    details: {
      table: name,
      ...(key === undefined ? {} : { key: fromStorageKey(key) }),
      holder: { transaction, ...(label === undefined ? {} : { label }) },
    },
  };
}

const untold = { text: '', details: undefined };

/** A transaction as people read it. */
export function nameOf(id: number, label: string | undefined): string {
  return label === undefined ? `transaction ${id}` : `transaction '${label}' (${id})`;
}
