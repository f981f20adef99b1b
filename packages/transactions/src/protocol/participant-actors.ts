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
import type { ParticipantRecords } from './participant-records.ts';
import type { LockStep, TransactionRecord } from './transaction-record.ts';

/** A turn of this actor is under way, of any one of the type when there is no key. */
export interface BusyActor {
  readonly table: number;
  readonly key: StorageKey | undefined;
}

/** What becomes of transactions that wanted a busy actor. */
interface Lockers {
  /** The turn it waited for has ended. */
  proceed(record: TransactionRecord): void;
  /** A turn is under way that it must not wait for: it ends here. */
  refuseBusy(record: TransactionRecord, busy: BusyActor): void;
}

/** The actors of one partition, as transactions lock them. */
export class ParticipantActors {
  readonly #actors: ActorStates | undefined;
  readonly #records: ParticipantRecords;
  readonly #lockers: Lockers;

  constructor(actors: ActorStates | undefined, records: ParticipantRecords, lockers: Lockers) {
    this.#actors = actors;
    this.#records = records;
    this.#lockers = lockers;
  }

  /** False: it was refused, because a turn is under way that it must not wait for. */
  mayLock(record: TransactionRecord, step: LockStep): boolean {
    record.locksActors = true;
    const busy = step.patient ? undefined : busyIn(step, this.#actors);
    if (busy !== undefined) this.#lockers.refuseBusy(record, busy);
    return busy === undefined;
  }

  /** It has its locks. True: a turn that began before is under way still; it waits for it, or was refused. */
  awaitsTurn(record: TransactionRecord): boolean {
    if (record.awaitsTurn) return true;
    for (const step of record.steps) {
      const busy = step.kind === 'lock' ? busyIn(step, this.#actors) : undefined;
      if (step.kind !== 'lock' || busy === undefined) continue;
      if (step.patient) this.#waitForTurn(record, busy);
      else this.#lockers.refuseBusy(record, busy);
      return true;
    }
    return false;
  }

  #waitForTurn(record: TransactionRecord, busy: BusyActor): void {
    record.awaitsTurn = true;
    this.#actors?.whenAtRest(busy.table, busy.key, () => {
      record.awaitsTurn = false;
      this.#lockers.proceed(record);
    });
    for (const waiting of impatientFor(busy, this.#records.all())) {
      // Letting one go may have let another through, to be refused on its own.
      if (this.#records.has(waiting)) this.#lockers.refuseBusy(waiting, busy);
    }
  }
}

/** The first actor among what a step locks that isn't at rest. */
function busyIn(step: LockStep, actors: ActorStates | undefined): BusyActor | undefined {
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
function impatientFor(busy: BusyActor, records: Iterable<TransactionRecord>): TransactionRecord[] {
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
