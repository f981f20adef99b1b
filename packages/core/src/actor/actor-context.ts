/**
 * The context that methods get: `key`, `state`, and everything the member's client offers. One class for each client,
 * with the client's methods bound on its prototype, so that an actor costs one small object and methods of classes
 * with private fields work.
 */
import type { Key } from '../key/key.ts';
import { offerClient } from '../mesh/offered-client.ts';

/** What the runtime sees of an actor's context. */
export interface OwnContext {
  readonly key: Key;
  state: unknown;
}

export type ContextClass = new (key: Key) => OwnContext;

/** A class of contexts that offer what `client` does. */
export function contextClass(client: object): ContextClass {
  class ActorContext implements OwnContext {
    readonly key: Key;
    state: unknown = undefined;

    constructor(key: Key) {
      this.key = key;
    }
  }
  offerClient(client, ActorContext.prototype);
  return ActorContext;
}
