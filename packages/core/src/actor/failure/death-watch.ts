/**
 * Who wants to know when an actor's memory is lost, because its thread has died. Every member learns of a lost thread by
 * itself, after everything that thread had sent; so watching sends nothing, and the notice can neither be lost nor come
 * twice: it is taken out when it is given.
 */
import type { Key } from '../../key/key.ts';
import type { MemberId } from '../../mesh/shared-state.ts';

/** What a watcher is told. The actor begins anew, without its state, with its next message. */
export interface ActorLost {
  readonly actor: string;
  readonly key: Key;
  /** The host whose thread has died. */
  readonly host: number;
}

/** An actor that is watched. */
export interface WatchedActor {
  readonly owner: MemberId;
  readonly actor: string;
  readonly key: Key;
}

interface Watch {
  readonly watched: WatchedActor;
  readonly notice: (lost: ActorLost) => void;
}

export class DeathWatch {
  readonly #byOwner = new Map<MemberId, Map<unknown, Watch>>();

  /** Calls `notice` once, unless the answer is called before. Takes the place of an earlier one of the same `id`. */
  add(watched: WatchedActor, notice: (lost: ActorLost) => void, id: unknown = Symbol('watch')): () => void {
    const watch: Watch = { watched, notice };
    const watches = this.#byOwner.get(watched.owner) ?? new Map<unknown, Watch>();
    this.#byOwner.set(watched.owner, watches.set(id, watch));
    return () => {
      if (watches.get(id) === watch) watches.delete(id);
    };
  }

  /** The thread of this member is gone. */
  lost(owner: MemberId): void {
    const watches = this.#byOwner.get(owner);
    this.#byOwner.delete(owner);
    // One that a notice takes back while others are given is given no more.
    for (const { watched, notice } of watches?.values() ?? []) {
      const { actor, key } = watched;
      notice({ actor, key, host: owner - 1 });
    }
  }

  close(): void {
    this.#byOwner.clear();
  }
}
