/**
 * The context that methods get: `key`, `state`, and everything the member's client offers. One class for each client,
 * with the client's methods bound on its prototype, so that an actor costs one small object and methods of classes
 * with private fields work.
 */
import type { Key } from '../key/key.ts';

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
  offer(client, ActorContext.prototype);
  return ActorContext;
}

function offer(client: object, prototype: object): void {
  for (const name of propertyNames(client)) {
    const value = methodOf(client, name);
    const read = (): unknown => (client as Record<string, unknown>)[name];
    Object.defineProperty(
      prototype,
      name,
      value === undefined ? { get: read } : { value: value.bind(client) },
    );
  }
}

/** Own and inherited names, without those every object has. */
function propertyNames(object: object): Set<string> {
  const names = new Set<string>();
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
  }
  names.delete('constructor');
  return names;
}

/** The method of this name; undefined for a getter, which must be read anew each time, and for other values. */
function methodOf(object: object, name: string): ((...args: unknown[]) => unknown) | undefined {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor === undefined) continue;
    return typeof descriptor.value === 'function'
      ? (descriptor.value as (...args: unknown[]) => unknown)
      : undefined;
  }
  return undefined;
}
