/**
 * The coordinator of one attempt of one transaction, at the member that runs its body. Pure and synchronous.
 *
 *     running ──commit──▶ preparing ──all votes──▶ deciding ──▶ committed
 *        │                    │                      │
 *        └────────────────────┴── wounded, killed, participant lost ──▶ aborted
 *
 * Deciding is over within the call where the word alone decides; a log takes its time, and nobody else can end the
 * transaction meanwhile.
 *
 * While the body runs it only asks partitions for locks and passes their answers on; writes stay with the body. Then:
 *
 * - nothing written: the word says whether all locks are still held, so no message is needed but the release;
 * - every write's lock is held, and the word alone decides (or no partition outlives the coordinator): nobody votes. The
 *   word becomes COMMITTING, the writes are sent, and once they are with the links the word says COMMITTED;
 * - one partition touched: it decides itself (`commitOne`);
 * - several: those with writes vote; the commit timestamp is the largest vote; the decision goes to everybody.
 *   Partitions that were only read have no vote: the word that commits proves that their locks are held, too.
 *
 * Incarnations are fixed when a partition is first touched and checked by the decision.
 */
import type { KeyRange, PartitionId, Timestamp } from '@troupe/core';
import { arrayOf, assert } from '@troupe/core';
import type { LockMode } from '../locks/lock-mode.ts';
import type { Conflict } from './conflict.ts';
import { decideMessage, requestMessage, unaskedMessage } from './coordinator-messages.ts';
import type { Decision, Durability, PartitionWrites, Touched, UnaskedSteps, Verdict } from './decision.ts';
import type { Patience } from './lock-requests.ts';
import { type Refusal, RequestOp } from './messages.ts';
import { type AbortCause, causeOfRefusal, causeOfVerdict, type Outcome } from './outcome.ts';
import { latestVoteOf, lostOf, type Participation, participationOf } from './participation.ts';
import type { TransactionId } from './status-word.ts';

export interface CoordinatorPorts {
  /** Told to every partition, for views and errors. */
  readonly label?: string | undefined;
  /** Where commits go to a log; undefined: the grid's. */
  readonly durability?: Durability | undefined;
  readonly decision: Decision;
  incarnationOf(partition: PartitionId): number;
  /** The latest timestamp of the clock. */
  now(): Timestamp;
  /** The partition can't outlive the coordinator: it is on the same thread, or that is the service's, with which all end. */
  diesWithUs(partition: PartitionId): boolean;
  /** Sends to the owner of a partition; to one that is gone, nothing. */
  send(partition: PartitionId, message: unknown[]): void;
  /** Calls `then` when the death of this thread can lose nothing any more of what was sent. */
  whenHandedOver(then: () => void): void;
  /** The locks of a step are held in this partition. */
  answered(step: number, partition: PartitionId, values: readonly unknown[]): void;
  /** Called once. */
  ended(outcome: Outcome): void;
}

export type CoordinatorState = 'running' | 'preparing' | 'deciding' | 'committed' | 'aborted';

const nothingWritten: ReadonlyMap<PartitionId, PartitionWrites> = new Map();

export class Coordinator {
  readonly id: TransactionId;
  readonly age: number;
  readonly slot: number;
  readonly #ports: CoordinatorPorts;
  readonly #participants = arrayOf<Participation>();
  #state: CoordinatorState = 'running';
  #votesMissing = 0;
  #writes = nothingWritten;

  constructor(id: TransactionId, age: number, slot: number, ports: CoordinatorPorts) {
    this.id = id;
    this.age = age;
    this.slot = slot;
    this.#ports = ports;
  }

  get state(): CoordinatorState {
    return this.#state;
  }

  /** The partitions touched so far. */
  get touched(): readonly Touched[] {
    return this.#participants;
  }

  touches(partition: PartitionId): boolean {
    return this.#participants.some((participant) => participant.partition === partition);
  }

  // ── while the body runs ───────────────────────────────────────────────────────────────────────────────────────

  /** Asks a partition for locks and values; `answered` follows with the same step. */
  lock(
    partition: PartitionId,
    step: number,
    accesses: readonly unknown[],
    patience: Patience = 'none',
  ): void {
    this.#assertRunning();
    this.#send(RequestOp.lock, partition, step, accesses, patience === 'none' ? undefined : 1);
  }

