/**
 * A client of the simulated grid: one sequential process on one member. It draws what to do next, does it as the
 * transactions package would, retries what lost a conflict, and writes down what it was told.
 */
import type { KeyRange, PartitionId } from '@troupe/core';
import { isInRange, newest, TableOp } from '@troupe/core';
import type { Aged } from '@troupe/transactions';
import type { AppendMop, ListAppendMop, ReadListMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { AttemptRun } from './attempt-run.ts';
import type { GridMember } from './grid-member.ts';
import { type IncarnationOfKey, OperationRecord } from './operation-record.ts';
import type { OperationKind } from './shape.ts';
import { appendOp, type CallAnswer } from './table-server.ts';
import { sleep, type Task, until } from './task.ts';
import type { World } from './world.ts';

type List = readonly number[];
type Mop = AppendMop | ReadListMop;
type LockingKind = 'interactive' | 'declared' | 'blind' | 'scan' | 'rangeScan';

/** How the body of an attempt ended; undefined: the attempt was ended meanwhile. */
type BodyResult = { readonly mops: readonly ListAppendMop[]; readonly commits: boolean } | undefined;

export class Client {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #process: string;
  readonly #random: SeededRandom;
  readonly #priorities: SeededRandom;
  #record: OperationRecord | undefined;

  constructor(world: World, member: GridMember, process: string) {
    this.#world = world;
    this.#member = member;
    this.#process = process;
    this.#random = member.random.fork(process);
    this.#priorities = this.#random.fork('priority');
  }

  /** The member died: what was under way has no answer. */
  died(): void {
    this.#record?.info();
  }

  /** Does one operation after another until the run has had enough of them. */
  *run(): Task {
    const { shape } = this.#world;
    while (this.#world.takeOperation()) {
      yield* this.#pause(shape.thinkDelay);
      yield* this.#operation(this.#drawKind());
    }
  }

  /** Reads every key of the run in one transaction. */
  *readAll(): Task {
    const { workload, keys } = this.#world;
    const mops = [...workload.keys, ...keys.freshKeys].map((key): Mop => ['r', key, undefined]);
    yield* this.#locking('declared', mops);
  }

  *#operation(kind: OperationKind): Task {
    if (kind === 'plain') yield* this.#plain();
    else if (kind === 'snapshot') yield* this.#snapshot();
    else if (kind === 'snapshotScan') yield* this.#snapshotScan();
    else yield* this.#locking(kind, kind === 'blind' ? [] : this.#world.workload.next());
  }

  #drawKind(): OperationKind {
    const weights = Object.entries(this.#world.shape.weights) as [OperationKind, number][];
    let drawn = this.#random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of weights) {
      drawn -= weight;
      if (drawn < 0) return kind;
    }
    return 'interactive';
  }

  /** The priority of a transaction, in draws. */
  #drawHeadStart(): number {
    const { headStartMax } = this.#world.shape;
    return headStartMax === 0 ? 0 : this.#priorities.integer(-headStartMax, headStartMax);
  }

  #begin(): OperationRecord {
    this.#record = new OperationRecord(this.#world, this.#process);
    return this.#record;
  }

  *#pause(mean: number): Task {
    if (mean > 0) yield* sleep(this.#member.context.clock, this.#random.next() * 2 * this.#world.delay(mean));
  }

  // ── transactions that lock ────────────────────────────────────────────────────────────────────────────────────

  *#locking(kind: LockingKind, mops: readonly Mop[]): Task {
    const { counters } = this.#world;
    const record = this.#begin();
    const blind = this.#blindKeys(kind, mops.length);
    const headStart = this.#drawHeadStart();
    let first: Aged | undefined;
    for (let attempts = 1; ; attempts++) {
      const attempt = yield* AttemptRun.begin(this.#world, this.#member, first, headStart);
      first ??= attempt.coordinator;
      counters.attemptsMax = Math.max(counters.attemptsMax, attempts);
      const incarnationOf: IncarnationOfKey = (key) => attempt.incarnationOf(key);
      const appends = [...mops, ...blind].filter(([name]) => name === 'append');
      record.unanswered = { mops: appends, incarnationOf };
      this.#maybeTimeOut(attempt);
      const result = yield* this.#body(kind, attempt, mops, blind);
      if (result !== undefined && !result.commits) attempt.coordinator.abort('user');
      const outcome = yield* result?.commits === true ? attempt.commit() : attempt.finished();
      if (outcome.committed) {
        counters.commits += 1;
        record.ok(result?.mops ?? [], incarnationOf, outcome.timestamp);
        return;
      }
      counters.aborts[outcome.cause] += 1;
      if (outcome.cause === 'wounded') {
        yield* this.#pause(2 * Math.min(attempts, 8));
        continue;
      }
      // What a body has read before it threw was true together, or it would have ended with another cause.
      if (outcome.cause === 'user' && result !== undefined) {
        record.ok(readsOfOthers(result.mops), incarnationOf);
      } else record.fail();
      return;
    }
  }

  #blindKeys(kind: LockingKind, mopCount: number): AppendMop[] {
    const { shape, keys } = this.#world;
    const chance = kind === 'blind' ? 1 : shape.blindChance;
    const count = kind === 'blind' ? this.#random.integer(2, 4) : mopCount;
    const blind: AppendMop[] = [];
    for (let index = 0; index < count; index++) {
      if (this.#random.chance(chance)) blind.push(['append', keys.freshKey(), 1]);
    }
    return blind;
  }

  *#body(
    kind: LockingKind,
    attempt: AttemptRun,
    mops: readonly Mop[],
    blind: readonly AppendMop[],
  ): Task<BodyResult> {
    const results: ListAppendMop[] = [];
    if (kind === 'declared' && !(yield* this.#declare(attempt, mops))) return undefined;
    const scans = kind === 'scan' || kind === 'rangeScan';
    if (scans && !(yield* this.#scan(attempt, results, kind === 'rangeScan'))) return undefined;
    for (const mop of mops) {
      const [name, key, value] = mop;
      if (!(yield* attempt.lockKeys([key], name === 'r' ? 'read' : 'write'))) return undefined;
      // An append reads first, so what it read is recorded as well.
      results.push(['r', key, attempt.list(key)]);
      if (name === 'append') {
        attempt.append(key, value);
        results.push(mop);
      }
      if (kind !== 'declared') yield* this.#pause(this.#world.shape.thinkDelay / 4);
    }
    const commits = !this.#random.chance(this.#world.shape.userAbortChance);
    for (const [, key, value] of blind) attempt.append(key, value);
    return { mops: [...results, ...blind], commits };
  }

  *#declare(attempt: AttemptRun, mops: readonly Mop[]): Task<boolean> {
    const writes = mops.some(([name]) => name === 'append');
    return yield* attempt.lockKeys(
      mops.map(([, key]) => key),
      writes ? 'write' : 'read',
    );
  }

  /** Locks the table, or a range of it, then reads all of it: keys that aren't there count as empty lists. */
  *#scan(attempt: AttemptRun, results: ListAppendMop[], isRange: boolean): Task<boolean> {
    const { shape, counters, keys, workload } = this.#world;
    const table = this.#random.integer(0, 1);
    const knownNow = (): readonly string[] => (table === 0 ? workload.keys : keys.recentFreshKeys(20));
    const range = isRange ? this.#drawRange(knownNow()) : undefined;
    if (!(yield* attempt.lockTable(table, range))) return false;
    counters.scans += 1;
    const isIn = (key: string): boolean => range === undefined || isInRange(range, key);
    const found = new Map<string, List>(knownNow().map((key) => [key, []]));
    for (let partition = 0; partition < shape.partitions; partition++) {
      yield* attempt.connected([partition]);
      if (attempt.outcome !== undefined) return false;
      const { answer } = yield* this.#call(partition, [TableOp.scan, 0, 0, 0, table, newest]);
      // A partition that moved or died ends the attempt; its coordinator hears of it, or finds out at the end.
      for (const [key, list] of entriesOf(answer)) found.set(key, list);
    }
    for (const [key, list] of found) {
      if (!isIn(key)) continue;
      attempt.found(key, list);
      results.push(['r', key, list]);
    }
    return attempt.outcome === undefined;
  }

  /** From one key up to before another, or without an end on one side. */
  #drawRange(known: readonly string[]): KeyRange {
    const draw = (): string | undefined =>
      known.length === 0 || this.#random.chance(0.3) ? undefined : this.#random.pick(known);
    const [from, to] = [draw(), draw()];
    return from !== undefined && to !== undefined && to < from ? { from: to, to: from } : { from, to };
  }

  #maybeTimeOut(attempt: AttemptRun): void {
    if (!this.#random.chance(this.#world.shape.timeoutChance)) return;
    const afterMs = this.#random.next() * this.#world.delay(12);
    this.#member.context.clock.setTimer(afterMs, () => void attempt.coordinator.abort('timeout'));
  }

  // ── without locks ─────────────────────────────────────────────────────────────────────────────────────────────

  *#plain(): Task {
    const { workload, keys, counters } = this.#world;
    const [[name, key, value]] = workload.next() as [Mop];
    const partition = keys.partitionOf(key);
    const record = this.#begin();
    yield* this.#connected(partition);
    const table = keys.tableOf(key);
    const message =
      name === 'r' ? [TableOp.get, 0, 0, 0, table, key] : [appendOp, 0, 0, 0, table, key, value];
    const appends: readonly AppendMop[] = name === 'append' ? [['append', key, value]] : [];
    const { answer, incarnation } = yield* this.#call(partition, message, (sentTo) => {
      record.unanswered = { mops: appends, incarnationOf: () => sentTo };
    });
    if (answer.kind === 'answered') {
      counters.plain += 1;
      record.ok([['r', key, (answer.value as List | undefined) ?? []], ...appends], () => incarnation);
    } else if (answer.kind === 'lost') record.info();
    else record.fail();
  }

  *#snapshot(): Task {
    const { keys, workload } = this.#world;
    const drawn = [...workload.next(), ...workload.next()]
      .filter(([name]) => name === 'r')
      .map(([, key]) => key);
    const wanted = [...new Set([...drawn, ...keys.recentFreshKeys(4)])];
    yield* this.#atSnapshot(function* (client, snapshot, read): Task<boolean> {
      for (const key of wanted) {
        const partition = keys.partitionOf(key);
        yield* client.#connected(partition);
        const message = [TableOp.read, 0, 0, 0, keys.tableOf(key), snapshot, [key]];
        const { answer, incarnation } = yield* client.#call(partition, message);
        if (answer.kind !== 'answered') return client.#countTooOld(answer);
        read(key, (answer.value as List[])[0] ?? [], incarnation);
        yield* client.#pause(client.#world.shape.thinkDelay / 2);
      }
      return true;
    });
  }

  *#snapshotScan(): Task {
    const { keys, workload, shape } = this.#world;
    const table = this.#random.integer(0, 1);
    const known = table === 0 ? [...workload.keys] : [...keys.recentFreshKeys(20)];
    yield* this.#atSnapshot(function* (client, snapshot, read): Task<boolean> {
      for (let partition = 0; partition < shape.partitions; partition++) {
        yield* client.#connected(partition);
        const { answer, incarnation } = yield* client.#call(partition, [
          TableOp.scan,
          0,
          0,
          0,
          table,
          snapshot,
        ]);
        if (answer.kind !== 'answered') return client.#countTooOld(answer);
        const found = new Map(entriesOf(answer));
        for (const key of known) {
          if (keys.partitionOf(key) === partition) read(key, found.get(key) ?? [], incarnation);
        }
      }
      return true;
    });
  }

  *#atSnapshot(
    body: (
      client: Client,
      snapshot: number,
      read: (key: string, list: List, incarnation: number) => void,
    ) => Task<boolean>,
  ): Task {
    const record = this.#begin();
    const snapshot = this.#member.snapshots.acquire();
    const mops: ListAppendMop[] = [];
    const incarnations = new Map<string, number>();
    const isWhole = yield* body(this, snapshot.timestamp, (key, list, incarnation) => {
      mops.push(['r', key, list]);
      incarnations.set(key, incarnation);
    });
    snapshot.release();
    if (!isWhole) {
      record.fail();
      return;
    }
    this.#world.counters.snapshots += 1;
    record.ok(mops, (key) => incarnations.get(key) ?? 0, snapshot.timestamp);
  }

  #countTooOld(answer: CallAnswer): false {
    if (answer.kind === 'too-old') this.#world.counters.snapshotsTooOld += 1;
    return false;
  }

  // ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────────

  *#connected(partition: PartitionId): Task {
    while (!this.#member.isConnected(partition)) {
      yield* until<void>((resume) => this.#member.whenConnected(() => resume()));
    }
  }

  *#call(
    partition: PartitionId,
    message: unknown[],
    sent?: (incarnation: number) => void,
  ): Task<{ readonly answer: CallAnswer; readonly incarnation: number }> {
    let incarnation = 0;
    const answer = yield* until<CallAnswer>((resume) => {
      incarnation = this.#world.shared.incarnationOf(partition);
      sent?.(incarnation);
      this.#member.call(partition, message, resume);
    });
    return { answer, incarnation };
  }
}

function* entriesOf(answer: CallAnswer): Generator<[key: string, list: List]> {
  if (answer.kind !== 'answered') return;
  const entries = answer.value as unknown[];
  for (let index = 0; index < entries.length; index += 2)
    yield [entries[index] as string, entries[index + 1] as List];
}

/** What an attempt that never took effect has read of the world, without what it saw of itself. */
function readsOfOthers(mops: readonly ListAppendMop[]): ListAppendMop[] {
  const written = new Set<string>();
  return mops.filter(([name, key]) => {
    if (name === 'append') written.add(key);
    return name === 'r' && !written.has(key);
  });
}
