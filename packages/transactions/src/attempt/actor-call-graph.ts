/**
 * Which actors of one transaction wait for which: its calls of one actor go one after another, so a call that comes back
 * to an actor whose turn waits for it would never be answered. Pure.
 *
 * One turn of an actor is under way in a transaction at a time, so the actor stands for its turn: an edge leads from the
 * actor whose turn makes a call to the actor that is called, as long as the call is open.
 */
import type { StorageKey } from '@troupe/core';

/** The actor of a call, and its method. */
export interface CalledActor {
  readonly actor: number;
  readonly key: StorageKey;
  readonly method: number;
}

interface Edge {
  readonly from: CalledActor;
  readonly to: CalledActor;
}

export class ActorCallGraph {
  readonly #edges = new Map<string, Set<Edge>>();

  /**
   * A turn of `from` calls `to`. Answers the function that ends the call, or, where the call would wait for itself, the
   * actors on the way round, from the called one to itself.
   */
  open(from: CalledActor, to: CalledActor): (() => void) | readonly CalledActor[] {
    const way = this.#way(nameOf(to), nameOf(from), new Set());
    if (way !== undefined) return [...way, from, to];
    const edge: Edge = { from, to };
    const name = nameOf(from);
    const edges = this.#edges.get(name) ?? new Set<Edge>();
    this.#edges.set(name, edges.add(edge));
    return () => {
      edges.delete(edge);
      if (edges.size === 0) this.#edges.delete(name);
    };
  }

  /** The actors on the way from one to another, without the latter. Undefined: there is no way. */
  #way(from: string, to: string, seen: Set<string>): CalledActor[] | undefined {
    if (from === to) return [];
    seen.add(from);
    for (const edge of this.#edges.get(from) ?? []) {
      const next = nameOf(edge.to);
      const rest = seen.has(next) ? undefined : this.#way(next, to, seen);
      if (rest !== undefined) return [edge.from, ...rest];
    }
    return undefined;
  }
}

function nameOf({ actor, key }: CalledActor): string {
  return `${actor} ${typeof key} ${String(key)}`;
}
