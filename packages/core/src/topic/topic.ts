/** What users hold: a topic, as seen from one member. */

/** How a callback is subscribed. */
export interface SubscribeOptions {
  /** Ends the subscription when it is aborted; before, rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Messages that may wait for the callback; further ones are dropped. Default 1,000. */
  readonly queueLengthMax?: number | undefined;
  /**
   * Told what the callback throws, and of messages that were dropped (QUEUE_FULL, once until there is room again). Without
   * it both are published on the diagnostics channel `troupe.topic`.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A callback that is subscribed. Disposal unsubscribes it. */
export interface Subscription extends AsyncDisposable {
  /** Messages that came when too many waited. */
  readonly dropped: number;
  /** The callback is called no more from now on, but for a call under way. Never rejects. */
  unsubscribe(): Promise<void>;
}

/** Methods of a reference that take a message. */
type MethodFor<R, M> = {
  [Name in keyof R]: R[Name] extends (message: M) => Promise<unknown> ? Name : never;
}[keyof R] &
  string;

/**
 * Messages reach each subscriber at most once, and those of one publisher in the order in which they were published:
 * everybody who had subscribed before, on all threads that live. There is no order between publishers.
 */
export interface Topic<M> {
  /**
   * Sends a copy of the message to every subscriber. Resolves when it is on its way; awaiting it paces the publisher to the
   * slowest link. Rejects with LINK_OVERLOADED when a link can't take it (then others may have got it), QUEUE_FULL,
   * GRID_CLOSED, VALUE_NOT_SUPPORTED; and with INVALID_ARGUMENT in a transaction, which could still be undone.
   */
  publish(message: M): Promise<void>;
  /**
   * Calls `callback` with every message, one at a time. Resolves when every thread knows: whatever is published later
   * comes. Ends with its thread. Rejects with TIMEOUT or GRID_CLOSED.
   *
   * @example
   * await using subscription = await grid.topic(prices).subscribe(({ sku, price }) => show(sku, price));
   */
  subscribe(callback: (message: M) => unknown, options?: SubscribeOptions): Promise<Subscription>;
  /**
   * Sends every message to an actor, as a tell: it gets them wherever it lives, also after its thread was replaced.
   * Subscribing twice is subscribing once. Resolves when every thread knows. Rejects with QUEUE_FULL beyond 100,000
   * actors of a topic, TIMEOUT or GRID_CLOSED.
   *
   * @example
   * await grid.topic(prices).subscribeActor(grid.actor(cart, 'alice'), 'priceChanged');
   */
  subscribeActor<R extends object>(reference: R, method: MethodFor<R, M>): Promise<void>;
  /** Takes that back. */
  unsubscribeActor<R extends object>(reference: R, method: MethodFor<R, M>): Promise<void>;
}
