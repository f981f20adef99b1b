/** Requests that wait for a lock at their owner, by who asked, so that they end with their caller. */
import type { Peer } from '../mesh/peer.ts';
import type { Waiting } from '../partition/partition-concurrency.ts';

export class WaitingRequests {
  readonly #byPeer = new Map<Peer, Map<number, Waiting>>();

  get size(): number {
    let size = 0;
    for (const requests of this.#byPeer.values()) size += requests.size;
    return size;
  }

  add(peer: Peer, requestId: number, waiting: Waiting): void {
    const requests = this.#byPeer.get(peer);
    if (requests === undefined) this.#byPeer.set(peer, new Map([[requestId, waiting]]));
    else requests.set(requestId, waiting);
  }

  /** The request runs now. */
  remove(peer: Peer, requestId: number): void {
    this.#byPeer.get(peer)?.delete(requestId);
  }

  /** The caller has given up. */
  cancel(peer: Peer, requestId: number): void {
    const requests = this.#byPeer.get(peer);
    const waiting = requests?.get(requestId);
    requests?.delete(requestId);
    waiting?.cancel();
  }

  /** The caller's thread is gone. */
  cancelAll(peer: Peer): void {
    const requests = this.#byPeer.get(peer);
    this.#byPeer.delete(peer);
    for (const waiting of requests?.values() ?? []) waiting.cancel();
  }
}
