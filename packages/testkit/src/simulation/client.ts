/**
 * A client of the simulated grid: one sequential process on one member. It draws what to do next, does it as the
 * transactions package would, and writes down what it was told.
 */
import { TableOp } from '@troupe/core';
import type { AppendMop, ListAppendMop, ReadListMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { ActorOp } from './actor-host.ts';
import type { GridMember } from './grid-member.ts';
import { type KeyedCall, repeated } from './keyed-calls.ts';
import { LockingRun } from './locking-run.ts';
import { OperationRecord } from './operation-record.ts';
import { settle } from './settle.ts';
import type { OperationKind } from './shape.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { appendOp, type CallAnswer } from './table-server.ts';
import { sleep, type Task, until } from './task.ts';
import type { Action, LockingKind, TransactionPlan } from './transaction-body.ts';
import type { World } from './world.ts';

type List = readonly number[];
type TransactionKind = Exclude<OperationKind, 'plain' | 'turn' | 'snapshot' | 'snapshotScan'>;
/** A procedure has the plan of a declared transaction. */
type PlannedKind = Exclude<TransactionKind, 'procedure'>;

export class Client {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #process: string;
  readonly #random: SeededRandom;
  readonly #keysRandom: SeededRandom;

  constructor(world: World, member: GridMember, process: string) {
    this.#world = world;
    this.#member = member;
    this.#process = process;
    this.#random = member.random.fork(process);
    this.#keysRandom = member.random.fork(`keys of ${process}`);
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
    const { workload, keys, mode } = this.#world;
    const all = [
      ...workload.keys,
      ...keys.freshKeys,
      ...keys.markers,
      ...keys.clearable,
      ...(mode === 'memory' ? keys.actors : []),
    ];
    const actions = all.map((key): Action => ['r', key, undefined]);
    yield* this.#locking({ kind: 'declared', actions, blind: [] }, undefined);
  }

  *#operation(kind: OperationKind): Task {
    if (kind === 'plain') yield* this.#plain();
    else if (kind === 'turn') yield* this.#turn();
    else if (kind === 'snapshot')
      yield* new SnapshotReader(this.#world, this.#member, this.#random).read(this.#begin(), 'keys');
    else if (kind === 'snapshotScan')
      yield* new SnapshotReader(this.#world, this.#member, this.#random).read(this.#begin(), 'table');
    else yield* this.#transaction(kind);
  }

  /** Perhaps with an idempotency key, which may be another client's; then repeats what got no answer. */
  *#transaction(kind: TransactionKind): Task {
    const { keyedCalls, counters, keys, shape } = this.#world;
    const keyed = this.#keysRandom.chance(shape.keyedChance);
    const known = keyed && this.#keysRandom.chance(0.5) ? keyedCalls.tryRecent(this.#keysRandom) : undefined;
    const isProcedure = known?.isProcedure ?? kind === 'procedure';
    const plan =
      known === undefined ? this.#plan(kind === 'procedure' ? 'declared' : kind) : repeated(known.plan, keys);
    const call = known ?? (keyed ? keyedCalls.begin(plan, isProcedure) : undefined);
    if (known !== undefined) counters.repeats += 1;
    let isAnswered = yield* this.#call(plan, isProcedure, call);
    while (call !== undefined && !isAnswered && this.#keysRandom.chance(0.7)) {
      counters.repeats += 1;
      isAnswered = yield* this.#call(repeated(plan, keys), isProcedure, call);
    }
  }

  *#call(plan: TransactionPlan, isProcedure: boolean, keyed: KeyedCall | undefined): Task<boolean> {
    return yield* isProcedure ? this.#procedure(plan, keyed) : this.#locking(plan, keyed);
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

  /** False: it failed. */
  *#locking(plan: TransactionPlan, keyed: KeyedCall | undefined): Task<boolean> {
    const record = this.#begin();
    const run = new LockingRun(this.#world, this.#member, this.#random, record, keyed);
    return settle(record, yield* run.run(plan));
  }

  /** At the owner of its first key. False: it failed, or nobody knows. */
  *#procedure(plan: TransactionPlan, keyed: KeyedCall | undefined): Task<boolean> {
    const first = plan.actions[0]?.[1];
    if (first === undefined) return true;
    const record = this.#begin();
    const partition = this.#world.keys.partitionOf(first);
    yield* this.#member.connected(partition);
    const call = this.#world.procedures.begin(plan, record, keyed);
    const answer = yield* until<CallAnswer>((resume) => {
      this.#member.call(partition, this.#world.procedures.message(call), resume);
    });
    this.#world.counters.procedures += 1;
    // The thread that ran it is gone: it may have committed, elsewhere too.
    if (answer.kind !== 'lost') return settle(record, call.result ?? { kind: 'failed' });
    record.info();
    return false;
  }

  #plan(kind: PlannedKind): TransactionPlan {
    const { shape, keys } = this.#world;
    const locking: LockingKind = kind === 'clearable' || kind === 'actors' ? 'interactive' : kind;
    const actions = kind === 'blind' ? [] : this.#actions(kind);
    const chance = kind === 'blind' ? 1 : shape.blindChance;
    const count = kind === 'blind' ? this.#random.integer(2, 4) : actions.length;
    const blind: AppendMop[] = [];
    for (let index = 0; index < count; index++) {
      if (this.#random.chance(chance)) blind.push(['append', keys.freshKey(), 1]);
    }
    return { kind: locking, actions, blind };
  }

  #actions(kind: Exclude<PlannedKind, 'blind'>): Action[] {
    if (kind === 'actors') return this.#withActors(this.#world.keys.actors);
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

  /** Some of these actors, among keys. */
  #withActors(actors: readonly string[]): Action[] {
    const { keys, workload } = this.#world;
    const actions: Action[] = workload.next().slice(0, 2);
    const count = this.#random.integer(1, 2);
    for (let index = 0; index < count; index++) {
      const key = this.#random.pick(actors);
      const action: Action = this.#random.chance(0.3)
        ? ['r', key, undefined]
        : ['append', key, keys.nextValue()];
      actions.splice(this.#random.integer(0, actions.length), 0, action);
    }
    return actions;
  }

  // ── without a transaction ─────────────────────────────────────────────────────────────────────────────────────

  /** An ordinary turn; its transaction may have later actors, never earlier ones. */
  *#turn(): Task {
    const { keys, turns, shared } = this.#world;
    const key = this.#random.pick(keys.actors);
    const later = keys.actors.slice(keys.actors.indexOf(key) + 1);
    const takesTime = this.#random.chance(0.7);
    const locks = takesTime && this.#random.chance(0.7);
    const actions =
      later.length > 0 && this.#random.chance(0.3) ? this.#withActors(later) : this.#world.workload.next();
    const plan: TransactionPlan | undefined = locks ? { kind: 'interactive', actions, blind: [] } : undefined;
    const turn = turns.begin({ key, value: keys.nextValue(), takesTime, plan });
    const partition = keys.partitionOf(key);
    const record = this.#begin();
    yield* this.#member.connected(partition);
    const append: AppendMop = ['append', key, turn.value];
    const incarnation = shared.incarnationOf(partition);
    record.unanswered = { mops: [append], incarnationOf: () => incarnation };
    const answer = yield* until<CallAnswer>((resume) => {
      this.#member.call(partition, [ActorOp.ask, 0, 0, 0, turn.id], resume);
    });
    if (answer.kind === 'answered') record.ok([['r', key, answer.value as List], append], () => incarnation);
    else if (answer.kind === 'lost') record.info();
    else record.fail();
  }

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
