/** Locks of ranges with one fault each; see `planted-faults.ts`. */
import type { StorageKey } from '@troupe/core';
import {
  LockMode,
  type LockStrategy,
  type Origin,
  Participant,
  type ParticipantPorts,
  RequestOp,
} from '@troupe/transactions';

type Message = readonly unknown[];
type Served = ConstructorParameters<typeof Participant>[0];

/** Locks the keys of a range that are there, and none that may come: inserts go on. */
export class ParticipantLockingKnownKeys extends Participant {
  readonly #store: Served['store'];

  constructor(partition: Served, ports: ParticipantPorts, strategy?: LockStrategy) {
    super(partition, ports, strategy);
    this.#store = partition.store;
  }

  override lockRange(message: Message, origin: Origin): void {
    const table = message[8] as number;
    const [from, to] = message[9] as readonly (string | undefined)[];
    const accesses: unknown[] = [];
    const walk = this.#store.iterate(table, 0);
    while (walk.advance()) {
      const key: StorageKey = walk.key;
      const isIn = (from === undefined || key >= from) && (to === undefined || key < to);
      if (isIn) accesses.push(table, key, LockMode.S);
    }
    this.lock([RequestOp.lock, ...message.slice(1, 8), accesses], origin);
  }
}

/** Lets whoever changes a key in beside a reader of its range. */
export class ParticipantIgnoringRanges extends Participant {
  override lockRange(message: Message, origin: Origin): void {
    this.lockTable([RequestOp.lockTable, ...message.slice(1, 9), LockMode.IS], origin);
  }
}
