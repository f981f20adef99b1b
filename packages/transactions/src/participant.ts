/**
 * The participant: what a partition does in transactions. Pure and synchronous; one message at a time.
 *
 *                 lock, prepare                    votes                      decide
 *     (unknown) ────────────────▶ waiting ⇄ held ────────▶ voted ────────────────────▶ (unknown)
 *                                    │        │              │
 *                                    └────────┴──────────────┴── wounded, decide 0, coordinator lost ──▶ (unknown)
 *
 * It takes locks, answers with values, keeps the writes a transaction sent with its vote, and installs or drops
 * them when the fate is known. It never asks anybody: whether a transaction may still be wounded, and what became of
 * one whose coordinator's thread died, stands in its status word. Aborts are not remembered: a partition that
 * doesn't know an id holds nothing for it.
 *
 * A holder that has not been told anything yet gives its locks back and queues again instead of being wounded, so a
 * transaction that only waits for its first locks never restarts.
 *
 * Plain operations and snapshot reads ask here too (`PartitionConcurrency`): a plain operation waits in the same
 * lines at its own age, and a snapshot waits only for a voted writer that may have committed at or before it.
 */
import type {
  ActorStates,
  KeyAccess,
  Partition,
  PartitionConcurrency,
  StorageKey,
  Timestamp,
  Waiting,
} from '@troupe/core';
import { assert, isActorTable, lockWaitersMax, OverloadedError } from '@troupe/core';
import { conflictOver } from './conflict.ts';
import type { ParticipantLog, Vote } from './decision.ts';
import { LockManager, type LockOwner, type WoundOutcome } from './lock-manager.ts';
import { type KeyLockMode, LockMode } from './lock-mode.ts';
import { type LockStrategy, woundWait } from './lock-strategy.ts';
import type { LockQueue } from './lock-table.ts';
import { waitsOf } from './lock-view.ts';
import { type LockMeter, LockWaits } from './lock-waits.ts';
import { labelPosition, Refusal, ReplyOp } from './messages.ts';
import { type BusyActor, busyIn, impatientFor } from './participant-actors.ts';
import { blocksSnapshot, SnapshotWaits } from './snapshot-waits.ts';
import type { TransactionId } from './status-word.ts';
import { type LockStep, type Origin, PlainOperation, TransactionRecord } from './transaction-record.ts';

/** The partition it stands for; `actors` where it has any. */
export type ControlledPartition = Pick<Partition, 'id' | 'incarnation' | 'store'> & {
  readonly actors?: ActorStates | undefined;
};

export interface ParticipantPorts {
  /** The next timestamp of the shared clock. */
  draw(): Timestamp;
  readonly meter?: LockMeter;
  /** Where commits go to a log. */
  readonly log?: ParticipantLog;
}

export class Participant implements PartitionConcurrency {
  readonly locks: LockManager;
  readonly #partition: ControlledPartition;
  readonly #ports: ParticipantPorts;
  readonly #records = new Map<TransactionId, TransactionRecord>();
  readonly #snapshots = new SnapshotWaits();
  readonly #waits: LockWaits;

  constructor(partition: ControlledPartition, ports: ParticipantPorts, strategy: LockStrategy = woundWait) {
    this.#partition = partition;
    this.#ports = ports;
    this.#waits = new LockWaits(ports.meter);
    this.locks = new LockManager(strategy, {
      wound: (holder, by, over) => this.#wound(holder, by, over),
      granted: (owner) => this.#granted(owner),
      died: (owner) => this.#died(owner),
    });
  }

  /** Transactions that hold or wait for something here. */
  records(): IterableIterator<TransactionRecord> {
    return this.#records.values();
  }

  /** The first thing that a transaction waits for here and who has it, as `conflictOver` puts it. */
  blockedBy(id: TransactionId): unknown[] | undefined {
    const record = this.#records.get(id);
    const wait = record === undefined ? undefined : waitsOf(record).find(({ by }) => by.length > 0);
    const [blocker] = wait?.by ?? [];
    return wait === undefined || blocker === undefined ? undefined : conflictOver(wait.queue, blocker);
  }

  // ── messages from coordinators ────────────────────────────────────────────────────────────────────────────────

