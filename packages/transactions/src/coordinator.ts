/**
 * The coordinator of one attempt of one transaction, at the member that runs its body. Pure and synchronous.
 *
 *     running ──commit──▶ preparing ──all votes, decided──▶ committed
 *        │                    │
 *        └────────────────────┴── wounded, killed, participant lost ──▶ aborted
 *
 * While the body runs it only asks partitions for locks and passes their answers on; writes stay with the body. Then:
 *
 * - nothing written: the word says whether all locks are still held, so no message is needed but the release;
 * - no partition outlives the coordinator, and every write's lock is held: it decides at once and sends the writes
 *   with the decision, so nobody votes;
 * - one partition touched: it decides itself (`commitOne`);
 * - several: those with writes vote; the commit timestamp is the largest vote; the decision goes to everybody.
 *   Partitions that were only read have no vote: the word that commits proves that their locks are held, too.
 *
 * Incarnations are fixed when a partition is first touched and checked by the decision.
 */
import type { PartitionId, Timestamp } from '@troupe/core';
import { assert } from '@troupe/core';
import type { Decision, Touched } from './decision.ts';
import type { LockMode } from './lock-mode.ts';
import { Refusal, RequestOp } from './messages.ts';
import type { TransactionId } from './status-word.ts';

/** Why an attempt ended without a commit. */
export type AbortCause =
  | 'wounded'
  | 'participant-lost'
  | 'line-full'
  | 'busy'
  | 'killed'
  | 'timeout'
  | 'user';

/** Whether to wait for turns of actors that are under way: only with no locks that they could wait for. */
export type Patience = 'none' | 'turns';

export interface CoordinatorPorts {
  readonly decision: Decision;
  incarnationOf(partition: PartitionId): number;
  /** The latest timestamp of the clock. */
  now(): Timestamp;
  /** Sends to the owner of a partition; to one that is gone, nothing. */
  send(partition: PartitionId, message: unknown[]): void;
  /** The locks of a step are held in this partition. */
  answered(step: number, partition: PartitionId, values: readonly unknown[]): void;
  /** Called once. */
  ended(outcome: Outcome): void;
}

export type Outcome =
  | { readonly committed: true; readonly timestamp: Timestamp }
  | { readonly committed: false; readonly cause: AbortCause; readonly partition: PartitionId | undefined };

/** What a transaction changes in one partition, as messages carry it. */
export interface PartitionWrites {
  /** [table, key, value, …], undefined removes. */
  readonly writes: unknown[];
  /** Tables to empty first. */
  readonly cleared: readonly number[];
}

interface Participation extends Touched {
  /** Its vote, or undefined while it has none to give or hasn't given it. */
  vote: Timestamp | undefined;
  mustVote: boolean;
  /** It has been sent something, so it may hold something. */
  told: boolean;
}

export type CoordinatorState = 'running' | 'preparing' | 'committed' | 'aborted';

export class Coordinator {
  readonly id: TransactionId;
  readonly age: TransactionId;
  readonly slot: number;
  readonly #ports: CoordinatorPorts;
  readonly #participants: Participation[] = [];
  #state: CoordinatorState = 'running';
  #votesMissing = 0;

  constructor(id: TransactionId, age: TransactionId, slot: number, ports: CoordinatorPorts) {
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

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The body is done; `writes` by partition. `ended` follows. `unasked`: every write's lock is held and no partition
   * outlives this coordinator, so it may decide without votes and send the writes with the decision.
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
    if (
      first !== undefined &&
      writes.size === 1 &&
      this.#participants.every((p) => p.partition === first[0])
    ) {
      this.#send(RequestOp.commitOne, first[0], first[1].writes, first[1].cleared, undefined);
      return;
    }
    this.#prepare(writes);
  }

