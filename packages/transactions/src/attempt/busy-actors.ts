/**
 * The actors whose turns have refused earlier attempts of a transaction. The next attempt locks them before anything
 * else and waits for their turns, for then it holds nothing that such a turn could wait for; no new turn begins
 * meanwhile, so it gets through however busy they are.
 *
 * That is certain for one actor. While it waits for one of several it holds the others, for which the turn may be
 * waiting (it asks one of them), and nothing would ever end that. So with several its patience ends, doubled from one
 * attempt to the next; then it lets go of all and tries again. So it is with one and an idempotency key, whose rows it
 * has locked: the turn may have a transaction with the same key. And it ends while transactions of this member wait for
 * a status word: one of them may be of the turn, and the words be in the hands of those who wait for it.
 */
import type { Clock, PartitionId, StorageKey } from '@troupe/core';
import type { Attempt } from './attempt.ts';
import type { LockingTransaction } from './open-transaction.ts';

/** An actor, as transactions lock it; without a key all of its type. */
export interface PlacedActor {
  readonly table: number;
  readonly key: StorageKey | undefined;
  readonly partition: PartitionId;
}

/** The latest are kept: those of an attempt that will not be repeated are of no use. */
const actorsMax = 8;
const patienceMs = 20;
const patienceMsMax = 1_000;

export class BusyActors {
  #actors: PlacedActor[] = [];
  #patienceMs = patienceMs / 2;

  /** An attempt was refused by this actor; undefined: its patience had ended. */
  note(actor: PlacedActor | undefined): void {
    this.#patienceMs = Math.min(patienceMsMax, this.#patienceMs * 2);
    if (actor === undefined) return;
    const { table, key, partition } = actor;
    const others = this.#actors.filter(
      (other) =>
        other.table !== table || other.key !== key || (key !== undefined && other.partition !== partition),
    );
    this.#actors = [...others.slice(1 - actorsMax), actor];
  }

  /** Resolves when the attempt has them all; rejects when it has ended. */
  async lockFirst(
    transaction: LockingTransaction,
    attempt: Attempt,
    ground: { readonly isShortOfWords: boolean; readonly clock: Clock },
  ): Promise<void> {
    const isOne =
      this.#actors.length === 1 && this.#actors[0]?.key !== undefined && attempt.once === undefined;
    const timer = ground.clock.every(this.#patienceMs, () => {
      if (!isOne || ground.isShortOfWords) attempt.coordinator.abort('busy');
    });
    try {
      await transaction.declareActors(this.#actors);
    } finally {
      ground.clock.cancel(timer);
    }
  }
}
