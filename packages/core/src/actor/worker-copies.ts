/** Which copy of a stateless worker takes a call: one that is idle, else a new one, else each in turn. Pure. */
import type { StorageKey } from '../key/key.ts';

/** A copy that is active. */
export interface WorkerCopy {
  readonly openTurns: readonly unknown[];
  /** Calls wait for it. */
  readonly isWanted: boolean;
}

export class WorkerCopies {
  #turn = 0;

  /** The key of the activation that takes a message: `given`, but for workers. */
  keyFor(
    { copiesMax }: { readonly copiesMax: number | undefined },
    given: StorageKey,
    copies: ReadonlyMap<StorageKey, WorkerCopy> | undefined,
  ): StorageKey {
    return copiesMax === undefined ? given : this.choose(copies, copiesMax);
  }

  /** The number of the copy: below `copiesMax`, and not that of an active one where there is none to choose. */
  choose(copies: ReadonlyMap<StorageKey, WorkerCopy> | undefined, copiesMax: number): number {
    for (let number = 0; number < copiesMax; number++) {
      const copy = copies?.get(number);
      if (copy === undefined || (copy.openTurns.length === 0 && !copy.isWanted)) return number;
    }
    this.#turn = (this.#turn + 1) % copiesMax;
    return this.#turn;
  }
}