  /** The same; the first access is the row of the transaction's idempotency key. */
  lockOnce(
    partition: PartitionId,
    step: number,
    accesses: readonly unknown[],
    patience: Patience = 'none',
  ): void {
    this.#assertRunning();
    this.#send(RequestOp.lockOnce, partition, step, accesses, patience === 'none' ? undefined : 1);
  }

  /** Asks a partition for the whole of a table. */
  lockTable(
    partition: PartitionId,
    step: number,
    table: number,
    mode: LockMode,
    patience: Patience = 'none',
  ): void {
    this.#assertRunning();
    this.#send(RequestOp.lockTable, partition, step, table, mode, patience === 'none' ? undefined : 1);
  }

  /** Asks a partition for the keys of a range, to read them. */
  lockRange(partition: PartitionId, step: number, table: number, { from, to }: KeyRange): void {
    this.#assertRunning();
    this.#send(RequestOp.lockRange, partition, step, table, [from, to]);
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The body is done; `writes` by partition. `ended` follows. `unasked`: every write's lock is held, and either the word
   * alone decides or no partition outlives this coordinator, so it may decide without votes.
   */
  commit(writes: ReadonlyMap<PartitionId, PartitionWrites>, unasked = false): void {
    this.#assertRunning();
    this.#state = 'preparing';
    if (writes.size === 0) {
      this.#decide(this.#ports.now());
      return;
    }
    if (unasked) {
      this.#commitUnasked(writes);
      return;
    }
    const [first] = writes;
    const isAlone = writes.size === 1 && this.#participants.every((p) => p.partition === first?.[0]);
    if (first !== undefined && isAlone) {
      this.#send(RequestOp.commitOne, first[0], first[1].writes, first[1].cleared, this.#ports.durability);
      return;
    }
    this.#writes = writes;
    this.#prepare(writes);
  }

  /**
   * Ends it without a commit. False: it is too late, its fate is decided or on its way. An attempt that somebody had
   * wounded or that lost a partition ends with that cause instead: what its body has read may never have been true
   * together, so neither may the error it threw.
   */
  abort(cause: AbortCause, partition?: PartitionId): boolean {
    if (this.#state !== 'running' && this.#state !== 'preparing') return false;
    const first = this.#ports.decision.tryAbort(this.id, this.slot);
    if (!first && this.#state === 'preparing') return false;
    const lost = this.#lostPartition();
    if (!first) this.#end(0, { committed: false, cause: 'wounded', partition });
    else if (lost !== undefined)
      this.#end(0, { committed: false, cause: 'participant-lost', partition: lost });
    else this.#end(0, { committed: false, cause, partition });
    return true;
  }

  /** A partition died, and everything this transaction held there. */
  partitionLost(partition: PartitionId): void {
    if (!this.touches(partition) || this.abort('participant-lost', partition)) return;
    // The news may be of a predecessor: whoever is touched and lives tells itself what it has decided.
    if (this.#state === 'preparing' && this.#lostPartition() !== undefined) this.#decidedByTheDead(partition);
  }

  /** Every partition has ended: if one of them had the last word, it has said it. */
  allLost(): void {
    if (this.#state === 'preparing') this.#decidedByTheDead(undefined);
  }

  // ── messages from participants ────────────────────────────────────────────────────────────────────────────────

  answer(partition: PartitionId, step: number, values: readonly unknown[]): void {
    if (this.#state === 'running') this.#ports.answered(step, partition, values);
  }

  vote(partition: PartitionId, timestamp: Timestamp): void {
    if (this.#state !== 'preparing') return;
    const participant = this.#participants.find((p) => p.partition === partition);
    assert(
      participant?.mustVote === true && participant.vote === undefined,
      'a vote came that nobody had asked for',
    );
    participant.vote = timestamp;
    this.#votesMissing--;
    if (this.#votesMissing === 0) this.#decide(this.latestVote());
  }

  /** The only partition has committed it. */
  done(timestamp: Timestamp): void {
    if (this.#state === 'preparing') this.#committed(timestamp);
  }

  refused(partition: PartitionId, reason: Refusal, conflict?: Conflict): void {
    if (this.#state !== 'running' && this.#state !== 'preparing') return;
    this.#ports.decision.tryAbort(this.id, this.slot);
    this.#end(0, { committed: false, cause: causeOfRefusal[reason], partition, conflict });
  }

  /** The timestamp of the commit: the largest of the votes. */
  protected latestVote(): Timestamp {
    return latestVoteOf(this.#participants);
  }

  #prepare(writes: ReadonlyMap<PartitionId, PartitionWrites>): void {
    // All are counted before the first message goes out: a participant on this thread votes within the call.
    for (const partition of writes.keys())
      participationOf(partition, this.#participants, this.#ports).mustVote = true;
    this.#votesMissing = writes.size;
    for (const [partition, { writes: list, cleared }] of writes) {
      if (this.#state === 'preparing') this.#send(RequestOp.prepare, partition, list, cleared, undefined);
    }
  }

  #commitUnasked(writes: ReadonlyMap<PartitionId, PartitionWrites>): void {
    this.#state = 'deciding';
    const steps: UnaskedSteps = {
      handOver: (timestamp, handedOver) => {
        if (this.#sendUnasked(writes, timestamp, false)) this.#ports.whenHandedOver(handedOver);
        else handedOver();
      },
      decided: (verdict, timestamp) => {
        if (verdict === 'committed') {
          // They find what has been decided: those on this thread within the call.
          this.#sendUnasked(writes, timestamp, true);
          this.#committed(timestamp);
        } else this.#undecided(verdict);
      },
    };
    const { decision, durability } = this.#ports;
    decision.commitUnasked(this.id, this.slot, this.#participants, writes, steps, durability);
  }

  /** To those that die with us, or to the others. False: there are none. */
  #sendUnasked(
    writes: ReadonlyMap<PartitionId, PartitionWrites>,
    timestamp: Timestamp,
    toBound: boolean,
  ): boolean {
    let hasSent = false;
    for (const participant of this.#participants) {
      const { partition } = participant;
      if (this.#ports.diesWithUs(partition) !== toBound) continue;
      hasSent = true;
      this.#ports.send(partition, unaskedMessage(this.id, participant, timestamp, writes.get(partition)));
    }
    return hasSent;
  }

  /**
   * A participant had taken the word, to wound it or to commit it alone, and died before it could say so; or another
   * has and is about to. Nobody else can decide any more, so the word tells.
   */
  #decidedByTheDead(partition: PartitionId | undefined): void {
    this.#state = 'deciding';
    this.#ports.decision.resolve(this.id, this.slot, (timestamp) => {
      if (timestamp === 'unknown') this.#end(0, { committed: false, cause: 'storage-unknown', partition });
      else if (timestamp !== undefined) this.#committed(timestamp);
      else this.#end(0, { committed: false, cause: 'participant-lost', partition });
    });
  }

  /** It is decided, and everybody knows, or is on the way to. */
  #committed(timestamp: Timestamp): void {
    this.#state = 'committed';
    this.#ports.ended({ committed: true, timestamp });
  }

  #decide(timestamp: Timestamp): void {
    this.#state = 'deciding';
    const { id, slot } = this;
    const decided = (verdict: Verdict): void => {
      if (verdict === 'committed') this.#end(timestamp, { committed: true, timestamp });
      else this.#undecided(verdict);
    };
    const { decision, durability } = this.#ports;
    decision.commit(id, slot, timestamp, this.#participants, this.#writes, decided, durability);
  }

  /** The decision was not to commit. */
  #undecided(verdict: Exclude<Verdict, 'committed'>): void {
    const partition = verdict === 'lost' ? this.#lostPartition() : undefined;
    this.#end(0, { committed: false, cause: causeOfVerdict[verdict], partition });
  }

  #end(timestamp: Timestamp, outcome: Outcome): void {
    this.#state = outcome.committed ? 'committed' : 'aborted';
    for (const participant of this.#participants) {
      const { partition, mustVote, told } = participant;
      if (told) this.#ports.send(partition, decideMessage(this.id, participant, mustVote ? timestamp : 0));
    }
    this.#ports.ended(outcome);
  }

  #send(op: number, partition: PartitionId, a: unknown, b: unknown, c: unknown, d?: unknown): void {
    const participant = participationOf(partition, this.#participants, this.#ports);
    const first = participant.told ? 0 : 1;
    participant.told = true;
    const label = first === 1 ? this.#ports.label : undefined;
    this.#ports.send(partition, requestMessage(op, this, participant, first, a, b, c, d, label));
  }

  #lostPartition(): PartitionId | undefined {
    return lostOf(this.#participants, this.#ports);
  }

  #assertRunning(): void {
    assert(this.#state === 'running', `a transaction that is ${this.#state} was asked to go on`);
  }
}
