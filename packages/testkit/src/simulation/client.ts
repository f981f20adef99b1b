/**
 * A client of the simulated grid: one sequential process on one member. It draws what to do next, does it as the
 * transactions package would, and writes down what it was told.
 */
import { TableOp } from '@troupe/core';
import type { AppendMop, ListAppendMop, ReadListMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { GridMember } from './grid-member.ts';
import { LockingRun, type RunResult } from './locking-run.ts';
import { OperationRecord } from './operation-record.ts';
import type { OperationKind } from './shape.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { appendOp, type CallAnswer } from './table-server.ts';
import { sleep, type Task, until } from './task.ts';
import type { Action, LockingKind, TransactionPlan } from './transaction-body.ts';
import type { World } from './world.ts';

type List = readonly number[];

export class Client {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #process: string;
  readonly #random: SeededRandom;

  constructor(world: World, member: GridMember, process: string) {
    this.#world = world;
    this.#member = member;
    this.#process = process;
    this.#random = member.random.fork(process);
  }

  /** Does one operation after another until the run has had enough of them. */
  *run(): Task {
    const { shape } = this.#world;
    while (this.#world.takeOperation()) {
      const pause = this.#random.next() * 2 * this.#world.delay(shape.thinkDelay);
      if (pause > 0) yield* sleep(this.#member.context.clock, pause);
      yield* this.#operation(this.#drawKind());
    }
  }

  /** Reads every key of the run in one transaction. */
  *readAll(): Task {
    const { workload, keys } = this.#world;
    const all = [...workload.keys, ...keys.freshKeys, ...keys.markers, ...keys.clearable];
    const actions = all.map((key): Action => ['r', key, undefined]);
    yield* this.#locking({ kind: 'declared', actions, blind: [] });
  }

  *#operation(kind: OperationKind): Task {
    if (kind === 'plain') yield* this.#plain();
    else if (kind === 'snapshot')
      yield* new SnapshotReader(this.#world, this.#member, this.#random).read(this.#begin(), 'keys');
    else if (kind === 'snapshotScan')
      yield* new SnapshotReader(this.#world, this.#member, this.#random).read(this.#begin(), 'table');
    else if (kind === 'procedure') yield* this.#procedure();
    else yield* this.#locking(this.#plan(kind));
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

  #begin(): OperationRecord {
    return new OperationRecord(this.#world, this.#process);
  }

  // ── transactions that lock ────────────────────────────────────────────────────────────────────────────────────

  *#locking(plan: TransactionPlan): Task {
    const record = this.#begin();
    const run = new LockingRun(this.#world, this.#member, this.#random, record);
    settle(record, yield* run.run(plan));
  }

  /** At the owner of its first key. */
  *#procedure(): Task {
    const plan = this.#plan('declared');
    const first = plan.actions[0]?.[1];
    if (first === undefined) return;
    const record = this.#begin();
    const partition = this.#world.keys.partitionOf(first);
    yield* this.#member.connected(partition);
    const call = this.#world.procedures.begin(plan, record);
    const answer = yield* until<CallAnswer>((resume) => {
      this.#member.call(partition, this.#world.procedures.message(call), resume);
    });
    this.#world.counters.procedures += 1;
    // The thread that ran it is gone: it may have committed, elsewhere too.
    if (answer.kind === 'lost') record.info();
    else settle(record, call.result ?? { kind: 'failed' });
  }

  #plan(kind: Exclude<OperationKind, 'plain' | 'snapshot' | 'snapshotScan' | 'procedure'>): TransactionPlan {
    const { shape, keys } = this.#world;
    const locking: LockingKind = kind === 'clearable' ? 'interactive' : kind;
    const actions = kind === 'blind' ? [] : this.#actions(kind);
    const chance = kind === 'blind' ? 1 : shape.blindChance;
    const count = kind === 'blind' ? this.#random.integer(2, 4) : actions.length;
    const blind: AppendMop[] = [];
    for (let index = 0; index < count; index++) {
      if (this.#random.chance(chance)) blind.push(['append', keys.freshKey(), 1]);
    }
    return { kind: locking, actions, blind };
  }

  #actions(
    kind: Exclude<OperationKind, 'plain' | 'snapshot' | 'snapshotScan' | 'procedure' | 'blind'>,
  ): Action[] {
    if (kind !== 'clear' && kind !== 'clearable') return this.#world.workload.next();
    const around = (): (AppendMop | ReadListMop)[] =>
      Array.from({ length: this.#random.integer(0, 2) }, () => this.#onClearable());
    if (kind === 'clear') return [...around(), ['clear table'], ...around()];
    return [this.#onClearable(), ...around(), ...this.#world.workload.next().slice(0, 1)];
  }

  #onClearable(): AppendMop | ReadListMop {
    const { keys } = this.#world;
    const key = this.#random.pick(keys.clearable);
    return this.#random.chance(0.5) ? ['r', key, undefined] : ['append', key, keys.nextValue()];
  }

  // ── without a transaction ─────────────────────────────────────────────────────────────────────────────────────

  *#plain(): Task {
    const { workload, keys, counters } = this.#world;
    const [[name, key, value]] = workload.next() as [AppendMop | ReadListMop];
    const partition = keys.partitionOf(key);
    const record = this.#begin();
    yield* this.#member.connected(partition);
    const table = keys.tableOf(key);
    const message =
      name === 'r' ? [TableOp.get, 0, 0, 0, table, key] : [appendOp, 0, 0, 0, table, key, value];
    const appends: readonly ListAppendMop[] = name === 'append' ? [['append', key, value]] : [];
    let incarnation = 0;
    const answer = yield* until<CallAnswer>((resume) => {
      const sentTo = this.#world.shared.incarnationOf(partition);
      incarnation = sentTo;
      record.unanswered = { mops: appends, incarnationOf: () => sentTo };
      this.#member.call(partition, message, resume);
    });
    if (answer.kind === 'answered') {
      counters.plain += 1;
      record.ok([['r', key, (answer.value as List | undefined) ?? []], ...appends], () => incarnation);
    } else if (answer.kind === 'lost') record.info();
    else record.fail();
  }
}

function settle(record: OperationRecord, result: RunResult): void {
  if (result.kind === 'ok') record.ok(result.mops, result.incarnationOf, result.timestamp);
  else if (result.kind === 'unknown') record.info();
  else record.fail();
}
