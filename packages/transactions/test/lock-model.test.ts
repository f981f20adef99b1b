import { isInRange } from '@troupe/core';
import {
  compatible,
  LockManager,
  LockMode,
  LockOwner,
  type LockStrategy,
  noWait,
  type WoundOutcome,
  waitDie,
  woundWait,
} from '@troupe/transactions';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReferenceLocks, type ReferenceOwner, type Resource, rowText } from './lock-reference.ts';

const slots = 6;
const outcomes: Record<ReferenceOwner['standing'], WoundOutcome> = {
  answered: 'aborted',
  unanswered: 'given-back',
  committing: 'protected',
};

class TestOwner extends LockOwner implements ReferenceOwner {
  standing: ReferenceOwner['standing'] = 'unanswered';
}

interface Command {
  readonly kind: 'key' | 'range' | 'table' | 'release' | 'answer' | 'commit' | 'retry';
  readonly slot: number;
  readonly table: number;
  readonly key: number;
  /** A range of keys. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly mode: LockMode;
}

const keyMax = 4;
const bound = fc.option(fc.nat(keyMax), { nil: undefined });

const commands = fc.array(
  fc.record<Command>({
    kind: fc.constantFrom(
      'key',
      'key',
      'key',
      'key',
      'key',
      'range',
      'range',
      'table',
      'table',
      'release',
      'answer',
      'commit',
      'retry',
    ),
    slot: fc.nat(slots - 1),
    table: fc.nat(1),
    key: fc.nat(keyMax),
    from: bound,
    to: bound,
    mode: fc.constantFrom(...Object.values(LockMode)),
  }),
  { maxLength: 80, size: 'max' },
);

/** A lock manager and its reference, told the same things. */
class Pair {
  readonly manager: LockManager<TestOwner>;
  readonly reference: ReferenceLocks;
  readonly #strategy: LockStrategy;
  readonly owners: TestOwner[] = [];
  /** What has happened so far, so that a script that never gets anywhere can't pass for a test. */
  readonly seen = new Set<string>();
  #events: string[] = [];
  #nextId = 1;

  constructor(strategy: LockStrategy) {
    this.#strategy = strategy;
    this.reference = new ReferenceLocks(strategy);
    this.manager = new LockManager<TestOwner>(strategy, {
      wound: (holder, by) => {
        this.#events.push(`${holder.id} wounded by ${by.id}`);
        this.seen.add(outcomes[holder.standing]);
        return outcomes[holder.standing];
      },
      granted: (owner) => this.#events.push(`${owner.id} granted`),
      died: (owner) => {
        this.seen.add('died');
        this.#events.push(`${owner.id} died`);
      },
    });
    // Ages that differ from the order of arrival, two of them equal.
    for (const age of [3, 1, 5, 1, 2, 4]) this.owners.push(this.#newOwner(age));
  }

  run({ kind, slot, table, key, from, to, mode }: Command): void {
    const owner = this.owner(slot);
    if (kind === 'release') this.release(slot);
    else if (kind === 'retry') this.#replace(slot, owner.age);
    else if (kind === 'answer' && owner.waits === 0 && owner.standing !== 'committing')
      owner.standing = 'answered';
    else if (kind === 'commit' && owner.waits === 0) owner.standing = 'committing';
    else if (kind === 'range') this.#lock(owner, table, { from, to }, LockMode.S);
    else if (kind === 'table') this.#lock(owner, table, undefined, mode);
    else if (kind === 'key') this.#lock(owner, table, key, mode % 2 === 0 ? LockMode.S : LockMode.X);
  }

  release(slot: number): void {
    this.#replace(slot, this.#nextId);
  }

  owner(slot: number): TestOwner {
    const owner = this.owners[slot];
    if (owner === undefined) throw new Error(`no owner in slot ${slot}`);
    return owner;
  }

  #lock(owner: TestOwner, table: number, resource: Resource, mode: LockMode): void {
    // Who is committing asks for nothing more.
    if (owner.standing === 'committing') return;
    const held = this.#ask(owner, table, resource, mode);
    if (held) expect(owner.ended).toBe(false);
    else expect(owner.ended || owner.waits > 0).toBe(true);
    this.#compare(this.reference.lock(owner, table, resource, mode));
  }

