/**
 * One transaction with its retries, on the member that runs its body: the counterpart of `TransactionRun`. What lost a
 * conflict is tried again with a new id and the old age. Where no death loses anything, the loss of a partition is such
 * a conflict; where it empties the partition, the caller is told.
 */
import type { Aged } from '@troupe/transactions';
import type { ListAppendMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { AttemptRun } from './attempt-run.ts';
import { BusyList } from './busy-list.ts';
import type { GridMember } from './grid-member.ts';
import { foundRow, type KeyedAnswer, type KeyedCall, writtenRows } from './keyed-calls.ts';
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

/** No row expires within a run. */
const retentionMs = 1e12;

/** So many attempts follow each other without a pause; see decision 0012. */
const attemptsAtOnce = 3;

/** In mean delays of a link, at first. */
const patience = 10;

const failed: RunResult = { kind: 'failed' };

export class LockingRun {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #random: SeededRandom;
  readonly #record: OperationRecord;
  readonly #keyed: KeyedCall | undefined;
  #attempt: AttemptRun | undefined;
  #busy: BusyList | undefined;
  #isKilled = false;

  constructor(
    world: World,
    member: GridMember,
    random: SeededRandom,
    record: OperationRecord,
    keyed: KeyedCall | undefined,
  ) {
    this.#world = world;
    this.#member = member;
    this.#random = random;
    this.#record = record;
    this.#keyed = keyed;
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
      this.#guard(attempt);
      first ??= attempt.coordinator;
      counters.attemptsMax = Math.max(counters.attemptsMax, attempts);
      this.#maybeTimeOut(attempt);
      if (this.#isKilled) attempt.coordinator.abort('killed');
      const body = new TransactionBody(this.#world, this.#member, this.#random, attempt);
      const isReady =
        this.#busy === undefined ||
        (yield* this.#busy.lockFirst(attempt, this.#member.context.clock, this.#member));
      const mops = isReady ? yield* body.run(plan) : undefined;
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
    if (commits) {
      this.#keep(attempt, mops);
      this.#record.unanswered = { mops: [...mops, ...this.#rows(attempt)], incarnationOf };
    } else if (mops !== undefined) attempt.coordinator.abort('user');
    const outcome = yield* commits ? attempt.commit() : attempt.finished();
    if (outcome.committed) {
      counters.commits += 1;
      const rows = this.#rows(attempt).filter(([, row]) => incarnationOf(row) > 0);
      return { kind: 'ok', mops: [...(mops ?? []), ...rows], incarnationOf, timestamp: outcome.timestamp };
    }
    counters.aborts[outcome.cause] += 1;
    // It may be there after the next start.
    if (outcome.cause === 'storage-unknown') return { kind: 'unknown' };
    this.#record.unanswered = undefined;
    if (attempt.once?.isAnswered === true) return this.#stored(attempt);
    if (outcome.cause === 'busy') {
      this.#busy ??= new BusyList(this.#world.delay(patience));
      this.#busy.note(attempt.busy);
      return 'again';
    }
    if (outcome.cause === 'wounded' || (outcome.cause === 'participant-lost' && mode === 'one-log'))
      return 'again';
    // What a body has read before it threw was true together, or it would have ended with another cause.
    if (outcome.cause === 'user' && mops !== undefined)
      return { kind: 'ok', mops: readsOfOthers(mops), incarnationOf, timestamp: undefined };
    return failed;
  }

  // ── its idempotency key ───────────────────────────────────────────────────────────────────────────────────────

  #guard(attempt: AttemptRun): void {
    if (this.#keyed === undefined) return;
    const { key, isProcedure } = this.#keyed;
    attempt.once = this.#world.parts.guard(key, isProcedure ? 'procedure' : undefined, {
      partitionCount: this.#world.shape.partitions,
      retentionMs,
      nowMs: () => this.#member.context.clock.nowMs(),
    });
  }

  #keep(attempt: AttemptRun, mops: readonly ListAppendMop[]): void {
    if (this.#keyed === undefined) return;
    const answer: KeyedAnswer = { by: attempt.coordinator.id, mops };
    attempt.once?.keep(answer);
    this.#world.keyedCalls.ended(this.#keyed, attempt.known, answer);
  }

  /** The rows that a commit writes, in every partition: those that it didn't touch are to be left out. */
  #rows({ coordinator }: AttemptRun): ListAppendMop[] {
    if (this.#keyed === undefined) return [];
    return writtenRows(this.#keyed.key, coordinator.id, Array(this.#world.shape.partitions).keys());
  }

  /** The call had been made before. However this attempt ended, the row it found was committed. */
  #stored(attempt: AttemptRun): RunResult {
    if (this.#keyed === undefined || attempt.foundAt === undefined) return failed;
    const answer = attempt.once?.storedAnswer() as KeyedAnswer;
    this.#world.counters.storedAnswers += 1;
    this.#world.keyedCalls.told(this.#keyed, answer);
    return {
      kind: 'ok',
      mops: foundRow(this.#keyed.key, answer.by, attempt.foundAt),
      incarnationOf: (key) => attempt.incarnationOf(key),
      timestamp: undefined,
    };
  }

  #maybeTimeOut(attempt: AttemptRun): void {
    if (!this.#random.chance(this.#world.shape.timeoutChance)) return;
    const afterMs = this.#random.next() * this.#world.delay(12);
    this.#member.context.clock.setTimer(afterMs, () => void attempt.coordinator.abort('timeout'));
  }
}
