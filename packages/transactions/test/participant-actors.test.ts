/** How a participant hands out actors: not while a turn is under way, and without ever waiting for one with locks in hand. */
import { type ActorStates, actorTable, PartitionStore, SharedState, type StorageKey } from '@troupe/core';
import {
  LockMode,
  type Origin,
  Participant,
  Refusal,
  ReplyOp,
  RequestOp,
  StatusWords,
  statusMemoryBytes,
} from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

const users = 1;
const carts = actorTable(0);
const orders = actorTable(3);
const { X } = LockMode;
const names = new Map<unknown, string>(Object.entries(ReplyOp).map(([name, op]) => [op, name]));

/** Actors whose turns the test begins and ends by hand. */
class ManualActors implements ActorStates {
  readonly turns = new Set<string>();
  readonly installed: unknown[][] = [];
  #waiting: (() => void)[] = [];

  isAtRest(table: number, key: StorageKey | undefined): boolean {
    if (key !== undefined) return !this.turns.has(`${table} ${String(key)}`);
    return ![...this.turns].some((turn) => turn.startsWith(`${table} `));
  }

  whenAtRest(_table: number, _key: StorageKey | undefined, resume: () => void): void {
    this.#waiting.push(resume);
  }

  install(table: number, key: StorageKey, state: unknown): void {
    this.installed.push([table, key, state]);
  }

  begin(table: number, key: string): void {
    this.turns.add(`${table} ${key}`);
  }

