/**
 * The states of actors in a grid with storage, as they are kept: each as the bytes that were last made durable. A turn
 * that leaves its state as it was writes nothing; what could not be kept is undone; and an actor that begins anew, on a
 * new thread or after a rest, begins with what was kept.
 */
import { copyValue } from '../codec/value.ts';
import type { StorageKey } from '../key/key.ts';
import type { PartitionId } from '../mesh/shared-state.ts';
import { StoredCodec } from '../storage/stored-codec.ts';
import type { ActorType } from './actor-type.ts';

/** All of one member. */
export class KeptStates {
  readonly #codec = new StoredCodec();
  readonly #states = new Map<PartitionId, Map<number, Map<StorageKey, KeptState>>>();

  /** The state of one actor, stored or not. */
  of(partition: PartitionId, type: ActorType, key: StorageKey): KeptState {
    return this.#stateOf(partition, type.table, key);
  }

  /** What the storage has of an actor. */
  recover(partition: PartitionId, table: number, key: StorageKey, bytes: Uint8Array): void {
    this.#stateOf(partition, table, key).kept(bytes);
  }

  #stateOf(partition: PartitionId, table: number, key: StorageKey): KeptState {
    const tables = this.#states.get(partition) ?? new Map<number, Map<StorageKey, KeptState>>();
    this.#states.set(partition, tables);
    const states = tables.get(table) ?? new Map<StorageKey, KeptState>();
    tables.set(table, states);
    const known = states.get(key) ?? new KeptState(this.#codec);
    states.set(key, known);
    return known;
  }
}

export class KeptState {
  readonly #codec: StoredCodec;
  /** The state that the actor has if the turn under way comes to nothing: kept, or as it began. */
  #bytes: Uint8Array | undefined;
  #isStored = false;

  constructor(codec: StoredCodec) {
    this.#codec = codec;
  }

  /** The actor has been stored: it begins with that. */
  get isStored(): boolean {
    return this.#isStored;
  }

  /** The last state that stands, as a value of its own. */
  restored(): unknown {
    return this.#bytes === undefined ? undefined : this.#codec.decode(this.#bytes);
  }

  /** The actor has begun with this state, which isn't stored. Throws as `changed`. */
  began(state: unknown, type: ActorType): void {
    this.#bytes = this.#encoded(state, type);
  }

  /** The bytes of a state; undefined when it is what stands already. Throws VALUE_NOT_SUPPORTED or VALUE_TOO_LARGE. */
  changed(state: unknown, type: ActorType): Uint8Array | undefined {
    const bytes = this.#encoded(state, type);
    const isSame = this.#bytes !== undefined && Buffer.compare(bytes, this.#bytes) === 0;
    return isSame ? undefined : bytes;
  }

  /** These bytes are durable. */
  kept(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#isStored = true;
  }

  /** A transaction has committed this state, which therefore is durable. */
  installed(state: unknown, type: ActorType): void {
    this.kept(this.#encoded(state, type));
  }

  #encoded(state: unknown, { definition: { name } }: ActorType): Uint8Array {
    return this.#codec.encode(copyValue(state, `the state of actor '${name}', which is to be stored,`));
  }
}
