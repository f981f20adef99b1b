/** Notices of a death watch to actors: messages to themselves, which activate them, and come later to a full mailbox. */
import { keyToText, toStorageKey } from '../../key/key.ts';
import { timerRetryMs } from '../../limits.ts';
import type { Activation } from '../life/activation.ts';
import type { ResidentActors, Residents } from '../life/resident-actors.ts';
import type { Letter } from '../mail/letter.ts';
import type { ActorPorts } from '../turn/actor-ports.ts';
import type { ActorLost, WatchedActor } from './death-watch.ts';

export interface WatchNoticesGround {
  readonly ports: Pick<ActorPorts, 'after'>;
  readonly actors: ResidentActors;
  isClosed(): boolean;
  /** Puts a message in the actor's mailbox. Undefined: there is no room. */
  deliver(activation: Activation, method: number, args: readonly unknown[]): Letter | undefined;
}

/** What tells the actor of an activation of a loss, whenever that comes. */
export function noticeTo(
  { type, key, residents: home }: Activation,
  method: number,
  args: readonly unknown[],
  ground: WatchNoticesGround,
): (lost: ActorLost) => void {
  const residents = home as Residents;
  const tell = (lost: ActorLost): void => {
    // Active again, or no more if its partition is gone.
    const { id, incarnation } = residents.partition;
    if (ground.isClosed() || ground.actors.of(id, incarnation) !== residents) return;
    const activation = ground.actors.activation(residents, type, key);
    // A full mailbox only delays it.
    if (ground.deliver(activation, method, [lost, ...args]) === undefined)
      ground.ports.after(timerRetryMs, () => tell(lost));
  };
  return tell;
}

/** The same for an actor that watches once more, as it does in `activate` when it has been passivated or restarted. */
export function watchIdOf(
  { type, key }: Activation,
  { actor, key: watched }: WatchedActor,
  method: number,
): string {
  return JSON.stringify([type.id, keyToText(key), actor, keyToText(toStorageKey(watched)), method]);
}
