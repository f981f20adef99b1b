/**
 * The port through which calls of actors and jobs join the transaction they are made in. Core and compute know nothing
 * of transactions: they ask what the running code belongs to, hand their calls over, and carry an opaque reference to
 * the other thread, where the called code runs as a *branch* of the same transaction.
 */
import type { CallPath } from '../actor/call/call-path.ts';
import type { RequestContext } from '../context/request-context.ts';
import type { StorageKey } from '../key/key.ts';
import type { CallOptions } from './pending-calls.ts';
import type { PartitionId } from './shared-state.ts';

/** Names a transaction, and a place in it, in a message. Survives a link; only the transactions layer reads it. */
export type TransactionRef = readonly unknown[];

/** A call of an actor, checked, copied and placed. */
export interface ActorMessage {
  /** The number of the actor's type. */
  readonly actor: number;
  readonly key: StorageKey;
  readonly partition: PartitionId;
  /** The position of the method among the sorted names. */
  readonly method: number;
  readonly args: readonly unknown[];
  /** About how large it is. */
  readonly bytes: number;
  /** The turns of actors that wait for it (`call-path.ts`); undefined when none does. */
  readonly path?: CallPath | undefined;
  /** The context that it was made in. */
  readonly context?: RequestContext | undefined;
}

/** What a transaction does with the calls made in it. */
export interface JoinedCalls {
  /** The actor's state is locked, and read and written as part of the transaction. */
  ask(message: ActorMessage, options: CallOptions | undefined): Promise<unknown>;
  /** The message is sent when the transaction commits. */
  tell(message: ActorMessage): Promise<void>;
  /** Sends a request whose code becomes a branch. `send` gets the reference to send along, and the bounds to wait within. */
  call(
    options: CallOptions | undefined,
    send: (ref: TransactionRef, bounds: CallOptions) => Promise<unknown>,
  ): Promise<unknown>;
}

/** One call that runs here as part of a transaction. */
export interface Branch {
  /** Runs `work` as part of the transaction, once. `name` is what errors call it. Rejects when it left operations under way. */
  run<T>(name: string, work: () => T | PromiseLike<T>): Promise<T>;
  /** Nobody waits for it any more: what it still does is refused. */
  end(reason: Error): void;
}

export interface JoinedTransactions {
  /** The calls of the transaction that the running code belongs to. */
  current(): JoinedCalls | undefined;
  /** A branch of the transaction that this names. */
  open(ref: TransactionRef): Branch;
}
