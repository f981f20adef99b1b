/**
 * The contexts that methods get: `key`, `state`, `signal`, and everything the member's client offers. Their classes are
 * made once for each client, with the client's methods bound on their prototype, so that an actor costs one small
 * object and methods of classes with private fields work.
 *
 * An actor keeps one context, for the turns that have it to themselves. A turn beside another one has a context of its
 * own: a nested one reaches the same state, a readonly one a frozen copy.
 */
import type { ActorDefinition } from '../definition/actor-definition.ts';
import type { ReminderTime } from '../definition/reminder-time.ts';
import type { TopicDefinition } from '../definition/topic-definition.ts';
import { ReadOnlyError } from '../errors/errors.ts';
import type { Key } from '../key/key.ts';
import type { Client } from '../mesh/client.ts';
import { offerClient } from '../mesh/offered-client.ts';
import type { Topic } from '../topic/topic.ts';
import type { TimerTime } from './actor-timers.ts';
import type { ActorType } from './actor-type.ts';
import type { CurrentTurn } from './current-turn.ts';
import { HomeContext } from './home-context.ts';
import type { Letter } from './letter.ts';

/** What the runtime sees of an actor's context. */
export interface OwnContext {
  readonly key: Key;
  state: unknown;
}

/** Where a context is at home: who knows which turn has it. */
export interface ContextHome {
  turnOf(context: OwnContext): Letter | undefined;
  /** The actor is to be deactivated when its turns have ended. */
  stop(): void;
  setTimer(name: string, time: TimerTime, method: string, args: readonly unknown[]): void;
  clearTimer(name: string): boolean;
  watch(reference: unknown, method: string, args: readonly unknown[]): () => void;
  readonly type: ActorType;
  setReminder(name: string, time: ReminderTime, method: string, args: readonly unknown[]): Promise<void>;
  clearReminder(name: string): Promise<boolean>;
}

export interface ContextClasses {
  /** The one an actor keeps. */
  own(key: Key, home: ContextHome | undefined): OwnContext;
  /** For a turn within another one, which has `outer`. */
  nested(outer: OwnContext, home: ContextHome): OwnContext;
  /** For a turn that may not change the state; `state` is frozen. `label`: what errors call the method. */
  readonly(key: Key, state: unknown, label: string, home: ContextHome | undefined): OwnContext;
}

/** The classes of contexts that offer what `client` does. */
export function contextClasses(client: object, current: CurrentTurn): ContextClasses {
  const base = baseClass(client, current);
  class OwnContextClass extends base {
    state: unknown = undefined;
  }
  class NestedContext extends base {
    readonly #outer: OwnContext;
    constructor(outer: OwnContext, home: ContextHome) {
      super(outer.key, home);
      this.#outer = outer;
    }
    get state(): unknown {
      return this.#outer.state;
    }
    set state(state: unknown) {
      this.#outer.state = state;
    }
  }
  class ReadonlyContext extends base {
    readonly #state: unknown;
    readonly #label: string;
    constructor(key: Key, state: unknown, label: string, home: ContextHome | undefined) {
      super(key, home);
      this.#state = state;
      this.#label = label;
    }
    get state(): unknown {
      return this.#state;
    }
    set state(_: unknown) {
      throw new ReadOnlyError(`${this.#label} is readonly: it may not change the actor's state`);
    }
  }
  return {
    own: (key, home) => new OwnContextClass(key, home),
    nested: (outer, home) => new NestedContext(outer, home),
    readonly: (key, state, label, home) => new ReadonlyContext(key, state, label, home),
  };
}

type BaseClass = abstract new (
  key: Key,
  home: ContextHome | undefined,
) => { readonly key: Key; readonly signal: AbortSignal };

/** Methods of the client that make references: calls through them belong to the turn. */
const referenceMakers = ['actor', 'actors', 'worker'];

function baseClass(client: object, current: CurrentTurn): BaseClass {
  abstract class BaseContext extends HomeContext {
    subscribe(topic: TopicDefinition<unknown>, method: string): Promise<void> {
      return this.#ownTopic(topic, (own, reference) => own.subscribeActor(reference, method as never));
    }

    unsubscribe(topic: TopicDefinition<unknown>, method: string): Promise<void> {
      return this.#ownTopic(topic, (own, reference) => own.unsubscribeActor(reference, method as never));
    }

    #ownTopic(
      topic: TopicDefinition<unknown>,
      change: (topic: Topic<unknown>, reference: object) => Promise<void>,
    ): Promise<void> {
      const grid = client as Client;
      const definition = this.actorType?.definition as ActorDefinition<Key, unknown, never>;
      return change(grid.topic(topic), grid.actor(definition, this.key));
    }
  }
  const { prototype } = BaseContext;
  for (const name of referenceMakers) {
    const make = (client as Record<string, unknown>)[name];
    if (typeof make !== 'function') continue;
    Object.defineProperty(prototype, name, {
      value(this: BaseContext, ...args: readonly unknown[]): unknown {
        current.enter(BaseContext.turnOf(this));
        return make.apply(client, args) as unknown;
      },
    });
  }
  offerClient(client, prototype);
  return BaseContext;
}
