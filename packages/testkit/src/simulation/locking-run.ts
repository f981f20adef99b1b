/**
 * One transaction with its retries, on the member that runs its body: the counterpart of `TransactionRun`. What lost a
 * conflict is tried again with a new id and the old age. Where no death loses anything, the loss of a partition is such
 * a conflict; where it empties the partition, the caller is told.
 */
import type { Aged } from '@troupe/transactions';
import type { ListAppendMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { AttemptRun } from './attempt-run.ts';
import type { GridMember } from './grid-member.ts';
import type { IncarnationOfKey, OperationRecord } from './operation-record.ts';
import { sleep, type Task } from './task.ts';
import { readsOfOthers, TransactionBody, type TransactionPlan } from './transaction-body.ts';
import type { World } from './world.ts';

/** How the caller is to write it down. */
export type RunResult =
  | {
      readonly kind: 'ok';
      readonly mops: readonly ListAppendMop[];
      readonly incarnationOf: IncarnationOfKey;
      /** Undefined for a body that threw: what it has read was true, at some time. */
      readonly timestamp: number | undefined;
    }
  | { readonly kind: 'failed' }
  /** The storage failed with it. */
  | { readonly kind: 'unknown' };

/** So many attempts follow each other without a pause; see decision 0012. */
const attemptsAtOnce = 3;

const failed: RunResult = { kind: 'failed' };

export class LockingRun {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #random: SeededRandom;
  readonly #record: OperationRecord;
  #attempt: AttemptRun | undefined;
  #isKilled = false;

  constructor(world: World, member: GridMember, random: SeededRandom, record: OperationRecord) {
    this.#world = world;
    this.#member = member;
    this.#random = random;
    this.#record = record;
  }

  /** Nobody waits for it any more. */
  kill(): void {
    this.#isKilled = true;
    this.#attempt?.coordinator.abort('killed');
  }

  *run(plan: TransactionPlan): Task<RunResult> {
    const { counters } = this.#world;
    const headStart = this.#headStart();
    let first: Aged | undefined;
    for (let attempts = 1; !this.#isKilled; attempts++) {
      const attempt = yield* AttemptRun.begin(this.#world, this.#member, first, headStart);
      this.#attempt = attempt;
      first ??= attempt.coordinator;
      counters.attemptsMax = Math.max(counters.attemptsMax, attempts);
      this.#maybeTimeOut(attempt);
      if (this.#isKilled) attempt.coordinator.abort('killed');
      const mops = yield* new TransactionBody(this.#world, this.#member, this.#random, attempt).run(plan);
      const result = yield* this.#end(attempt, mops);
      if (result !== 'again') return result;
      if (attempts <= attemptsAtOnce) continue;
      const pause = 4 * Math.min(attempts, 8);
      yield* sleep(this.#member.context.clock, this.#random.next() * this.#world.delay(pause));
    }
    return failed;
  }

  /** By how many draws its priority makes it count as older. */
  #headStart(): number {
    const { headStartMax } = this.#world.shape;
    return headStartMax === 0 ? 0 : this.#random.integer(-headStartMax, headStartMax);
  }

  *#end(attempt: AttemptRun, mops: readonly ListAppendMop[] | undefined): Task<RunResult | 'again'> {
    const { counters, shape, mode } = this.#world;
    const incarnationOf: IncarnationOfKey = (key) => attempt.incarnationOf(key);
    const commits = mops !== undefined && !this.#random.chance(shape.userAbortChance);
    if (commits) this.#record.unanswered = { mops, incarnationOf };
    else if (mops !== undefined) attempt.coordinator.abort('user');
    const outcome = yield* commits ? attempt.commit() : attempt.finished();
    if (outcome.committed) {
      counters.commits += 1;
      return { kind: 'ok', mops: mops ?? [], incarnationOf, timestamp: outcome.timestamp };
    }
    counters.aborts[outcome.cause] += 1;
    // It may be there after the next start.
    if (outcome.cause === 'storage-unknown') return { kind: 'unknown' };
    this.#record.unanswered = undefined;
    if (outcome.cause === 'wounded' || (outcome.cause === 'participant-lost' && mode === 'one-log'))
      return 'again';
    // What a body has read before it threw was true together, or it would have ended with another cause.
    if (outcome.cause === 'user' && mops !== undefined)
      return { kind: 'ok', mops: readsOfOthers(mops), incarnationOf, timestamp: undefined };
    return failed;
  }

  #maybeTimeOut(attempt: AttemptRun): void {
    if (!this.#random.chance(this.#world.shape.timeoutChance)) return;
    const afterMs = this.#random.next() * this.#world.delay(12);
    this.#member.context.clock.setTimer(afterMs, () => void attempt.coordinator.abort('timeout'));
  }
}
