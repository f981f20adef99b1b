/** Coordinators with one fault each; see `planted-faults.ts`. */
import type { PartitionId, Timestamp } from '@troupe/core';
import {
  type AbortCause,
  Coordinator,
  type CoordinatorPorts,
  type Decision,
  type Outcome,
  type PartitionWrites,
  Refusal,
  RequestOp,
} from '@troupe/transactions';

type Given = ConstructorParameters<typeof Coordinator>;
type Writes = ReadonlyMap<PartitionId, PartitionWrites>;

/** Keeps the ports that the sound coordinator keeps to itself. */
class OpenCoordinator extends Coordinator {
  protected readonly ports: CoordinatorPorts;

  constructor(...given: Given) {
    super(...given);
    this.ports = given[3];
  }

  /** Has every touched partition but those in `kept` release its locks. */
  protected releaseAllBut(kept: Writes): void {
    for (const { partition, incarnation } of this.touched) {
      if (!kept.has(partition))
        this.ports.send(partition, [RequestOp.decide, this.id, partition, incarnation, 0]);
    }
  }
}

/** Partitions that were only read are released when the others are asked for their votes. */
export class CoordinatorReleasingReadsEarly extends OpenCoordinator {
  override commit(writes: Writes, unasked = false): void {
    if (writes.size > 0 && !unasked) this.releaseAllBut(writes);
    super.commit(writes, unasked);
  }
}

/** Counts one vote as given that is still missing. */
export class CoordinatorWaitingForAllButOne extends OpenCoordinator {
  #missing = new Set<PartitionId>();

  override commit(writes: Writes, unasked = false): void {
    this.#missing = new Set(writes.keys());
    super.commit(writes, unasked);
  }

  override vote(partition: PartitionId, timestamp: Timestamp): void {
    this.#missing.delete(partition);
    super.vote(partition, timestamp);
    const [last] = this.#missing;
    if (this.state !== 'preparing' || this.#missing.size !== 1 || last === undefined) return;
    super.vote(last, timestamp);
  }
}

/** Takes the vote that came last for the largest. */
export class CoordinatorTakingLastVote extends OpenCoordinator {
  #last: Timestamp = 0;

  override vote(partition: PartitionId, timestamp: Timestamp): void {
    this.#last = timestamp;
    super.vote(partition, timestamp);
  }

  protected override latestVote(): Timestamp {
    return this.#last;
  }
}

/** Tells the error of a body as it is, also when what the body has read was no longer true. */
export class CoordinatorNotValidating extends Coordinator {
  readonly #threw: { value: boolean };

  constructor(...[id, age, slot, ports]: Given) {
    const threw = { value: false };
    const ended = (outcome: Outcome): void => {
      ports.ended(threw.value && !outcome.committed ? { ...outcome, cause: 'user' } : outcome);
    };
    super(id, age, slot, portsWith(ports, ended));
    this.#threw = threw;
  }

  override abort(cause: AbortCause, partition?: PartitionId): boolean {
    this.#threw.value = cause === 'user';
    return super.abort(cause, partition);
  }
}

/** Commits what has only read without a look at its word. */
export class CoordinatorTrustingReads extends Coordinator {
  readonly #reads: { only: boolean };

  constructor(...[id, age, slot, ports]: Given) {
    const reads = { only: false };
    const { decision } = ports;
    const trusting: Decision = {
      tryAbort: (...given) => decision.tryAbort(...given),
      resolve: (...given) => decision.resolve(...given),
      commitUnasked: (...given) => decision.commitUnasked(...given),
      commit: (of, at, timestamp, touched, writes, decided) =>
        decision.commit(of, at, timestamp, touched, writes, (verdict) =>
          decided(reads.only ? 'committed' : verdict),
        ),
    };
    super(id, age, slot, { ...portsWith(ports, (outcome) => ports.ended(outcome)), decision: trusting });
    this.#reads = reads;
  }

  override commit(writes: Writes, unasked = false): void {
    this.#reads.only = writes.size === 0;
    super.commit(writes, unasked);
  }
}

/** Waits for the word of a participant that has taken the decision and died. */
export class CoordinatorDeafToTheDead extends Coordinator {
  override partitionLost(partition: PartitionId): void {
    if (this.touches(partition)) this.abort('participant-lost', partition);
  }
}

/** Has the log prevent what the only partition is committing, though that lives, because time is up. */
export class CoordinatorPreventingTheLiving extends OpenCoordinator {
  override abort(cause: AbortCause, partition?: PartitionId): boolean {
    if (super.abort(cause, partition)) return true;
    const [only] = this.touched;
    if (cause !== 'timeout' || only === undefined || this.state !== 'preparing') return false;
    this.ports.decision.resolve(this.id, this.slot, (timestamp) => {
      if (timestamp === undefined) this.refused(only.partition, Refusal.incarnation);
      else if (timestamp !== 'unknown') this.done(timestamp);
    });
    return false;
  }
}

function portsWith(ports: CoordinatorPorts, ended: (outcome: Outcome) => void): CoordinatorPorts {
  return {
    decision: ports.decision,
    incarnationOf: (partition) => ports.incarnationOf(partition),
    now: () => ports.now(),
    diesWithUs: (partition) => ports.diesWithUs(partition),
    send: (partition, message) => ports.send(partition, message),
    whenHandedOver: (then) => ports.whenHandedOver(then),
    answered: (step, partition, values) => ports.answered(step, partition, values),
    ended,
  };
}
