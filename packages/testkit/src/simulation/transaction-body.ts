/**
 * The bodies of simulated transactions: what they ask for, in which order, and what they have seen, as the
 * micro-operations of a history. Parts of a body may run as nested transactions, which may fail and be undone.
 */
import { isInRange, type KeyRange, newest, TableOp } from '@troupe/core';
import type { AppendMop, ListAppendMop, ReadListMop } from '../history.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { actorsTable } from './actor-host.ts';
import type { AttemptRun } from './attempt-run.ts';
import type { GridMember } from './grid-member.ts';
import { clearedTable, tableCount } from './key-space.ts';
import { type CallAnswer, entriesOf } from './table-server.ts';
import { sleep, type Task, until } from './task.ts';
import type { World } from './world.ts';

type List = readonly number[];

/** Empties table 2. */
export type ClearTable = readonly ['clear table'];
/** What a body does, in order. */
export type Action = AppendMop | ReadListMop | ClearTable;

export type LockingKind = 'interactive' | 'declared' | 'blind' | 'scan' | 'rangeScan' | 'clear' | 'all';

/** One transaction, the same in every attempt. */
export interface TransactionPlan {
  readonly kind: LockingKind;
  readonly actions: readonly Action[];
  /** Writes of fresh keys that nobody reads first. */
  readonly blind: readonly AppendMop[];
}

const nestedDepthMax = 2;
const everything: KeyRange = { from: undefined, to: undefined };

export class TransactionBody {
  readonly #world: World;
  readonly #member: GridMember;
  readonly #random: SeededRandom;
  readonly #attempt: AttemptRun;

  constructor(world: World, member: GridMember, random: SeededRandom, attempt: AttemptRun) {
    this.#world = world;
    this.#member = member;
    this.#random = random;
    this.#attempt = attempt;
  }

