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
import { assert, isActorTable } from '@troupe/core';
import { LockManager, type LockOwner, type WoundOutcome } from '../locks/lock-manager.ts';
import { type KeyLockMode, LockMode } from '../locks/lock-mode.ts';
import { type LockStrategy, woundWait } from '../locks/lock-strategy.ts';
import type { LockQueue } from '../locks/lock-table.ts';
import { waitsOf } from '../locks/lock-view.ts';
import { type LockMeter, LockWaits } from '../locks/lock-waits.ts';
import { conflictOver } from './conflict.ts';
import { type Durability, type ParticipantLog, Vote } from './decision.ts';
import { lockModeOf } from './lock-requests.ts';
import { Refusal, ReplyOp } from './messages.ts';
import { type BusyActor, ParticipantActors } from './participant-actors.ts';
import { ParticipantFates } from './participant-fates.ts';
import { ParticipantRecords } from './participant-records.ts';
import { install, valuesOf } from './participant-values.ts';
import { PartitionWriter } from './partition-writer.ts';
import { lineFull, PlainWaits } from './plain-waits.ts';
import { blocksSnapshot, SnapshotWaits } from './snapshot-waits.ts';
import type { TransactionId } from './status-word.ts';
import {
  LockStep,
  type Origin,
  PlainOperation,
  PrepareStep,
  TransactionRecord,
} from './transaction-record.ts';

/** The partition it stands for; `actors` where it has any. */
export type ControlledPartition = Pick<Partition, 'id' | 'incarnation' | 'store'> & {
  readonly actors?: ActorStates | undefined;
};

export interface ParticipantPorts {
  /** The next timestamp of the shared clock. */
  draw(): Timestamp;
  /** Calls `action` in a later turn; the more looks in a row were in vain, the later. */
  lookLater(action: () => void, vain: number): void;
  readonly meter?: LockMeter;
  /** Where commits go to a log. */
  readonly log?: ParticipantLog;
}

export class Participant implements PartitionConcurrency {
  readonly locks: LockManager;
  readonly writes: PartitionWriter | undefined;
  readonly #partition: ControlledPartition;
  readonly #ports: ParticipantPorts;
  readonly #records: ParticipantRecords;
  readonly #snapshots = new SnapshotWaits();
  readonly #waits: LockWaits;
  readonly #plain: PlainWaits;
  readonly #actors: ParticipantActors;
  readonly #fates: ParticipantFates;

