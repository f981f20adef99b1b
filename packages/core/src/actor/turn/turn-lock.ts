/**
 * The lock of one actor, as its turns meet it: transactions lock actors as they lock keys. A turn takes no lock; it begins
 * while nobody has, or stands in line for, this one, and else the actor stands in that line.
 */
import type { StorageKey } from '../../key/key.ts';
import type { PartitionConcurrency } from '../../partition/partition-concurrency.ts';
import type { ActorType } from '../actor-type.ts';

export class TurnLock {
  readonly #concurrency: PartitionConcurrency;
  readonly #type: ActorType;
  readonly #key: StorageKey;
  #inLine = false;

  constructor(concurrency: PartitionConcurrency, type: ActorType, key: StorageKey) {
    this.#concurrency = concurrency;
    this.#type = type;
    this.#key = key;
  }

  /** The actor stands in line. */
  get inLine(): boolean {
    return this.#inLine;
  }

  /** May a turn begin now, as far as transactions are concerned? Those of a stateless worker lock nothing. */
  get isFree(): boolean {
    const { copiesMax, table } = this.#type;
    return copiesMax !== undefined || this.#concurrency.isFree(table, this.#key, 'write');
  }

  /** Stands in line; `through` is called once, when one turn may begin. Throws QUEUE_FULL. */
  waitInLine(through: () => void): void {
    this.#inLine = true;
    try {
      this.#concurrency.wait(this.#type.table, this.#key, 'write', () => {
        this.#inLine = false;
        through();
      });
    } catch (error) {
      this.#inLine = false;
      throw error;
    }
  }
}