  lock(message: readonly unknown[], origin: Origin): void {
    const record = this.#recordOf(message, origin);
    if (record === undefined) return;
    const accesses = message[8] as readonly unknown[];
    const step = lockStep(message[7] as number, accesses, undefined, message[9]);
    record.steps.push(step);
    for (let i = 0; i < accesses.length; i += 3) {
      const table = accesses[i] as number;
      if (isActorTable(table) && !this.#mayLockActors(record, step)) return;
      this.locks.lockKey(record, table, accesses[i + 1] as StorageKey, accesses[i + 2] as KeyLockMode);
    }
    this.#proceed(record);
  }

  lockTable(message: readonly unknown[], origin: Origin): void {
    const record = this.#recordOf(message, origin);
    if (record === undefined) return;
    const table = message[8] as number;
    const step = lockStep(message[7] as number, noAccesses, table, message[10]);
    record.steps.push(step);
    if (isActorTable(table) && !this.#mayLockActors(record, step)) return;
    this.locks.lockTable(record, table, message[9] as LockMode);
    this.#proceed(record);
  }

  lockRange(message: readonly unknown[], origin: Origin): void {
    const record = this.#recordOf(message, origin);
    if (record === undefined) return;
    const [from, to] = message[9] as readonly (StorageKey | undefined)[];
    record.steps.push(lockStep(message[7] as number, noAccesses, undefined, undefined));
    this.locks.lockRange(record, message[8] as number, { from, to });
    this.#proceed(record);
  }

  prepare(message: readonly unknown[], origin: Origin): void {
    this.#prepare(message, origin, false);
  }

  commitOne(message: readonly unknown[], origin: Origin): void {
    this.#prepare(message, origin, true);
  }

  /** Decided without a vote: the writes come with the decision. */
  commit(message: readonly unknown[]): void {
    const record = this.#records.get(message[1] as TransactionId);
    if (record === undefined || message[3] !== this.#partition.incarnation) return;
    const timestamp = message[4] as Timestamp;
    record.vote = {
      timestamp,
      writes: message[5] as readonly unknown[],
      cleared: message[6] as readonly number[],
    };
    this.#end(record, timestamp);
  }

  decide(message: readonly unknown[]): void {
    const record = this.#records.get(message[1] as TransactionId);
    if (record === undefined || message[3] !== this.#partition.incarnation) return;
    this.#end(record, message[4] as Timestamp);
  }

  /** The member that coordinated these transactions is gone; their words tell, or are told, how they end. */
  originLost(origin: Origin): void {
    for (const record of Array.from(this.#records.values())) {
      if (record.origin !== origin) continue;
      const { words } = origin;
      const { log } = this.#ports;
      const fate = words.tryAbort(record.slot, record.id) ? 'aborted' : words.fate(record.slot, record.id);
      // Without a vote it was only read here: whatever became of it, there is nothing to install.
      if (record.vote === undefined) this.#end(record, 0);
      else if (fate === 'committed') this.#end(record, words.commitTimestamp(record.slot));
      else if (fate === 'committing' && log !== undefined) log.resolve(record, this.#resolved(record));
      // COMMITTING without its coordinator never became COMMITTED: nobody was told, so it counts as aborted.
      else this.#end(record, 0);
    }
  }

  // ── plain operations and snapshots ────────────────────────────────────────────────────────────────────────────

  isFree(table: number, key: StorageKey, access: KeyAccess): boolean {
    return this.locks.idle || this.locks.isFree(table, key, modeOf(access));
  }

  wait(table: number, key: StorageKey, access: KeyAccess, resume: () => void): Waiting {
    if (this.#lineFull()) throw lineFull(this.#partition.id);
    const id = this.#ports.draw();
    const operation = new PlainOperation(id, this.locks.strategy.ageOfPlain(id), resume);
    // Drawn now, its id is the latest of all; those with a low priority count as younger still, and may give way.
    this.locks.lockKey(operation, table, key, modeOf(access));
    if (operation.waits === 0) this.#granted(operation);
    else this.#waits.begin(operation);
    return {
      cancel: () => {
        this.#waits.end(operation);
        this.locks.release(operation);
      },
    };
  }

  isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    if (this.#records.size === 0) return true;
    for (const record of this.#records.values())
      if (blocksSnapshot(record, table, key, snapshot)) return false;
    return true;
  }

  waitSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp, resume: () => void): Waiting {
    return this.#snapshots.wait(this.#records.values(), table, key, snapshot, resume);
  }

  // ── states ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The record a request is about; undefined when it was refused. */
  #recordOf(message: readonly unknown[], origin: Origin): TransactionRecord | undefined {
    const id = message[1] as TransactionId;
    const known = this.#records.get(id);
    if (known !== undefined) return known;
    const refusal = this.#refusalOf(message);
    if (refusal !== undefined) {
      origin.send([ReplyOp.refused, id, this.#partition.id, refusal]);
      return undefined;
    }
    const record = new TransactionRecord(
      id,
      message[5] as number,
      origin,
      message[4] as number,
      message[labelPosition] as string | undefined,
    );
    this.#records.set(id, record);
    return record;
  }

  #refusalOf(message: readonly unknown[]): Refusal | undefined {
    if (message[3] !== this.#partition.incarnation) return Refusal.incarnation;
    if (message[6] !== 1) return Refusal.wounded;
    return this.#lineFull() ? Refusal.lineFull : undefined;
  }

  #lineFull(): boolean {
    return this.#records.size >= lockWaitersMax || this.locks.waiting >= lockWaitersMax;
  }

  #prepare(message: readonly unknown[], origin: Origin, decides: boolean): void {
    const record = this.#recordOf(message, origin);
    if (record === undefined) return;
    const writes = message[7] as readonly unknown[];
    record.steps.push({ kind: 'prepare', writes, cleared: message[8] as readonly number[], decides });
    for (let i = 0; i < writes.length; i += 3) {
      this.locks.lockKey(record, writes[i] as number, writes[i + 1] as StorageKey, LockMode.X);
    }
    this.#proceed(record);
  }

  #granted(owner: LockOwner): void {
    if (owner instanceof PlainOperation) {
      this.#waits.end(owner);
      owner.resume();
      this.locks.release(owner);
    } else this.#proceed(owner as TransactionRecord);
  }

  /** Does what the transaction asked for, once it holds every lock it asked for. */
  #proceed(record: TransactionRecord): void {
    if (!this.#records.has(record.id)) return;
    if (record.waits > 0) {
      this.#waits.begin(record);
      return;
    }
    this.#waits.end(record);
    if (record.steps.length === 0 || (record.locksActors && this.#awaitsTurn(record))) return;
    const { steps } = record;
    record.steps = [];
    record.answered = true;
    for (const step of steps) {
      if (step.kind === 'lock') this.#answer(record, step.step, step.accesses);
      else if (step.decides) this.#commitHere(record, step.writes, step.cleared);
      else this.#voteYes(record, step.writes, step.cleared);
    }
  }

  #answer(record: TransactionRecord, step: number, accesses: readonly unknown[]): void {
    const values: unknown[] = [];
    const { store } = this.#partition;
    for (let i = 0; i < accesses.length; i += 3) {
      const table = accesses[i] as number;
      values.push(isActorTable(table) ? undefined : store.read(table, accesses[i + 1] as StorageKey));
    }
    record.origin.send([ReplyOp.answer, record.id, this.#partition.id, step, values]);
  }

  #voteYes(record: TransactionRecord, writes: readonly unknown[], cleared: readonly number[]): void {
    const timestamp = this.#ports.draw();
    record.vote = { timestamp, writes, cleared };
    record.origin.send([ReplyOp.vote, record.id, this.#partition.id, timestamp]);
  }

  #commitHere(record: TransactionRecord, writes: readonly unknown[], cleared: readonly number[]): void {
    const timestamp = this.#ports.draw();
    const { words } = record.origin;
    if (this.#ports.log !== undefined) this.#commitLogged(record, { timestamp, writes, cleared });
    else if (words.tryCommitAlone(record.slot, record.id, timestamp)) {
      record.vote = { timestamp, writes, cleared };
      this.#committedHere(record, timestamp);
    } else {
      // The word was aborted by somebody who is no partition: the caller of a procedure. Its coordinator waits to hear.
      this.#end(record, 0);
      record.origin.send([ReplyOp.refused, record.id, this.#partition.id, Refusal.ended]);
    }
  }

  #committedHere(record: TransactionRecord, timestamp: Timestamp): void {
    this.#end(record, timestamp);
    record.origin.send([ReplyOp.done, record.id, this.#partition.id, timestamp]);
  }

  /** The word is won before the log is asked, so no wound can come meanwhile; the locks stay until it has answered. */
  #commitLogged(record: TransactionRecord, vote: Vote): void {
    const { id, incarnation } = this.#partition;
    if (!record.origin.words.tryCommitting(record.slot, record.id)) {
      this.#end(record, 0);
      record.origin.send([ReplyOp.refused, record.id, id, Refusal.ended]);
      return;
    }
    record.vote = vote;
    this.#ports.log?.commitHere(record, vote, { partition: id, incarnation }, (committed) => {
      if (committed) this.#committedHere(record, vote.timestamp);
      else {
        // Only a partition that counts as dead is refused.
        this.#end(record, 0);
        record.origin.send([ReplyOp.refused, record.id, id, Refusal.incarnation]);
      }
    });
  }

  #resolved(record: TransactionRecord): (timestamp: Timestamp) => void {
    return (timestamp) => {
      if (this.#records.get(record.id) === record) this.#end(record, timestamp);
    };
  }

  /** Installs at `timestamp`, or drops when it is 0, and releases. */
  #end(record: TransactionRecord, timestamp: Timestamp): void {
    this.#records.delete(record.id);
    this.#waits.end(record);
    if (timestamp !== 0) this.#install(record, timestamp);
    this.locks.release(record);
    this.#snapshots.wake(record);
  }

  #install(record: TransactionRecord, timestamp: Timestamp): void {
    const { vote } = record;
    assert(vote !== undefined, 'a transaction was committed at a partition that had not voted');
    assert(timestamp >= vote.timestamp, 'a transaction was committed before its own vote');
    const { store, actors } = this.#partition;
    for (const table of vote.cleared) store.clear(table, timestamp);
    for (let i = 0; i < vote.writes.length; i += 3) {
      const table = vote.writes[i] as number;
      const key = vote.writes[i + 1] as StorageKey;
      if (isActorTable(table)) actors?.install(table, key, vote.writes[i + 2]);
      else store.write(table, key, vote.writes[i + 2], timestamp);
    }
  }

  // ── actors ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** False: it was refused, because a turn is under way that it must not wait for. */
  #mayLockActors(record: TransactionRecord, step: LockStep): boolean {
    record.locksActors = true;
    const busy = step.patient ? undefined : busyIn(step, this.#partition.actors);
    if (busy !== undefined) this.#refuseBusy(record, busy);
    return busy === undefined;
  }

  /** It has its locks. True: a turn that began before is under way still; it waits for it, or was refused. */
  #awaitsTurn(record: TransactionRecord): boolean {
    if (record.awaitsTurn) return true;
    const { actors } = this.#partition;
    for (const step of record.steps) {
      const busy = step.kind === 'lock' ? busyIn(step, actors) : undefined;
      if (step.kind !== 'lock' || busy === undefined) continue;
      if (step.patient) this.#waitForTurn(record, busy);
      else this.#refuseBusy(record, busy);
      return true;
    }
    return false;
  }

  #waitForTurn(record: TransactionRecord, busy: BusyActor): void {
    record.awaitsTurn = true;
    this.#partition.actors?.whenAtRest(busy.table, busy.key, () => {
      record.awaitsTurn = false;
      this.#proceed(record);
    });
    for (const waiting of impatientFor(busy, this.#records.values())) {
      // Letting one go may have let another through, to be refused on its own.
      if (this.#records.get(waiting.id) === waiting) this.#refuseBusy(waiting, busy);
    }
  }

  #refuseBusy(record: TransactionRecord, { table, key }: BusyActor): void {
    record.origin.words.tryAbort(record.slot, record.id);
    this.#records.delete(record.id);
    record.origin.send([ReplyOp.refused, record.id, this.#partition.id, Refusal.busy, table, key]);
    this.locks.release(record);
    this.#waits.end(record);
    this.#snapshots.wake(record);
  }

  #wound(holder: LockOwner, by: LockOwner, over: LockQueue): WoundOutcome {
    if (!(holder instanceof TransactionRecord)) return 'given-back';
    if (!holder.answered) {
      this.#waits.wounded('given-back');
      this.#waits.begin(holder);
      return 'given-back';
    }
    const { words } = holder.origin;
    const wounded = words.tryAbort(holder.slot, holder.id);
    if (!wounded && words.fate(holder.slot, holder.id) !== 'aborted') return 'protected';
    this.#waits.wounded('aborted');
    this.#forget(holder, [Refusal.wounded, ...conflictOver(over, by)]);
    return 'aborted';
  }

  /** The strategy lets the requester die instead of waiting. */
  #died(owner: LockOwner): void {
    assert(owner instanceof TransactionRecord, 'a plain operation was ended by a conflict');
    owner.origin.words.tryAbort(owner.slot, owner.id);
    this.#forget(owner, [Refusal.wounded]);
  }

  /** Drops a record whose locks the lock manager takes away itself. `why`: the last fields of `refused`. */
  #forget(record: TransactionRecord, why: readonly unknown[]): void {
    this.#records.delete(record.id);
    this.#waits.end(record);
    record.origin.send([ReplyOp.refused, record.id, this.#partition.id, ...why]);
    this.#snapshots.wake(record);
  }
}

const noAccesses: readonly unknown[] = [];

function lockStep(
  step: number,
  accesses: readonly unknown[],
  table: number | undefined,
  patient: unknown,
): LockStep {
  return { kind: 'lock', step, accesses, table, patient: patient === 1 };
}

function modeOf(access: KeyAccess): KeyLockMode {
  return access === 'read' ? LockMode.S : LockMode.X;
}

function lineFull(partition: number): OverloadedError {
  return new OverloadedError(
    'QUEUE_FULL',
    `too many operations wait for locks in partition ${partition}; try again later`,
    {
      details: { partition },
    },
  );
}
