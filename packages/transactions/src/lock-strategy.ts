/**
 * What happens when two owners want what only one can have.
 *
 * A strategy is one pure function of two places in the age order. Everything else follows from it: a waiter stands
 * in front of another exactly when the other would wait for it, and an owner may wait for another only when the
 * strategy says 'wait' (or the other is committing). As each strategy lets waits run in one direction of the
 * age order only, no cycle of waits can close, and nobody has to look for deadlocks.
 *
 * Wound-wait is what the grid uses. The others are here to be measured against it.
 */
import { type Aged, isOlder } from './lock-order.ts';

/** 'wait': the requester queues. 'wound': the other must give way. 'die': the requester itself ends. */
export type LockVerdict = 'wait' | 'wound' | 'die';

export interface LockStrategy {
  readonly name: string;
  /** What a requester does about another owner that is in its way. Must depend on age and id alone. */
  decide(requester: Aged, other: Aged): LockVerdict;
}

/** The older wounds the younger, the younger waits for the older. Few aborts, and none of the oldest. */
export const woundWait: LockStrategy = {
  name: 'wound-wait',
  decide: (requester, other) => (isOlder(requester, other) ? 'wound' : 'wait'),
};

/** The older waits for the younger, the younger ends itself. Nobody is ended by somebody else. */
export const waitDie: LockStrategy = {
  name: 'wait-die',
  decide: (requester, other) => (isOlder(requester, other) ? 'wait' : 'die'),
};

/** Any conflict ends the requester. Nobody ever waits, and nobody is sure to get through. */
export const noWait: LockStrategy = {
  name: 'no-wait',
  decide: () => 'die',
};
