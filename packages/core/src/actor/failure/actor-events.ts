/**
 * What happens to tells, for those who listen on the diagnostics channel `troupe.actor` of the thread it happens on:
 * nobody waits for a tell, so what goes wrong with one is counted and published here. Costs nothing unheard.
 */
import { channel } from 'node:diagnostics_channel';
import { fromStorageKey, type Key, type StorageKey } from '../../key/key.ts';
import type { ActorType } from '../actor-type.ts';

/** Name of the diagnostics channel. */
export const actorChannelName = 'troupe.actor';

/** Published on the channel `troupe.actor`. */
export interface ActorEvent {
  /**
   * `tell-refused`: the message never had its turn. `tell-failed`: the method threw, or the state could not be made.
   * `passivation-failed`: `deactivate` threw, or the state is no data and the actor stays active; `method` is empty.
   * `restarted`, `stopped`, `escalated`: what supervision made of a failure. `before-restart-failed`: the hook threw.
   * `reminder-failed`: what a reminder is to be done next could not be found out, or kept.
   */
  readonly event:
    | 'tell-refused'
    | 'tell-failed'
    | 'passivation-failed'
    | 'restarted'
    | 'stopped'
    | 'escalated'
    | 'before-restart-failed'
    | 'reminder-failed';
  readonly actor: string;
  readonly key: Key;
  readonly method: string;
  readonly error: unknown;
}

const events = channel(actorChannelName);

/** Publishes what `describe` makes, if anybody listens. */
export function publishActorEvent(describe: () => ActorEvent): void {
  if (events.hasSubscribers) events.publish(describe());
}

/** An event of one actor. */
export function eventOf(
  event: ActorEvent['event'],
  type: ActorType,
  key: StorageKey,
  method: number,
  error: unknown,
): ActorEvent {
  return {
    event,
    actor: type.definition.name,
    key: fromStorageKey(key),
    method: type.methodNames[method] ?? '',
    error,
  };
}
