/**
 * The log as one member uses it, where the grid has a storage: requests go to the storage's member, writes go as the
 * bytes in which they are kept, and partitions are read back.
 */
import {
  type AssignedPartition,
  type CoreMember,
  decodeStoredKey,
  encodeStoredKey,
  errorFromWire,
  Family,
  fromStorageKey,
  isActorTable,
  keyToText,
  type PartitionId,
  StorageError,
  type StorageKey,
  type StorageMembership,
  StoredBytes,
  StoredCodec,
  StoredTables,
  StoredWriter,
  type TableDefinition,
  type Timestamp,
  walkStoredPage,
} from '@troupe/core';
import { LogClient } from './log-client.ts';
import { OneLogParticipation } from './one-log-decision.ts';
import type { PartWriter } from './part-writer.ts';

/** Parts as the bytes in which they are kept, undefined for nothing. */
class StoredPartWriter implements PartWriter {
  readonly #tables: StoredTables;
  readonly #codec: StoredCodec;
  readonly #writer = new StoredWriter();
  #isEmpty = true;

  constructor(tables: StoredTables, codec: StoredCodec) {
    this.#tables = tables;
    this.#codec = codec;
  }

  get bytes(): number {
    return this.#writer.length;
  }

  begin(cleared: readonly number[]): void {
    this.#isEmpty = cleared.length === 0;
    this.#writer.begin(cleared.map((table) => this.#tables.storedOf(table)));
  }

  write(table: number, key: StorageKey, value: unknown): void {
    this.#isEmpty = false;
    this.#writer.entry(this.#tables.storedOf(table), encodeStoredKey(key), this.#bytesOf(value));
  }

  takeInto(parts: unknown[]): void {
    parts.push(this.#isEmpty ? undefined : this.#writer.take(), 0);
  }

  #bytesOf(value: unknown): Uint8Array | undefined {
    if (value === undefined) return undefined;
    return value instanceof StoredBytes ? value.bytes : this.#codec.encode(value);
  }
}

/** Takes in what a partition held. */
export interface RecoveredPartition {
  write(table: number, key: StorageKey, value: unknown, timestamp: Timestamp): void;
  /** The state of an actor, as it is kept. */
  state(table: number, key: StorageKey, bytes: Uint8Array): void;
  /** That was all. */
  done(): void;
}

export class MemberLog {
  readonly client: LogClient;
  /** For the participants of this member's partitions. */
  readonly participation: OneLogParticipation;
  readonly #core: CoreMember;
  readonly #tables: StoredTables;
  readonly #codec: StoredCodec;

  constructor(core: CoreMember, { member: keeper, tableNumbers, durability }: StorageMembership) {
    const { member } = core;
    this.#core = core;
    this.#codec = new StoredCodec((form) => member.revive(form));
    this.#tables = new StoredTables(core.definitions, tableNumbers);
    const send = (message: unknown[], bytes: number): void => {
      const peer = member.tryPeer(keeper);
      if (peer !== undefined) member.sendProtocol(peer, message, bytes);
    };
    this.client = new LogClient(send, {
      newPartWriter: () => new StoredPartWriter(this.#tables, this.#codec),
      answerWhen: durability === 'buffered' ? 'appended' : 'flushed',
    });
    this.participation = new OneLogParticipation(this.client, {
      draw: () => member.shared.draw(),
      atTurnEnd: (submit) => member.flusher.schedule(submit),
    });
    member.register(Family.logReply, {
      receive: (message) => this.client.receive(message),
      peerLost: (peer) => {
        if (peer.id === keeper) this.client.lost();
      },
    });
  }

  /**
   * Reads back what a partition holds. `create` is called when nothing more can come from its predecessor. Rejects with a
   * StorageError.
   */
  open({ id, incarnation }: AssignedPartition, create: () => RecoveredPartition): Promise<void> {
    return new Promise((resolve, reject) => {
      let partition: RecoveredPartition | undefined;
      this.client.open(id, incarnation, {
        opened: (page, isLast) => {
          try {
            partition ??= create();
            if (page !== undefined) this.#takeIn(id, page as Uint8Array, partition);
            if (!isLast) return;
            partition.done();
            resolve();
          } catch (error) {
            reject(error as Error);
          }
        },
        unopened: (error) => reject(this.#unopened(id, error)),
      });
    });
  }

  #takeIn(id: PartitionId, page: Uint8Array, partition: RecoveredPartition): void {
    walkStoredPage(page, {
      entry: (stored, keyBytes, value, timestamp) => {
        const table = this.#tables.tableOf(stored);
        if (table === undefined || value === undefined) return;
        const key = decodeStoredKey(keyBytes);
        if (isActorTable(table)) {
          partition.state(table, key, value.slice());
          return;
        }
        if (table >= 0) this.#checkPlace(id, table, key);
        partition.write(table, key, this.#codec.decode(value), timestamp);
      },
    });
  }

  /** A changed affinity function would look for the entry where it isn't. */
  #checkPlace(id: PartitionId, tableId: number, key: StorageKey): void {
    const { definitions, placement } = this.#core;
    const table = definitions.mustGet('table', tableId) as TableDefinition<never, unknown>;
    const partition = placement.partitionOf(table, fromStorageKey(key), key);
    if (partition === id) return;
    throw new StorageError(
      'STORAGE_SHAPE',
      `the entry ${keyToText(key)} of table '${table.name}' is stored in partition ${id} and belongs to partition ${partition} now: has the table's affinity function changed?`,
      { details: { table: table.name, key: keyToText(key), partition: id, belongsTo: partition } },
    );
  }

  #unopened(partition: PartitionId, error: unknown): Error {
    if (error !== undefined) return errorFromWire(error as unknown[], this.#core.member.errors) as Error;
    return new StorageError(
      'STORAGE_FAILED',
      `partition ${partition} can't be opened: the thread of the storage has ended`,
      { details: { partition } },
    );
  }
}