  /**
   * Ends it without a commit. False: it is too late, its fate is decided or on its way. An attempt that somebody had
   * wounded or that lost a partition ends with that cause instead: what its body has read may never have been true
   * together, so neither may the error it threw.
   */
  abort(cause: AbortCause, partition?: PartitionId): boolean {
    if (this.#state === 'committed' || this.#state === 'aborted') return false;
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
    if (this.#state === 'preparing') this.#decidedByTheDead(partition);
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
    if (this.#state !== 'preparing') return;
    this.#state = 'committed';
    this.#ports.ended({ committed: true, timestamp });
  }

  refused(partition: PartitionId, reason: Refusal): void {
    if (this.#state !== 'running' && this.#state !== 'preparing') return;
    this.#ports.decision.tryAbort(this.id, this.slot);
    const cause = causeOf[reason];
    this.#end(0, { committed: false, cause, partition });
  }

  /** The timestamp of the commit: the largest of the votes. */
  protected latestVote(): Timestamp {
    let latest = 0;
    for (const { vote } of this.#participants) if (vote !== undefined && vote > latest) latest = vote;
    return latest;
  }

  #prepare(writes: ReadonlyMap<PartitionId, PartitionWrites>): void {
    // All are counted before the first message goes out: a participant on this thread votes within the call.
    for (const partition of writes.keys()) this.#participation(partition).mustVote = true;
    this.#votesMissing = writes.size;
    for (const [partition, { writes: list, cleared }] of writes) {
      if (this.#state === 'preparing') this.#send(RequestOp.prepare, partition, list, cleared, undefined);
    }
  }

  #commitUnasked(writes: ReadonlyMap<PartitionId, PartitionWrites>): void {
    this.#ports.decision.commitUnasked(this.id, this.slot, this.#participants, (verdict, timestamp) => {
      if (verdict !== 'committed') {
        this.#undecided(verdict);
        return;
      }
      this.#state = 'committed';
      for (const { partition, incarnation } of this.#participants) {
        const changes = writes.get(partition);
        this.#ports.send(
          partition,
          changes === undefined
            ? [RequestOp.decide, this.id, partition, incarnation, 0]
            : [RequestOp.commit, this.id, partition, incarnation, timestamp, changes.writes, changes.cleared],
        );
      }
      this.#ports.ended({ committed: true, timestamp });
    });
  }

  /**
   * A participant had taken the word, to wound it or to commit it alone, and died before it could say so; or another
   * has and is about to. Nobody else can decide any more, so the word tells.
   */
  #decidedByTheDead(partition: PartitionId): void {
    const timestamp = this.#ports.decision.committedAt(this.id, this.slot);
    if (timestamp !== undefined) this.done(timestamp);
    else this.#end(0, { committed: false, cause: 'participant-lost', partition });
  }

  #decide(timestamp: Timestamp): void {
    this.#ports.decision.commit(this.id, this.slot, timestamp, this.#participants, (verdict) => {
      if (verdict === 'committed') this.#end(timestamp, { committed: true, timestamp });
      else this.#undecided(verdict);
    });
  }

  /** The decision was not to commit. */
  #undecided(verdict: 'aborted' | 'lost'): void {
    const partition = verdict === 'lost' ? this.#lostPartition() : undefined;
    this.#end(0, { committed: false, cause: verdict === 'lost' ? 'participant-lost' : 'wounded', partition });
  }

  #end(timestamp: Timestamp, outcome: Outcome): void {
    this.#state = outcome.committed ? 'committed' : 'aborted';
    for (const { partition, incarnation, mustVote, told } of this.#participants) {
      if (!told) continue;
      this.#ports.send(partition, [
        RequestOp.decide,
        this.id,
        partition,
        incarnation,
        mustVote ? timestamp : 0,
      ]);
    }
    this.#ports.ended(outcome);
  }

  #send(op: number, partition: PartitionId, a: unknown, b: unknown, c: unknown, d?: unknown): void {
    const participant = this.#participation(partition);
    const first = participant.told ? 0 : 1;
    participant.told = true;
    const message = [op, this.id, partition, participant.incarnation, this.slot, this.age, first, a, b];
    if (c !== undefined) message.push(c);
    if (d !== undefined) message.push(d);
    this.#ports.send(partition, message);
  }

  /** Its part in the transaction, with the incarnation it had when first touched. */
  #participation(partition: PartitionId): Participation {
    for (const known of this.#participants) if (known.partition === partition) return known;
    const incarnation = this.#ports.incarnationOf(partition);
    const participant: Participation = {
      partition,
      incarnation,
      vote: undefined,
      mustVote: false,
      told: false,
    };
    this.#participants.push(participant);
    return participant;
  }

  #lostPartition(): PartitionId | undefined {
    return this.#participants.find((p) => this.#ports.incarnationOf(p.partition) !== p.incarnation)
      ?.partition;
  }

  #assertRunning(): void {
    assert(this.#state === 'running', `a transaction that is ${this.#state} was asked to go on`);
  }
}

const causeOf: Record<Refusal, AbortCause> = {
  [Refusal.wounded]: 'wounded',
  [Refusal.incarnation]: 'participant-lost',
  [Refusal.lineFull]: 'line-full',
  [Refusal.ended]: 'wounded',
  [Refusal.busy]: 'busy',
};
