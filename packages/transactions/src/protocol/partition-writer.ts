/**
 * Writes that a partition makes itself, where commits go to a log: plain operations, and the states that turns of
 * actors leave behind. The partition submits them itself, those of a turn in one commit. A part of the participant: pure
 * and synchronous.
 *
 * What isn't durable is seen by nobody: the key of a plain write stays locked until the log has answered, and a
 * snapshot that may have to contain the write waits. An actor is busy for so long, which serves it as a lock.
 */
import {
  assert,
  type Kept,
  type KeptWrites,
  type Listed,
  OverloadedError,
  type Partition,
  type StorageKey,
  type Timestamp,
  UnorderedList,
  type Version,
} from '@troupe/core';
import type { LockManager } from '../locks/lock-manager.ts';
import { LockMode } from '../locks/lock-mode.ts';
import type { CommitGroup, ParticipantLog, Touched } from './decision.ts';
import { storageError } from './storage-errors.ts';
import { PlainOperation } from './transaction-record.ts';

interface WriterPorts {
  /** The next timestamp of the shared clock. */
  draw(): Timestamp;
  readonly log: ParticipantLog;
}

interface WriterEvents {
  /** The plain operation that has its key within the call under way; undefined when the key was free. */
  granted(): PlainOperation | undefined;
  /** The write is in place, or never will be. */
  settled(write: object): void;
}

class UnderWay implements Listed {
  readonly table: number;
  readonly key: StorageKey;
  group: CommitGroup | undefined = undefined;
  listedAt = -1;

  constructor(table: number, key: StorageKey) {
    this.table = table;
    this.key = key;
  }
}

export class PartitionWriter implements KeptWrites {
  readonly #partition: Pick<Partition, 'id' | 'incarnation' | 'store'>;
  readonly #touched: Touched;
  readonly #ports: WriterPorts;
  readonly #locks: LockManager;
  readonly #events: WriterEvents;
  /** Writes to tables that are not durable yet. */
  readonly #underWay = new UnorderedList<UnderWay>();

  constructor(
    partition: Pick<Partition, 'id' | 'incarnation' | 'store'>,
    ports: WriterPorts,
    locks: LockManager,
    events: WriterEvents,
  ) {
    this.#partition = partition;
    this.#touched = { partition: partition.id, incarnation: partition.incarnation };
    this.#ports = ports;
    this.#locks = locks;
    this.#events = events;
  }

  /** Writes a key that is free, or that the plain operation under way was granted. */
  keepKey(table: number, key: StorageKey, value: unknown, kept: Kept, known?: Version): void {
    if (this.#ports.log.isCongested) {
      kept(congested(this.#partition.id));
      return;
    }
    const operation = this.#events.granted() ?? this.#locked(table, key);
    operation.isKept = true;
    const write = new UnderWay(table, key);
    this.#underWay.add(write);
    write.group = this.#ports.log.keep(this.#touched, table, key, value, (verdict) => {
      this.#underWay.remove(write);
      if (verdict === 'committed')
        this.#partition.store.write(table, key, value, write.group?.timestamp as Timestamp, known);
      kept(verdict === 'committed' ? undefined : storageError(verdict, 'the write'));
      this.#locks.release(operation);
      this.#events.settled(write);
    });
  }

  /** Keeps the state of an actor that nobody else can change meanwhile. */
  keepState(table: number, key: StorageKey, state: unknown, kept: Kept): void {
    this.#ports.log.keep(this.#touched, table, key, state, (verdict) =>
      kept(verdict === 'committed' ? undefined : storageError(verdict, 'what the turn had changed')),
    );
  }

  /** A write under way may have to be seen at this snapshot. */
  blocks(table: number, key: StorageKey | undefined, snapshot: Timestamp): boolean {
    return this.#underWay.size > 0 && this.#underWay.some((write) => isSeen(write, table, key, snapshot));
  }

  /** The writes that may. */
  blockers(table: number, key: StorageKey | undefined, snapshot: Timestamp): object[] {
    return this.#underWay.all().filter((write) => isSeen(write, table, key, snapshot));
  }

  #locked(table: number, key: StorageKey): PlainOperation {
    const id = this.#ports.draw();
    const operation = new PlainOperation(id, this.#locks.strategy.ageOfPlain(id), () => undefined);
    const isHeld = this.#locks.lockKey(operation, table, key, LockMode.X);
    assert(isHeld, 'a plain write found its key locked after it had been free');
    return operation;
  }
}

/** What is not submitted yet will be later than any snapshot that there is. */
function isSeen(
  { table: of, key: written, group }: UnderWay,
  table: number,
  key: StorageKey | undefined,
  snapshot: Timestamp,
): boolean {
  const timestamp = group?.timestamp;
  return (
    timestamp !== undefined && timestamp <= snapshot && of === table && (key === undefined || written === key)
  );
}

function congested(partition: number): OverloadedError {
  return new OverloadedError(
    'QUEUE_FULL',
    `too many bytes wait for the storage where partition ${partition} is; try again later`,
    { details: { partition } },
  );
}