  #ask(owner: TestOwner, table: number, resource: Resource, mode: LockMode): boolean {
    if (resource === undefined) return this.manager.lockTable(owner, table, mode);
    if (typeof resource === 'object') return this.manager.lockRange(owner, table, resource);
    return this.manager.lockKey(owner, table, resource, mode === LockMode.S ? LockMode.S : LockMode.X);
  }

  /** Its next attempt keeps the age; a new transaction doesn't. */
  #replace(slot: number, age: number): void {
    const owner = this.owner(slot);
    this.manager.release(owner);
    this.#compare(this.reference.release(owner));
    this.owners[slot] = this.#newOwner(age);
  }

  #compare(expectedEvents: string[]): void {
    this.manager.checkInvariants();
    this.#noteWaits();
    expect(findWaitsForCycle(this.manager.list(), this.#strategy), 'a deadlock').toBeUndefined();
    expect(this.#events.splice(0).sort()).toEqual(expectedEvents);
    const rows = this.manager
      .list()
      .map((row) => rowText(row.table, row.range ?? row.key, row.mode, row.state, row.owner.id));
    expect(rows.sort()).toEqual(this.reference.rows());
    for (const owner of this.owners) {
      expect(owner.ended).toBe(this.reference.isEnded(owner));
      expect(owner.waits > 0).toBe(this.reference.isWaiting(owner));
    }
  }

  /** Which kinds of waits there are now: for a table, for a key, for more than is held already. */
  #noteWaits(): void {
    const rows = this.manager.list();
    for (const { key, range, state, owner, table } of rows) {
      if (state !== 'waiting') continue;
      if (range !== undefined) {
        this.seen.add('waits for a range');
        continue;
      }
      this.seen.add(key === undefined ? 'waits for a table' : 'waits for a key');
      const holds = rows.some(
        (row) =>
          row.owner === owner &&
          row.table === table &&
          row.key === key &&
          row.range === undefined &&
          row.state === 'held',
      );
      if (holds) this.seen.add(key === undefined ? 'waits to upgrade a table' : 'waits to upgrade a key');
      if (rows.some((row) => row.owner.standing === 'committing' && row.state === 'held'))
        this.seen.add('waits beside one that commits');
    }
  }

  #newOwner(age: number): TestOwner {
    const id = this.#nextId;
    this.#nextId += 1;
    return new TestOwner(id, age);
  }
}

/** Lets whoever waits for nothing finish, one after another; fails when everybody waits. */
function finishAll(pair: Pair): void {
  while (!pair.manager.idle) {
    const busy = new Set(pair.manager.list().map((row) => row.owner));
    const runnable = pair.owners.findIndex((owner) => busy.has(owner) && owner.waits === 0);
    expect(runnable, 'everybody waits: a deadlock').toBeGreaterThanOrEqual(0);
    pair.release(runnable);
  }
}

/** What must have happened somewhere among the scripts, or they show nothing. */
const mustBeSeen: Readonly<Record<string, readonly string[]>> = {
  'wound-wait': [
    'aborted',
    'given-back',
    'protected',
    'waits for a table',
    'waits for a key',
    'waits for a range',
    'waits to upgrade a table',
    'waits to upgrade a key',
    'waits beside one that commits',
  ],
  'wait-die': [
    'died',
    'waits for a table',
    'waits for a key',
    'waits for a range',
    'waits to upgrade a table',
    'waits to upgrade a key',
    'waits beside one that commits',
  ],
  'no-wait': ['died'],
};

describe.each([woundWait, waitDie, noWait])('lock manager under $name', (strategy) => {
  test('does what the reference does, never has a cycle of waits, and always drains', {
    timeout: 60_000,
  }, () => {
    const seen = new Set<string>();
    const scripts = fc.property(commands, (script) => {
      const pair = new Pair(strategy);
      for (const command of script) pair.run(command);
      finishAll(pair);
      expect(pair.manager.list()).toEqual([]);
      expect(pair.manager.waiting).toBe(0);
      for (const event of pair.seen) seen.add(event);
    });
    const wanted = mustBeSeen[strategy.name] ?? ['a list'];
    // Rare events may need more scripts than the usual number.
    for (let round = 0; round === 0 || (round < 20 && !wanted.every((event) => seen.has(event))); round++)
      fc.assert(scripts, { numRuns: 60 });
    expect([...seen]).toEqual(expect.arrayContaining([...wanted]));
  });

  test('says free exactly when a newcomer would get the lock at once', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(commands, fc.nat(1), fc.nat(keyMax + 1), (script, table, key) => {
        const { manager, run } = boundPair(strategy);
        for (const command of script) run(command);
        for (const mode of [LockMode.S, LockMode.X] as const) {
          const free = manager.isFree(table, key, mode);
          expect(tryOnce(manager, (probe) => manager.lockKey(probe, table, key, mode))).toBe(free);
        }
        for (const mode of Object.values(LockMode)) {
          const free = manager.isTableFree(table, mode);
          expect(tryOnce(manager, (probe) => manager.lockTable(probe, table, mode))).toBe(free);
        }
      }),
      { numRuns: 100 },
    );
  });
});

