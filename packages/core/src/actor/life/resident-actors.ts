/**
 * The actors of a thread: those that are active, by partition, type and key, and the states of the others. Actors belong
 * to one incarnation of their partition; when that is created anew they begin again from their definition's `state`.
 */
import { FrameCodec } from '../../codec/frame.ts';
import type { Revive } from '../../codec/reference.ts';
import type { StorageKey } from '../../key/key.ts';
import type { PartitionId } from '../../mesh/shared-state.ts';
import type { ActorStates } from '../../partition/actor-states.ts';
import type { OwnedPartitions, Partition } from '../../partition/partition.ts';
import { actorTypeOf } from '../actor-table.ts';
import type { ActorType, ActorTypes } from '../actor-type.ts';
import { actorOver, superseded } from '../mail/refusals.ts';
import type { TurnObserver } from '../turn/turn-observer.ts';
import type { Activation } from './activation.ts';
import type { KeptState } from './actor-life.ts';
import { PassiveStates } from './passive-states.ts';
import type { ResidencyWatch } from './residency-watch.ts';
import { Seat } from './seat.ts';
import { type StoredState, StoredStates } from './stored-states.ts';

/** The actors of one incarnation of a partition. */
export interface Residents {
  readonly partition: Partition;
  readonly byType: (Map<StorageKey, Activation> | undefined)[];
  readonly passive: PassiveStates;
}

export interface ResidentActorsParts {
  readonly types: ActorTypes;
  readonly owned: OwnedPartitions;
  /** Makes references in states live. */
  readonly revive: Revive;
  /** Undefined where none is ever passivated for its idleness or number. */
  readonly residency: ResidencyWatch | undefined;
  readonly observer: Pick<TurnObserver, 'activated' | 'deactivated'>;
  /** `stored` is given where the partition makes what it writes durable. */
  make(type: ActorType, key: StorageKey, residents: Residents, stored: StoredState | undefined): Activation;
}

export class ResidentActors {
  readonly #parts: ResidentActorsParts;
  readonly #partitions: (Residents | undefined)[] = [];
  readonly #stored: StoredStates;
  readonly #codec: FrameCodec;

  constructor(parts: ResidentActorsParts) {
    this.#parts = parts;
    this.#stored = new StoredStates(parts.revive);
    this.#codec = new FrameCodec(parts.revive);
  }

  /** Those of this incarnation of the partition, if this member owns it. Those of an earlier one end here. */
  of(id: PartitionId, incarnation: number): Residents | undefined {
    const partition = this.#parts.owned.tryGet(id, incarnation);
    if (partition === undefined) return undefined;
    const known = this.#partitions[id];
    if (known?.partition === partition) return known;
    const residents: Residents = { partition, byType: [], passive: new PassiveStates(this.#codec) };
    this.#partitions[id] = residents;
    for (const actors of known?.byType ?? []) this.#endAll(actors, id);
    return residents;
  }

  /** The actor, active from now on. */
  activation(residents: Residents, type: ActorType, key: StorageKey): Activation {
    residents.byType[type.id] ??= new Map();
    const actors = residents.byType[type.id] as Map<StorageKey, Activation>;
    const known = actors.get(key);
    if (known !== undefined) return known;
    const { id, concurrency } = residents.partition;
    const isStored = concurrency.writes !== undefined && type.copiesMax === undefined;
    const stored = !isStored ? undefined : this.#stored.of(id, type.table, key);
    const activation = this.#parts.make(type, key, residents, stored);
    actors.set(key, activation);
    this.#parts.observer.activated(type, key);
    this.used(activation);
    return activation;
  }

  /** The seat of an actor, which is active from now on. */
  seat(residents: Residents, type: ActorType, key: StorageKey): Seat {
    const activation = this.activation(residents, type, key);
    activation.seat ??= new Seat(residents.partition.incarnation, activation);
    return activation.seat;
  }

  /** Why the activation is no more; undefined while it is there. */
  whyGone(activation: Activation): Error | undefined {
    const { type, key } = activation;
    const residents = activation.residents as Residents;
    const { id, incarnation } = residents.partition;
    if (this.of(id, incarnation) !== residents) return superseded(id);
    return residents.byType[type.id]?.get(key) === activation ? undefined : actorOver(type, key);
  }

  /** What the storage has of an actor of a partition that is being opened here. */
  recover(partition: PartitionId, table: number, key: StorageKey, bytes: Uint8Array): void {
    this.#stored.recover(partition, table, key, bytes);
  }

  used(activation: Activation): void {
    this.#parts.residency?.use(activation);
  }

  takeState({ type, key, residents }: Activation): KeptState | undefined {
    return (residents as Residents).passive.take(type, key);
  }

  /** The activation is over, and its state is kept. Throws when that isn't data; then nothing has changed. */
  packAway(activation: Activation, state: unknown): void {
    const { passive } = activation.residents as Residents;
    // A worker keeps nothing between calls.
    if (activation.type.copiesMax === undefined) passive.keep(activation.type, activation.key, state);
    this.remove(activation);
  }

  /** Not to be passivated before its next turn. */
  spare(activation: Activation): void {
    this.#parts.residency?.remove(activation);
  }

  /** The activation is over. */
  remove(activation: Activation): void {
    this.#parts.residency?.remove(activation);
    activation.seat?.vacate();
    const { type, key } = activation;
    const actors = (activation.residents as Residents).byType[type.id];
    if (actors?.get(key) !== activation) return;
    actors.delete(key);
    this.#parts.observer.deactivated(type, key);
  }

  /** The actors of one incarnation of a partition, as its concurrency control sees them. */
  statesOf(id: PartitionId, incarnation: number): ActorStates {
    const unrested = (table: number, key: StorageKey | undefined): Activation | undefined => {
      const actors = this.of(id, incarnation)?.byType[actorTypeOf(table)];
      if (key !== undefined) return actors?.get(key);
      for (const activation of actors?.values() ?? []) if (!activation.atRest) return activation;
      return undefined;
    };
    return {
      isAtRest: (table, key) => unrested(table, key)?.atRest ?? true,
      whenAtRest: (table, key, resume) => unrested(table, key)?.whenAtRest(resume),
      install: (table, key, state) => {
        const residents = this.of(id, incarnation);
        const type = this.#parts.types.mustGet(actorTypeOf(table));
        if (residents !== undefined) this.activation(residents, type, key).install(state);
      },
    };
  }

  #endAll(actors: Map<StorageKey, Activation> | undefined, partition: PartitionId): void {
    for (const activation of actors?.values() ?? []) {
      this.#parts.residency?.remove(activation);
      activation.seat?.vacate();
      this.#parts.observer.deactivated(activation.type, activation.key);
      activation.end(superseded(partition));
    }
  }
}
