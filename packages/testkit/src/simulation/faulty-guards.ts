/** Dealings with idempotency keys with one fault each; see `memory-faults.ts`. */
import type { PartitionId } from '@troupe/core';
import {
  IdempotencyGuard,
  idempotencyTable,
  type Origin,
  Participant,
  type PartitionRequest,
  type PartitionWrites,
  ReplyOp,
  RequestOp,
} from '@troupe/transactions';

type Message = readonly unknown[];

/** Locks the rows and writes them, without a look at what they say. */
export class GuardNotLooking extends IdempotencyGuard {
  override answered(): void {}
}

/** Writes the row at the home of the key, and nowhere else. */
export class GuardWritingAtHome extends IdempotencyGuard {
  readonly #home: PartitionId | undefined;

  constructor(...given: ConstructorParameters<typeof IdempotencyGuard>) {
    super(...given);
    this.#home = this.missing([])[0]?.partition;
  }

  override addRows(writes: Map<PartitionId, PartitionWrites>): void {
    super.addRows(writes);
    for (const partition of writes.keys()) if (partition !== this.#home) dropRow(writes, partition);
  }
}

/** Writes the row where something else is written, too, and at home: not where the transaction has only read. */
export class GuardForgettingReads extends IdempotencyGuard {
  readonly #home: PartitionId | undefined;

  constructor(...given: ConstructorParameters<typeof IdempotencyGuard>) {
    super(...given);
    this.#home = this.missing([])[0]?.partition;
  }

  override addRows(writes: Map<PartitionId, PartitionWrites>): void {
    const written = new Set(writes.keys());
    super.addRows(writes);
    for (const partition of writes.keys())
      if (partition !== this.#home && !written.has(partition)) dropRow(writes, partition);
  }
}

/** Has no row at home: only where its transaction went. */
export class GuardWithoutHome extends IdempotencyGuard {
  override guarded(requests: readonly PartitionRequest[]): readonly PartitionRequest[] {
    const wanted = new Set(requests.map(({ partition }) => partition));
    return super.guarded(requests).filter(({ partition }) => wanted.has(partition));
  }

  override missing(partitions: Iterable<PartitionId>): PartitionRequest[] {
    const wanted = new Set(partitions);
    return super.missing(wanted).filter(({ partition }) => wanted.has(partition));
  }
}

/** Writes rows of blind writes without having asked for them. */
export class GuardNotAskingForBlindWrites extends IdempotencyGuard {
  #hasLocked = false;

  override asks(request: PartitionRequest): boolean {
    this.#hasLocked = true;
    return super.asks(request);
  }

  override guarded(requests: readonly PartitionRequest[]): readonly PartitionRequest[] {
    // Locks without values are those of blind writes.
    const areBlind = requests.some(({ accesses }) => (accesses[2] as number) < 0);
    return this.#hasLocked && areBlind ? requests : super.guarded(requests);
  }

  override missing(partitions: Iterable<PartitionId>): PartitionRequest[] {
    return this.#hasLocked ? [] : super.missing(partitions);
  }
}

/** Tells a row that its transaction wants to write, before that has committed. */
export class ParticipantTellingPendingRows extends Participant {
  readonly #id: PartitionId;

  constructor(...given: ConstructorParameters<typeof Participant>) {
    super(...given);
    this.#id = given[0].id;
  }

  override lock(message: Message, origin: Origin): void {
    const pending = message[0] === RequestOp.lockOnce ? this.#pendingRow(message) : undefined;
    if (pending === undefined) super.lock(message, origin);
    else origin.send([ReplyOp.answer, message[1], this.#id, message[7], [pending]]);
  }

  #pendingRow(message: Message): unknown {
    const [, key] = message[8] as readonly unknown[];
    for (const { vote } of this.records()) {
      const { writes } = vote ?? { writes: [] };
      for (let i = 0; i < writes.length; i += 3)
        if (writes[i] === idempotencyTable && writes[i + 1] === key) return writes[i + 2];
    }
    return undefined;
  }
}

function dropRow(writes: Map<PartitionId, PartitionWrites>, partition: PartitionId): void {
  const target = writes.get(partition);
  if (target === undefined) return;
  const { writes: list } = target;
  for (let i = list.length - 3; i >= 0; i -= 3) if (list[i] === idempotencyTable) list.splice(i, 3);
  if (list.length === 0 && target.cleared.length === 0) writes.delete(partition);
}