  /** What it has seen and done; undefined when the attempt was ended meanwhile. */
  *run({ kind, actions, blind }: TransactionPlan): Task<ListAppendMop[] | undefined> {
    const scanned: ListAppendMop[] = [];
    if (kind === 'declared' && !(yield* this.#declare(actions))) return undefined;
    if (kind === 'all' && !(yield* this.#attempt.lockTables(allTables, 'write'))) return undefined;
    const scans = kind === 'scan' || kind === 'rangeScan';
    if (scans && !(yield* this.#scan(scanned, kind === 'rangeScan'))) return undefined;
    const results = yield* this.#perform(actions, kind !== 'declared', 0);
    if (results === undefined) return undefined;
    for (const [, key, value] of blind) this.#attempt.append(key, value);
    return [...scanned, ...results, ...blind];
  }

  *#declare(actions: readonly Action[]): Task<boolean> {
    const writes = actions.some(([name]) => name === 'append');
    const keys = actions.flatMap((action) => {
      const [name, key] = action;
      // Actors are locked as the body comes to them.
      return name === 'clear table' || this.#world.keys.tableOf(key) === actorsTable ? [] : [key];
    });
    return yield* this.#attempt.lockKeys(keys, writes ? 'write' : 'read');
  }

  /** Perhaps part of it as a nested transaction. */
  *#perform(actions: readonly Action[], thinks: boolean, depth: number): Task<ListAppendMop[] | undefined> {
    const { nestedChance } = this.#world.shape;
    if (actions.length === 0 || depth === nestedDepthMax || !this.#random.chance(nestedChance))
      return yield* this.#each(actions, thinks);
    const from = this.#random.integer(0, actions.length - 1);
    const to = this.#random.integer(from + 1, actions.length);
    const before = yield* this.#each(actions.slice(0, from), thinks);
    if (before === undefined) return undefined;
    const savepoint = this.#attempt.savepoint();
    const nested = yield* this.#perform(actions.slice(from, to), thinks, depth + 1);
    if (nested === undefined) return undefined;
    const fails = this.#random.chance(0.5);
    if (fails) {
      this.#attempt.rollbackTo(savepoint);
      this.#world.counters.savepoints += 1;
    }
    const after = yield* this.#each(actions.slice(to), thinks);
    if (after === undefined) return undefined;
    return [...before, ...(fails ? readsOfOthers(nested) : nested), ...after];
  }

  *#each(actions: readonly Action[], thinks: boolean): Task<ListAppendMop[] | undefined> {
    const results: ListAppendMop[] = [];
    for (const action of actions) {
      const isDone =
        action[0] === 'clear table' ? yield* this.#clearTable(results) : yield* this.#oneKey(action, results);
      if (!isDone) return undefined;
      const pause = this.#world.shape.thinkDelay / 4;
      if (thinks && pause > 0)
        yield* sleep(this.#member.context.clock, this.#random.next() * 2 * this.#world.delay(pause));
    }
    return results;
  }

  *#oneKey(mop: AppendMop | ReadListMop, results: ListAppendMop[]): Task<boolean> {
    const [name, key, value] = mop;
    const attempt = this.#attempt;
    if (this.#world.keys.tableOf(key) === actorsTable) return yield* this.#oneActor(mop, results);
    const isClearable = this.#world.keys.tableOf(key) === clearedTable;
    if (isClearable && !(yield* this.#readMarkers([this.#world.keys.markerOf(key)], results))) return false;
    if (!(yield* attempt.lockKeys([key], name === 'r' ? 'read' : 'write'))) return false;
    const named = isClearable ? this.#inGeneration(key) : key;
    // An append reads first, so what it read is recorded as well.
    results.push(['r', named, attempt.list(key)]);
    if (name === 'append') {
      attempt.append(key, value);
      results.push(['append', named, value]);
    }
    return true;
  }

  /** Part of the transaction on a copy of its state. */
  *#oneActor([name, key, value]: AppendMop | ReadListMop, results: ListAppendMop[]): Task<boolean> {
    const attempt = this.#attempt;
    if (!(yield* attempt.joinActor(key))) return false;
    results.push(['r', key, attempt.list(key)]);
    if (name === 'append') {
      attempt.append(key, value);
      results.push(['append', key, value]);
    }
    return true;
  }

  /** A new generation of table 2: the table is emptied, every marker says so. */
  *#clearTable(results: ListAppendMop[]): Task<boolean> {
    const { keys, counters } = this.#world;
    const attempt = this.#attempt;
    if (!(yield* attempt.lockKeys(keys.markers, 'write'))) return false;
    if (!(yield* attempt.lockTables([clearedTable], 'write'))) return false;
    attempt.clear(clearedTable);
    counters.clears += 1;
    const generation = keys.nextValue();
    for (const marker of keys.markers) {
      results.push(['r', marker, attempt.list(marker)], ['append', marker, generation]);
      attempt.append(marker, generation);
    }
    return true;
  }

  *#readMarkers(markers: readonly string[], results: ListAppendMop[]): Task<boolean> {
    if (!(yield* this.#attempt.lockKeys(markers, 'read'))) return false;
    for (const marker of markers) results.push(['r', marker, this.#attempt.list(marker)]);
    return true;
  }

  #inGeneration(key: string): string {
    const { keys } = this.#world;
    return keys.inGeneration(key, this.#attempt.list(keys.markerOf(key)));
  }

  /** Locks a table, then reads all of it: keys that aren't there count as empty lists. */
  *#scan(results: ListAppendMop[], isRange: boolean): Task<boolean> {
    const { shape, counters, keys, workload } = this.#world;
    const attempt = this.#attempt;
    const table = this.#random.integer(0, tableCount - 1);
    if (table === clearedTable && !(yield* this.#readMarkers(keys.markers, results))) return false;
    const knownNow = (): readonly string[] =>
      [workload.keys, keys.recentFreshKeys(20), keys.clearable][table] ?? [];
    const range = isRange ? this.#drawRange(knownNow()) : everything;
    const isLocked = yield* isRange ? attempt.lockRange(table, range) : attempt.lockTables([table], 'read');
    if (!isLocked) return false;
    counters.scans += 1;
    const found = new Map<string, List>(knownNow().map((key) => [key, []]));
    for (let partition = 0; partition < shape.partitions; partition++) {
      yield* attempt.connected([partition]);
      if (attempt.outcome !== undefined) return false;
      const answer = yield* until<CallAnswer>(
        (resume) => void this.#member.call(partition, [TableOp.scan, 0, 0, 0, table, newest], resume),
      );
      // A partition that moved or died ends the attempt; its coordinator hears of it, or finds out at the end.
      for (const [key, list] of entriesOf(answer)) found.set(key, list);
    }
    for (const [key, list] of found) {
      if (isInRange(range, key))
        results.push(['r', table === clearedTable ? this.#inGeneration(key) : key, list]);
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
}

const allTables = Array.from({ length: tableCount }, (_, table) => table);

/** What something that never took effect has read of the world, without what it saw of itself. */
export function readsOfOthers(mops: readonly ListAppendMop[]): ListAppendMop[] {
  const written = new Set<string>();
  return mops.filter(([name, key]) => {
    if (name === 'append') written.add(key);
    return name === 'r' && !written.has(key);
  });
}
