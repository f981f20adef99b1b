/** The open requests that a member has from others, by caller: so that what he gives up, or leaves behind, is found. */
import type { Peer } from './peer.ts';
import { RequestRing } from './request-ring.ts';

/** Neither changes while the request is in the book. */
export interface BookedRequest {
  readonly from: Peer;
  readonly requestId: number;
}

export class RequestBook<T extends BookedRequest> {
  readonly #byPeer = new Map<Peer, RequestRing<T>>();

  add(request: T): void {
    let requests = this.#byPeer.get(request.from);
    if (requests === undefined) {
      requests = new RequestRing<T>();
      this.#byPeer.set(request.from, requests);
    }
    requests.add(request);
  }

  get(from: Peer, requestId: number): T | undefined {
    return this.#byPeer.get(from)?.get(requestId);
  }

  delete({ from, requestId }: T): void {
    this.#byPeer.get(from)?.take(requestId);
  }

  /** All requests of a caller who is gone. */
  takeAll(from: Peer): T[] {
    const requests = this.#byPeer.get(from);
    this.#byPeer.delete(from);
    return requests === undefined ? [] : requests.all();
  }

  /** In no order. */
  all(): T[] {
    return [...this.#byPeer.values()].flatMap((requests) => requests.all());
  }
}
