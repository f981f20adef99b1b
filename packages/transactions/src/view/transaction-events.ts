/**
 * Transactions that were aborted or tried again, for those who listen on the diagnostics channel `troupe.transaction`
 * of the thread that runs the body. Costs nothing unheard, and nothing at all for a transaction that commits at once.
 */
import { channel } from 'node:diagnostics_channel';

/** Published on the channel `troupe.transaction`. */
export interface TransactionEvent {
  /** `retried`: this attempt lost a conflict and another one follows. `aborted`: the transaction ended without effect. */
  readonly event: 'retried' | 'aborted';
  /** The id of the attempt; undefined for a transaction that had none. */
  readonly transaction: number | undefined;
  readonly label: string | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  /** What its caller is told, or would have been told. */
  readonly error: unknown;
}

const events = channel('troupe.transaction');

/** Publishes what `describe` makes, if anybody listens. */
export function publishTransactionEvent(describe: () => TransactionEvent): void {
  if (events.hasSubscribers) events.publish(describe());
}