test('the property finds the deadlocks of a strategy that lets everybody wait', { timeout: 60_000 }, () => {
  const allWait: LockStrategy = { name: 'all-wait', decide: () => 'wait', ageOfPlain: (id) => id };
  const { failed, error } = checkProperty(allWait);
  expect(failed).toBe(true);
  expect(error).toMatch(/a deadlock/);
});

function checkProperty(strategy: LockStrategy): { readonly failed: boolean; readonly error: string } {
  const property = fc.property(commands, (script) => {
    const pair = new Pair(strategy);
    for (const command of script) pair.run(command);
    finishAll(pair);
  });
  const { failed, errorInstance } = fc.check(property, { numRuns: 300, endOnFailure: true });
  return { failed, error: String(errorInstance) };
}

function boundPair(strategy: LockStrategy): {
  manager: LockManager<TestOwner>;
  run: (command: Command) => void;
} {
  const pair = new Pair(strategy);
  return { manager: pair.manager, run: (command) => pair.run(command) };
}

type Row = ReturnType<LockManager<TestOwner>['list']>[number];

/** Owners that wait for each other in a circle, if there are any: read off the list of locks alone. */
function findWaitsForCycle(rows: readonly Row[], strategy: LockStrategy): readonly number[] | undefined {
  const waitsFor = new Map<TestOwner, Set<TestOwner>>();
  for (const row of rows) {
    if (row.state !== 'waiting' || isOnlyPending(row, rows)) continue;
    const blockers = rows.filter((other) => isInTheWay(other, row, strategy)).map(({ owner }) => owner);
    waitsFor.set(row.owner, new Set([...(waitsFor.get(row.owner) ?? []), ...blockers]));
  }
  const finished = new Set<TestOwner>();
  const path: TestOwner[] = [];
  const visit = (owner: TestOwner): readonly number[] | undefined => {
    if (finished.has(owner)) return undefined;
    const start = path.indexOf(owner);
    if (start >= 0) return path.slice(start).map(({ id }) => id);
    path.push(owner);
    for (const next of waitsFor.get(owner) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    finished.add(owner);
    return undefined;
  };
  for (const owner of waitsFor.keys()) {
    const cycle = visit(owner);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** A key or range that is asked for once the intent on its table is held; until then nobody is in its way. */
function isOnlyPending(pending: Row, rows: readonly Row[]): boolean {
  const { owner, table } = pending;
  return (
    !isWholeTable(pending) &&
    rows.some(
      (row) => row.owner === owner && row.table === table && isWholeTable(row) && row.state === 'waiting',
    )
  );
}

function isWholeTable({ key, range }: Row): boolean {
  return key === undefined && range === undefined;
}

/** The same table, the same key, or a range and a key in it. */
function doMeet(a: Row, b: Row): boolean {
  if (a.table !== b.table) return false;
  if (a.range !== undefined) return b.key !== undefined && isInRange(a.range, b.key);
  if (b.range !== undefined) return a.key !== undefined && isInRange(b.range, a.key);
  return a.key === b.key;
}

function isInTheWay(other: Row, waiting: Row, strategy: LockStrategy): boolean {
  if (other.owner === waiting.owner || !doMeet(other, waiting)) return false;
  if (compatible(other.mode, waiting.mode)) return false;
  return other.state === 'held' || strategy.decide(waiting.owner, other.owner) === 'wait';
}

function tryOnce(manager: LockManager<TestOwner>, lock: (probe: TestOwner) => boolean): boolean {
  const probe = new TestOwner(1e9, 1e9);
  const held = lock(probe);
  manager.release(probe);
  manager.checkInvariants();
  return held;
}