  end(table: number, key: string): void {
    this.turns.delete(`${table} ${key}`);
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** One partition, and coordinators of one member; a transaction's slot and age is its id. */
class Stage {
  readonly shared = SharedState.create(1, 2);
  readonly store = new PartitionStore(this.shared, 0);
  readonly actors = new ManualActors();
  readonly participant = new Participant(
    { id: 0, incarnation: 5, store: this.store, actors: this.actors },
    { draw: () => this.shared.draw(), lookLater: () => undefined },
  );
  readonly words = new StatusWords(new SharedArrayBuffer(statusMemoryBytes(64)));
  readonly replies: unknown[][] = [];
  readonly origin: Origin = { words: this.words, send: (message) => this.replies.push(message) };

  constructor() {
    while (this.shared.now() < 50) this.shared.draw();
    for (let id = 1; id < 10; id++) this.words.begin(id, id);
  }

  take(): unknown[][] {
    return this.replies.splice(0).map(([op, id, , ...rest]) => [`${names.get(op)} ${String(id)}`, ...rest]);
  }

  lock(id: number, table: number, key: string, patience?: 'patiently'): void {
    const known = [...this.participant.records()].some((record) => record.id === id);
    const message = [RequestOp.lock, id, 0, 5, id, id, known ? 0 : 1, 1, [table, key, X]];
    this.participant.lock(patience === undefined ? message : [...message, 1], this.origin);
  }

  lockTable(id: number, table: number, patience?: 'patiently'): void {
    const message = [RequestOp.lockTable, id, 0, 5, id, id, 1, 1, table, X];
    this.participant.lockTable(patience === undefined ? message : [...message, 1], this.origin);
  }

  end(id: number): void {
    this.participant.decide([RequestOp.decide, id, 0, 5, 0]);
  }

  fate(id: number): string {
    return this.words.fate(id, id);
  }
}

describe('an actor at rest', () => {
  test('is locked like a key, and its state installed by the commit', () => {
    const stage = new Stage();
    stage.lock(1, carts, 'a');
    expect(stage.take()).toEqual([['answer 1', 1, [undefined]]]);
    expect(stage.participant.isFree(carts, 'a', 'write')).toBe(false);
    expect(stage.participant.isFree(carts, 'b', 'write')).toBe(true);
    stage.participant.commit([RequestOp.commit, 1, 0, 5, 60, [carts, 'a', { n: 1 }, users, 'u', 2], []]);
    expect(stage.actors.installed).toEqual([[carts, 'a', { n: 1 }]]);
    expect(stage.store.read(users, 'u')).toBe(2);
    expect(stage.store.read(carts, 'a')).toBeUndefined();
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('whose new state is voted for keeps no snapshot of a table waiting', () => {
    const stage = new Stage();
    stage.lock(1, carts, 'a');
    stage.participant.prepare(
      [RequestOp.prepare, 1, 0, 5, 1, 1, 0, [carts, 'a', { n: 1 }], []],
      stage.origin,
    );
    expect(stage.participant.isSettled(users, undefined, stage.shared.draw())).toBe(true);
  });

  test('makes ordinary turns stand in line, and lets one take its turn when it is free', () => {
    const stage = new Stage();
    stage.lock(1, carts, 'a');
    stage.take();
    let turns = 0;
    stage.participant.wait(carts, 'a', 'write', () => turns++);
    stage.lock(2, carts, 'a');
    expect([turns, stage.take()]).toEqual([0, []]);
    stage.end(1);
    // The older transaction goes first.
    expect([turns, stage.take()]).toEqual([0, [['answer 2', 1, [undefined]]]]);
    stage.end(2);
    expect(turns).toBe(1);
    expect(stage.participant.locks.idle).toBe(true);
  });
});

describe('an actor in a turn', () => {
  test('is refused as busy, with its name, and so ends the transaction', () => {
    const stage = new Stage();
    stage.lock(1, users, 'u');
    stage.take();
    stage.actors.begin(carts, 'a');
    stage.lock(1, carts, 'a');
    expect(stage.take()).toEqual([['refused 1', Refusal.busy, carts, 'a']]);
    expect(stage.fate(1)).toBe('aborted');
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('does not keep others of its type busy, but the whole type', () => {
    const stage = new Stage();
    stage.actors.begin(carts, 'a');
    stage.lock(1, carts, 'b');
    stage.lockTable(2, orders);
    stage.lockTable(3, carts);
    expect(stage.take()).toEqual([
      ['answer 1', 1, [undefined]],
      ['answer 2', 1, []],
      ['refused 3', Refusal.busy, carts, undefined],
    ]);
  });

  test('is waited for by one that holds nothing else, while no further turn begins', () => {
    const stage = new Stage();
    stage.actors.begin(carts, 'a');
    stage.lock(1, carts, 'a', 'patiently');
    expect(stage.take()).toEqual([]);
    expect(stage.participant.isFree(carts, 'a', 'write')).toBe(false);
    stage.actors.end(carts, 'a');
    expect(stage.take()).toEqual([['answer 1', 1, [undefined]]]);
  });

  test('is waited for by one that wants all of the type, turn by turn', () => {
    const stage = new Stage();
    stage.actors.begin(carts, 'a');
    stage.actors.begin(carts, 'b');
    stage.lockTable(1, carts, 'patiently');
    stage.actors.end(carts, 'a');
    expect(stage.take()).toEqual([]);
    stage.actors.end(carts, 'b');
    expect(stage.take()).toEqual([['answer 1', 1, []]]);
  });

  test('is not waited for behind a patient one: the turn may need what those in line hold', () => {
    const stage = new Stage();
    stage.lock(1, carts, 'a');
    // 2 and 3 wait for 1: no turn is under way.
    stage.lock(2, carts, 'a', 'patiently');
    stage.lock(3, users, 'u');
    stage.lock(3, carts, 'a');
    stage.take();
    // A turn is let through between 1 and 2, and goes on.
    stage.actors.begin(carts, 'a');
    stage.end(1);
    expect(stage.take()).toEqual([['refused 3', Refusal.busy, carts, 'a']]);
    expect([stage.fate(2), stage.fate(3)]).toEqual(['active', 'aborted']);
    stage.lock(4, carts, 'a');
    expect(stage.take()).toEqual([['refused 4', Refusal.busy, carts, 'a']]);
    stage.actors.end(carts, 'a');
    expect(stage.take()).toEqual([['answer 2', 1, [undefined]]]);
  });

  test('that began when an ordinary message got through is refused to who comes next in line', () => {
    const stage = new Stage();
    stage.lock(1, carts, 'a');
    stage.take();
    stage.participant.wait(carts, 'a', 'write', () => stage.actors.begin(carts, 'a'));
    const younger = stage.shared.draw();
    stage.words.begin(20, younger);
    stage.participant.lock([RequestOp.lock, younger, 0, 5, 20, younger, 1, 1, [carts, 'a', X]], stage.origin);
    expect(stage.take()).toEqual([]);
    stage.end(1);
    expect(stage.take()).toEqual([[`refused ${younger}`, Refusal.busy, carts, 'a']]);
  });

  test('gives a patient one that was overtaken by an older patient one its place back', () => {
    const stage = new Stage();
    stage.actors.begin(carts, 'a');
    stage.lock(2, carts, 'a', 'patiently');
    stage.lock(1, carts, 'a', 'patiently');
    stage.actors.end(carts, 'a');
    expect(stage.take()).toEqual([['answer 1', 1, [undefined]]]);
    stage.end(1);
    expect(stage.take()).toEqual([['answer 2', 1, [undefined]]]);
    stage.end(2);
    expect(stage.participant.locks.idle).toBe(true);
  });

  test('is forgotten by one that ended while it waited', () => {
    const stage = new Stage();
    stage.actors.begin(carts, 'a');
    stage.lock(1, carts, 'a', 'patiently');
    stage.end(1);
    stage.actors.end(carts, 'a');
    expect(stage.take()).toEqual([]);
    expect(stage.participant.locks.idle).toBe(true);
  });
});
