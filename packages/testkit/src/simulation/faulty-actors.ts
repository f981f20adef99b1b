/** Participants and coordinators with one fault each about actors; see `memory-faults.ts`. */
import { type ActorStates, isActorTable, type KeyAccess, type StorageKey } from '@troupe/core';
import { Coordinator, Participant } from '@troupe/transactions';

type Message = readonly unknown[];

/** Waits for turns whatever it holds. */
export class CoordinatorAlwaysPatient extends Coordinator {
  override lock(partition: number, step: number, accesses: readonly unknown[]): void {
    super.lock(partition, step, accesses, 'turns');
  }
}

/** Lets turns begin whoever has the actor. */
export class ParticipantLettingTurnsBegin extends Participant {
  override isFree(table: number, key: StorageKey, access: KeyAccess): boolean {
    return isActorTable(table) || super.isFree(table, key, access);
  }
}

/** Gives actors to transactions in the middle of a turn. */
export class ParticipantIgnoringTurns extends Participant {
  constructor(...[partition, ...rest]: ConstructorParameters<typeof Participant>) {
    const { actors } = partition;
    const resting: ActorStates | undefined = actors && {
      isAtRest: () => true,
      whenAtRest: (...given) => actors.whenAtRest(...given),
      install: (...given) => actors.install(...given),
    };
    super({ ...partition, actors: resting }, ...rest);
  }
}

/** Installs the states of a transaction that had voted and was aborted. */
export class ParticipantInstallingAborted extends Participant {
  readonly #actors: ActorStates | undefined;

  constructor(...given: ConstructorParameters<typeof Participant>) {
    super(...given);
    this.#actors = given[0].actors;
  }

  override decide(message: Message): void {
    for (const { id, vote } of this.records()) {
      if (id !== message[1] || message[4] !== 0 || vote === undefined) continue;
      for (let i = 0; i < vote.writes.length; i += 3) {
        const table = vote.writes[i] as number;
        if (isActorTable(table))
          this.#actors?.install(table, vote.writes[i + 1] as StorageKey, vote.writes[i + 2]);
      }
    }
    super.decide(message);
  }
}
