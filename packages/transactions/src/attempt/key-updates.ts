/**
 * Updates of keys inside one transaction, one after the other for each key. Its locks keep other transactions away, but
 * not a second update of its own that begins while the function of the first still runs: that one would start from the
 * same value, and one of the two changes would be lost.
 */

/** `K`: what stands for a key. */
export class KeyUpdates<K> {
  #latest: Map<K, Promise<unknown>> | undefined;

  /** Runs `update` when those of this key that were begun before have ended, however they did. */
  inTurn(key: K, update: () => Promise<unknown>): Promise<unknown> {
    this.#latest ??= new Map<K, Promise<unknown>>();
    const before = this.#latest.get(key);
    const updated = before === undefined ? update() : before.then(update, update);
    this.#latest.set(key, updated);
    return updated;
  }
}
