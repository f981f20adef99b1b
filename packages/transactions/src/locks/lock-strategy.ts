/**
 * What happens when two owners want what only one can have.
 *
 * A strategy is one pure function of two places in the age order. Everything else follows from it: a waiter stands
 * in front of another exactly when the other would wait for it, and an owner may wait for another only when the
 * strategy says 'wait' (or the other is committing). As each strategy lets waits run in one direction of the
 * age order only, no cycle of waits can close, and nobody has to look for deadlocks.
 *
 * A plain operation must never be ended by a conflict. It is one request of an owner that holds no other key, and it
 * releases the key within the call that grants it. So it may wait for anybody, as long as no transaction waits for it
 * against the strategy's direction: under wound-wait it is the youngest, which waits; where the requester dies it is
 * older than all (`oldestAge`), so that a transaction that meets one in the line dies, and comes again.
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
  /** The age of a plain operation with this id, which is drawn when it begins to wait. It is never told to die. */
  ageOfPlain(id: number): number;
}

/** No transaction is as old, whatever its priority. */
const oldestAge = Number.NEGATIVE_INFINITY;

/** The older wounds the younger, the younger waits for the older. Few aborts, and none of the oldest. */
export const woundWait: LockStrategy = {
  name: 'wound-wait',
  decide: (requester, other) => (isOlder(requester, other) ? 'wound' : 'wait'),
  ageOfPlain: (id) => id,
};

/** The older waits for the younger, the younger ends itself. Nobody is ended by somebody else. */
export const waitDie: LockStrategy = {
  name: 'wait-die',
  decide: (requester, other) => (requester.age === oldestAge || isOlder(requester, other) ? 'wait' : 'die'),
  ageOfPlain: () => oldestAge,
};

/** Any conflict ends the requester. No transaction ever waits, and none is sure to get through. */
export const noWait: LockStrategy = {
  name: 'no-wait',
  decide: (requester) => (requester.age === oldestAge ? 'wait' : 'die'),
  ageOfPlain: () => oldestAge,
};

/** The strategies by name. */
export const lockStrategies = { 'wound-wait': woundWait, 'wait-die': waitDie, 'no-wait': noWait } as const;
export type LockStrategyName = keyof typeof lockStrategies;