  constructor(partition: ControlledPartition, ports: ParticipantPorts, strategy: LockStrategy = woundWait) {
    this.#partition = partition;
    this.#ports = ports;
    this.#waits = new LockWaits(ports.meter);
    this.locks = new LockManager(strategy, {
      wound: (holder, by, over) => this.#wound(holder, by, over),
      granted: (owner) => this.#granted(owner),
      died: (owner) => this.#died(owner),
    });
    this.#records = new ParticipantRecords(partition, this.locks);
    this.#plain = new PlainWaits(this.locks, this.#waits, () => ports.draw());
    this.#actors = new ParticipantActors(partition.actors, this.#records, {
      proceed: (record) => this.#proceed(record),
      refuseBusy: (record, busy) => this.#refuseBusy(record, busy),
    });
    const { log } = ports;
    this.writes =
      log === undefined
        ? undefined
        : new PartitionWriter(partition, { draw: () => ports.draw(), log }, this.locks, {
            granted: () => this.#plain.current,
            settled: (write) => this.#snapshots.wake(write),
          });
    this.#fates = new ParticipantFates(partition, ports, this.#records, (record, timestamp) =>
      this.#end(record, timestamp),
    );
  }

  /** Transactions that hold or wait for something here. */
  records(): readonly TransactionRecord[] {
    return this.#records.all();
  }

  /** The first thing that a transaction waits for here and who has it, as `conflictOver` puts it. */
  blockedBy(id: TransactionId): unknown[] | undefined {
    const record = this.#records.tryGet(id);
    const wait = record === undefined ? undefined : waitsOf(record).find(({ by }) => by.length > 0);
    const [blocker] = wait?.by ?? [];
    return wait === undefined || blocker === undefined ? undefined : conflictOver(wait.queue, blocker);
  }

  // ── messages from coordinators ────────────────────────────────────────────────────────────────────────────────

  lock(message: readonly unknown[], origin: Origin): void {
    const record = this.#records.admit(message, origin);
    if (record === undefined) return;
    const accesses = message[8] as readonly unknown[];
    const step = new LockStep(message[7] as number, accesses, undefined, message[9]);
    record.addStep(step);
    for (let i = 0; i < accesses.length; i += 3) {
      const table = accesses[i] as number;
      if (isActorTable(table) && !this.#actors.mayLock(record, step)) return;
      const mode = Math.abs(accesses[i + 2] as number) as KeyLockMode;
      this.locks.lockKey(record, table, accesses[i + 1] as StorageKey, mode);
    }
    this.#proceed(record);
  }

  lockTable(message: readonly unknown[], origin: Origin): void {
    const record = this.#records.admit(message, origin);
    if (record === undefined) return;
    const table = message[8] as number;
    const step = new LockStep(message[7] as number, undefined, table, message[10]);
    record.addStep(step);
    if (isActorTable(table) && !this.#actors.mayLock(record, step)) return;
    this.locks.lockTable(record, table, message[9] as LockMode);
    this.#proceed(record);
  }

  lockRange(message: readonly unknown[], origin: Origin): void {
    const record = this.#records.admit(message, origin);
    if (record === undefined) return;
    const [from, to] = message[9] as readonly (StorageKey | undefined)[];
    record.addStep(new LockStep(message[7] as number, undefined, undefined, undefined));
    this.locks.lockRange(record, message[8] as number, { from, to });
    this.#proceed(record);
  }

  prepare(message: readonly unknown[], origin: Origin): void {
    this.#prepare(message, origin, false);
  }

  commitOne(message: readonly unknown[], origin: Origin): void {
    this.#prepare(message, origin, true);
  }

  /** Of one that nobody was asked about: the writes come with the commit, or a moment before it. */
  commit(message: readonly unknown[]): void {
    const record = this.#records.tryDecided(message);
    if (record === undefined) return;
    const timestamp = message[4] as Timestamp;
    record.vote = new Vote(timestamp, message[5] as readonly unknown[], message[6] as readonly number[]);
    this.#fates.announced(record, timestamp);
  }

  decide(message: readonly unknown[]): void {
    const record = this.#records.tryDecided(message);
    if (record === undefined) return;
    this.#end(record, message[4] as Timestamp);
  }

  /** The member that coordinated these transactions is gone; their words tell, or are told, how they end. */
  originLost(origin: Origin): void {
    for (const record of Array.from(this.#records.all())) {
      if (record.origin === origin) this.#fates.endOrphan(record);
    }
  }

  // ── plain operations and snapshots ────────────────────────────────────────────────────────────────────────────

  isFree(table: number, key: StorageKey, access: KeyAccess): boolean {
    return this.locks.idle || this.locks.isFree(table, key, lockModeOf(access));
  }

  wait(table: number, key: StorageKey, access: KeyAccess, resume: () => void): Waiting {
    if (this.#records.isFull) throw lineFull(this.#partition.id);
    return this.#plain.wait(table, key, access, resume);
  }

  isSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    if (this.writes?.blocks(table, key, snapshot) === true) return false;
    if (this.#records.size === 0) return true;
    for (const record of this.#records.all()) if (blocksSnapshot(record, table, key, snapshot)) return false;
    return true;
  }

  waitSettled(table: number, key: StorageKey | undefined, snapshot: Timestamp, resume: () => void): Waiting {
    const blockers: object[] = this.writes?.blockers(table, key, snapshot) ?? [];
    for (const record of this.#records.all())
      if (blocksSnapshot(record, table, key, snapshot)) blockers.push(record);
    return this.#snapshots.wait(blockers, resume);
  }

  catchUp(): void {
    this.#fates.catchUp();
  }

  // ── states ────────────────────────────────────────────────────────────────────────────────────────────────────

  #prepare(message: readonly unknown[], origin: Origin, decides: boolean): void {
    const record = this.#records.admit(message, origin);
    if (record === undefined) return;
    const writes = message[7] as readonly unknown[];
    const cleared = message[8] as readonly number[];
    const durability = message[9] as Durability | undefined;
    record.addStep(new PrepareStep(writes, cleared, decides, durability));
    for (let i = 0; i < writes.length; i += 3) {
      this.locks.lockKey(record, writes[i] as number, writes[i + 1] as StorageKey, LockMode.X);
    }
    this.#proceed(record);
  }

  #granted(owner: LockOwner): void {
    if (owner instanceof PlainOperation) this.#plain.granted(owner);
    else this.#proceed(owner as TransactionRecord);
  }

  /** Does what the transaction asked for, once it holds every lock it asked for. */
  #proceed(record: TransactionRecord): void {
    if (!this.#records.has(record)) return;
    if (record.waits > 0) {
      this.#waits.begin(record);
      return;
    }
    this.#waits.end(record);
    if (record.steps.length === 0 || (record.locksActors && this.#actors.awaitsTurn(record))) return;
    record.answered = true;
    for (const step of record.takeSteps()) {
      if (step.kind === 'lock') this.#answer(record, step.step, step.accesses);
      else if (step.decides) this.#fates.commitHere(record, step.writes, step.cleared, step.durability);
      else this.#voteYes(record, step.writes, step.cleared);
    }
  }

  #answer(record: TransactionRecord, step: number, accesses: readonly unknown[]): void {
    const values = valuesOf(accesses, this.#partition);
    record.origin.send([ReplyOp.answer, record.id, this.#partition.id, step, values]);
  }

  #voteYes(record: TransactionRecord, writes: readonly unknown[], cleared: readonly number[]): void {
    const timestamp = this.#ports.draw();
    record.vote = new Vote(timestamp, writes, cleared);
    record.origin.send([ReplyOp.vote, record.id, this.#partition.id, timestamp]);
  }

  /** Installs at `timestamp`, or drops when it is 0, and releases. */
  #end(record: TransactionRecord, timestamp: Timestamp): void {
    this.#records.delete(record);
    this.#waits.end(record);
    if (timestamp !== 0) install(record.vote, timestamp, this.#partition);
    this.locks.release(record);
    this.#snapshots.wake(record);
  }

  /** A turn of an actor is under way that it must not wait for. */
  #refuseBusy(record: TransactionRecord, { table, key }: BusyActor): void {
    record.origin.words.tryAbort(record.slot, record.id);
    this.#records.delete(record);
    record.origin.send([ReplyOp.refused, record.id, this.#partition.id, Refusal.busy, table, key]);
    this.locks.release(record);
    this.#waits.end(record);
    this.#snapshots.wake(record);
  }

  #wound(holder: LockOwner, by: LockOwner, over: LockQueue): WoundOutcome {
    if (!(holder instanceof TransactionRecord))
      return (holder as PlainOperation).isKept ? 'protected' : 'given-back';
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
    this.#records.delete(record);
    this.#waits.end(record);
    record.origin.send([ReplyOp.refused, record.id, this.#partition.id, ...why]);
    this.#snapshots.wake(record);
  }
}
