/**
 * Updates of keys inside one transaction, one after the other for each key. Its locks keep other transactions away, but
 * not a second update of its own that begins while the function of the first still runs: that one would start from the
 * same value, and one of the two changes would be lost.
 */
import type { Cell } from './workspace.ts';

export class KeyUpdates {
  #latest: Map<Cell, Promise<unknown>> | undefined;

  /** Runs `update` when those of this key that were begun before have ended, however they did. */
  inTurn(cell: Cell, update: () => Promise<unknown>): Promise<unknown> {
    this.#latest ??= new Map<Cell, Promise<unknown>>();
    const before = this.#latest.get(cell);
    const updated = before === undefined ? update() : before.then(update, update);
    this.#latest.set(cell, updated);
    return updated;
  }
}
