/**
 * The states of actors in a grid with storage, as they are kept: each as the bytes that were last made durable. A turn
 * that leaves its state as it was writes nothing; what could not be kept is undone; and an actor that begins anew, on a
 * new thread or after it was passivated, begins with what was kept.
 */

import type { Revive } from '../codec/reference.ts';
import { copyValue } from '../codec/value.ts';
import type { StorageKey } from '../key/key.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import type { Kept, KeptWrites } from '../partition/partition-concurrency.ts';
import { StoredBytes, StoredCodec } from '../storage/stored-codec.ts';
import type { KeptState } from './actor-life.ts';
import type { ActorType } from './actor-type.ts';

/** All of one member. */
export class StoredStates {
  readonly #codec: StoredCodec;
  readonly #states = new Map<PartitionId, Map<number, Map<StorageKey, StoredState>>>();

  /** `revive` makes references in states live. */
  constructor(revive: Revive) {
    this.#codec = new StoredCodec(revive);
  }

  /** The state of one actor, stored or not. */
  of(partition: PartitionId, table: number, key: StorageKey): StoredState {
    const tables = this.#states.get(partition) ?? new Map<number, Map<StorageKey, StoredState>>();
    this.#states.set(partition, tables);
    const states = tables.get(table) ?? new Map<StorageKey, StoredState>();
    tables.set(table, states);
    const known = states.get(key) ?? new StoredState(this.#codec);
    states.set(key, known);
    return known;
  }

  /** What the storage has of an actor. */
  recover(partition: PartitionId, table: number, key: StorageKey, bytes: Uint8Array): void {
    this.of(partition, table, key).recovered(bytes);
  }
}

export class StoredState {
  readonly #codec: StoredCodec;
  /** The state that the actor has if the turn under way comes to nothing: durable, or as it began. */
  #bytes: Uint8Array | undefined;

  constructor(codec: StoredCodec) {
    this.#codec = codec;
  }

  /** The last state that stands, as a value of its own; undefined when the actor never had one. */
  restored(): KeptState | undefined {
    return this.#bytes === undefined ? undefined : { state: this.#codec.decode(this.#bytes) };
  }

  /** The storage has this state. */
  recovered(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  /** The actor has begun with this state, which isn't stored. Throws VALUE_NOT_SUPPORTED or VALUE_TOO_LARGE. */
  began(state: unknown, type: ActorType): void {
    this.#bytes = this.#encoded(state, type);
  }

  /** A transaction has committed this state, which therefore is durable. */
  installed(state: unknown, type: ActorType): void {
    this.#bytes = this.#encoded(state, type);
  }

  /** Makes a state durable, and calls `kept` then; at once when it is the one that stands, or can't be kept. */
  keep(state: unknown, type: ActorType, key: StorageKey, writes: KeptWrites, kept: Kept): void {
    let bytes: Uint8Array;
    try {
      bytes = this.#encoded(state, type);
    } catch (error) {
      kept(error as Error);
      return;
    }
    if (this.#bytes !== undefined && Buffer.compare(bytes, this.#bytes) === 0) {
      kept(undefined);
      return;
    }
    writes.keepState(type.table, key, new StoredBytes(bytes), (error) => {
      if (error === undefined) this.#bytes = bytes;
      kept(error);
    });
  }

  #encoded(state: unknown, { definition: { name } }: ActorType): Uint8Array {
    return this.#codec.encode(copyValue(state, `the state of actor '${name}', which is to be stored,`));
  }
}
