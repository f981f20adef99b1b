/** A locking transaction under way, as views list it. How far it is, its own member tells; whether it waits, partitions. */
import type { Attempt } from '../attempt/attempt.ts';
import type { TransactionState, UnderWay } from '../view/transaction-views.ts';

/** `attempts`: how many have begun; `ageMs`: how long ago the first one did. */
export function underWayWith(attempt: Attempt, attempts: number, ageMs: number): UnderWay {
  const { id, label } = attempt;
  return { id, label, ageMs, attempt: attempts, state: stateOf(attempt), readOnly: false };
}

function stateOf(attempt: Attempt): TransactionState {
  if (attempt.outcome !== undefined) return 'retrying';
  return attempt.coordinator.state === 'preparing' ? 'preparing' : 'running';
}
