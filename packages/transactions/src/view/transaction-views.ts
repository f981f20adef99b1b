/**
 * What people see who must find out who is in whose way: transactions and locks as plain rows. Each member tells what
 * it coordinates and what its partitions hold; the rows are put together at the asker. So a row is one moment of each
 * partition it tells of, not of the whole grid: a lock may be listed as waiting that another partition has freed since.
 */
import {
  type CallOptions,
  type Definitions,
  fromStorageKey,
  type Key,
  rangeToText,
  type StorageKey,
} from '@troupe/core';
import { type LockModeName, lockModeName } from '../locks/lock-mode.ts';
import { blockersMax, keysHeldBy, type ListedLock, waitsOf } from '../locks/lock-view.ts';
import type { Participant } from '../protocol/participant.ts';
import { tableName } from '../protocol/table-name.ts';
import { TransactionRecord } from '../protocol/transaction-record.ts';
import type { TransactionMetrics } from './transaction-metrics.ts';

/**
 * - `running`: its body runs.
 * - `waiting`: it waits for locks, see `waitingFor`.
 * - `preparing`: it is committing.
 * - `retrying`: it lost a conflict; the next attempt begins when this one's body has ended and a pause is over.
 */
export type TransactionState = 'running' | 'waiting' | 'preparing' | 'retrying';

/** A transaction under way. */
export interface TransactionRow {
  /** The id of the attempt under way (of the last one, while it is `retrying`), as `tx.id` in its body and in errors. */
  readonly id: number;
  readonly label: string | undefined;
  /** Since its first attempt began. */
  readonly ageMs: number;
  /** 1 for the first. */
  readonly attempt: number;
  readonly state: TransactionState;
  /** Reads a snapshot: it has no locks and nobody waits for it. */
  readonly readOnly: boolean;
  /** The host that runs its body; undefined for the thread of the service. */
  readonly host: number | undefined;
  /** The partitions that hold or keep something in line for it. */
  readonly participants: readonly number[];
  /** Keys it has locked; a table that is locked whole counts for none. */
  readonly keysHeld: number;
  /** Ids of those who must end or go on first: holders of what it waits for, or who is before it in line. */
  readonly waitingFor: readonly number[];
}

/** A lock that is held, or waited for, in one partition. */
export interface LockRow {
  readonly table: string;
  /** undefined: the whole table, in this partition, or a range of its keys. */
  readonly key: Key | undefined;
  /** A range of keys, as text; undefined for a key and for a whole table. */
  readonly range: string | undefined;
  readonly mode: LockModeName;
  readonly state: 'held' | 'waiting';
  /** Whose it is. An operation outside a transaction is here only while it waits, with an id of its own. */
  readonly kind: 'transaction' | 'operation';
  /** The id, as in `TransactionRow` and `tx.id`. */
  readonly transaction: number;
  readonly label: string | undefined;
  readonly partition: number;
}

/** Transactions of the whole grid. A host that is being started again has none; one that doesn't answer is a TIMEOUT. */
export interface TransactionViews {
  /** All that are under way, oldest first. */
  list(options?: CallOptions): Promise<TransactionRow[]>;
  /**
   * Ends a transaction: its caller gets TRANSACTION_ABORTED with reason `killed`, and it is not tried again. `id` is
   * that of any of its attempts. Resolves with false when nobody knows it, or it is past the point of return.
   */
  abort(id: number, options?: CallOptions): Promise<boolean>;
  /** What became of all transactions so far. What a host had counted is lost with its thread. */
  metrics(options?: CallOptions): Promise<TransactionMetrics>;
}

/** Locks of the whole grid, as `TransactionViews`. */
export interface LockViews {
  /** All that are held or waited for; of one host at most 10,000, those that somebody waits for first. */
  list(options?: CallOptions): Promise<LockRow[]>;
}

// ── between members ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What the member that runs a transaction knows of it. */
export interface UnderWay {
  readonly id: number;
  readonly label: string | undefined;
  readonly ageMs: number;
  readonly attempt: number;
  readonly state: TransactionState;
  readonly readOnly: boolean;
}

/** What the partitions of one member know of a transaction. */
export interface PartAtMember {
  readonly id: number;
  readonly partitions: readonly number[];
  readonly keysHeld: number;
  readonly waits: boolean;
  readonly waitingFor: readonly number[];
}

