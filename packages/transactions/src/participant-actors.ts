/**
 * When a transaction may have an actor: not while an ordinary turn of it is under way, which can't be undone and must
 * not be seen by half. Pure.
 *
 * It must not simply wait for the turn either: a turn may itself wait for a lock of that transaction, and no wound
 * resolves that. So a transaction that may hold other locks is refused as *busy*, and runs again, at its age, after it
 * has locked the busy actors first, *patiently*: then it has nothing that the turn could wait for. While a patient one
 * has the lock, or stands in line for it, no new turn begins; so it gets through after the turn under way. Whoever
 * stands in line behind it without patience is refused.
 */
import { type ActorStates, isActorTable, type StorageKey } from '@troupe/core';
import type { LockStep, TransactionRecord } from './transaction-record.ts';

/** A turn of this actor is under way, of any one of the type when there is no key. */
export interface BusyActor {
  readonly table: number;
  readonly key: StorageKey | undefined;
}

/** The first actor among what a step locks that isn't at rest. */
export function busyIn(step: LockStep, actors: ActorStates | undefined): BusyActor | undefined {
  if (actors === undefined) return undefined;
  const { table, accesses } = step;
  if (table !== undefined) {
    return isActorTable(table) && !actors.isAtRest(table, undefined) ? { table, key: undefined } : undefined;
  }
  for (let i = 0; i < accesses.length; i += 3) {
    const of = accesses[i] as number;
    const key = accesses[i + 1] as StorageKey;
    if (isActorTable(of) && !actors.isAtRest(of, key)) return { table: of, key };
  }
  return undefined;
}

/** Transactions in line for this actor that may hold what its turn waits for. */
export function impatientFor(busy: BusyActor, records: Iterable<TransactionRecord>): TransactionRecord[] {
  const found: TransactionRecord[] = [];
  for (const record of records) {
    if (record.waits === 0 || !record.locksActors) continue;
    if (record.steps.some((step) => step.kind === 'lock' && !step.patient && touches(step, busy)))
      found.push(record);
  }
  return found;
}

function touches({ table, accesses }: LockStep, busy: BusyActor): boolean {
  if (table !== undefined) return table === busy.table;
  for (let i = 0; i < accesses.length; i += 3) {
    if (accesses[i] === busy.table && (busy.key === undefined || accesses[i + 1] === busy.key)) return true;
  }
  return false;
}