/** A member's answer. */
export interface MemberTransactions {
  readonly underWay: readonly UnderWay[];
  readonly parts: readonly PartAtMember[];
}

/** As `LockRow`, with the table's number and the key as it is stored. */
export interface MemberLock extends Omit<LockRow, 'table' | 'key'> {
  readonly table: number;
  readonly key: StorageKey | undefined;
}

/** Each transaction once, the oldest first, however many partitions it touches: the answer has to fit into a message. */
export function partsOf(participants: ReadonlyMap<number, Participant>): PartAtMember[] {
  const records = new Map<number, { partitions: number[]; records: TransactionRecord[] }>();
  for (const [partition, participant] of participants) {
    for (const record of participant.records()) {
      const known = records.get(record.id);
      if (known === undefined) records.set(record.id, { partitions: [partition], records: [record] });
      else {
        known.partitions.push(partition);
        known.records.push(record);
      }
    }
  }
  const parts = Array.from(records, ([id, part]) => partAtMember(id, part.partitions, part.records));
  return parts.sort((a, b) => a.id - b.id);
}

function partAtMember(id: number, partitions: number[], records: TransactionRecord[]): PartAtMember {
  const waiting = records.filter(({ waits }) => waits > 0);
  return {
    id,
    partitions,
    keysHeld: records.reduce((sum, record) => sum + keysHeldBy(record), 0),
    waits: waiting.length > 0,
    waitingFor: idsOf(waiting.flatMap(waitsOf).flatMap(({ by }) => by)).slice(0, blockersMax),
  };
}

export function locksOf(partition: number, participant: Participant): MemberLock[] {
  return participant.locks.list().map((lock) => memberLock(partition, lock));
}

function memberLock(partition: number, { table, key, range, mode, state, owner }: ListedLock): MemberLock {
  const place = { table, key, range: range === undefined ? undefined : rangeToText(range) };
  const named = {
    ...place,
    mode: lockModeName(mode) as LockModeName,
    state,
    transaction: owner.id,
    partition,
  };
  return owner instanceof TransactionRecord
    ? { ...named, kind: 'transaction', label: owner.label }
    : { ...named, kind: 'operation', label: undefined };
}

/** At most `max`; resources that somebody waits for come first. */
export function mostContended(locks: MemberLock[], max: number): MemberLock[] {
  if (locks.length <= max) return locks;
  const placeOf = ({ partition, table, key, range }: MemberLock): string =>
    `${partition} ${table} ${typeof key} ${String(key)} ${String(range)}`;
  const contended = new Set(locks.filter(({ state }) => state === 'waiting').map(placeOf));
  const isContended = (lock: MemberLock): boolean => contended.has(placeOf(lock));
  return [...locks.filter(isContended), ...locks.filter((lock) => !isContended(lock))].slice(0, max);
}

/** Puts together what members tell; `members` are their ids. */
export function transactionRows(answers: ReadonlyMap<number, MemberTransactions>): TransactionRow[] {
  const parts = new Map<number, PartAtMember[]>();
  for (const { parts: told } of answers.values()) {
    for (const part of told) {
      const known = parts.get(part.id);
      if (known === undefined) parts.set(part.id, [part]);
      else known.push(part);
    }
  }
  const rows: TransactionRow[] = [];
  for (const [member, { underWay }] of answers) {
    for (const each of underWay) rows.push(transactionRow(member, each, parts.get(each.id) ?? []));
  }
  return rows.sort((a, b) => b.ageMs - a.ageMs);
}

function transactionRow(member: number, underWay: UnderWay, parts: readonly PartAtMember[]): TransactionRow {
  return {
    ...underWay,
    state: parts.some(({ waits }) => waits) ? 'waiting' : underWay.state,
    host: member === 0 ? undefined : member - 1,
    participants: parts.flatMap(({ partitions }) => partitions).sort((a, b) => a - b),
    keysHeld: parts.reduce((sum, { keysHeld }) => sum + keysHeld, 0),
    waitingFor: [...new Set(parts.flatMap(({ waitingFor }) => waitingFor))],
  };
}

export function lockRow(lock: MemberLock, definitions: Definitions): LockRow {
  const { table, key } = lock;
  return {
    ...lock,
    table: tableName(table, definitions),
    key: key === undefined ? undefined : fromStorageKey(key),
  };
}

function idsOf(owners: readonly { readonly id: number }[]): number[] {
  return [...new Set(owners.map(({ id }) => id))];
}
