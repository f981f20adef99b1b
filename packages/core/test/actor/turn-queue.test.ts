import { TurnQueue, type TurnTaker, turnBudgetMsMax, turnsAtOnce } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ManualPorts } from './actor-grid.ts';

class Taker implements TurnTaker {
  previous: TurnTaker | undefined = undefined;
  next: TurnTaker | undefined = undefined;
  urgent = false;
  queued = false;
  left: number;
  readonly #turn: () => void;

  constructor(turns: number, turn: () => void) {
    this.left = turns;
    this.#turn = turn;
  }

  get runnable(): boolean {
    return this.left > 0;
  }

  runTurns(turnsMax: number): number {
    let turns = 0;
    for (; this.runnable && turns < turnsMax; turns++) {
      this.left--;
      this.#turn();
    }
    return turns;
  }
}

describe('a turn queue', () => {
  test('runs what is added at once', () => {
    const queue = new TurnQueue(new ManualPorts());
    const taker = new Taker(3, () => undefined);
    queue.add(taker);
    expect(taker.left).toBe(0);
  });

  test('lets those added within a turn take a few turns each, round and round, without nesting', () => {
    const queue = new TurnQueue(new ManualPorts());
    const log: string[] = [];
    let depth = 0;
    const few = turnsAtOnce;
    const b = new Taker(few + 1, () => log.push(`b${depth}`));
    const a = new Taker(2 * few, () => {
      depth++;
      queue.add(b);
      log.push(`a${depth}`);
      depth--;
    });
    queue.add(a);
    const round = (name: string): string[] => Array.from({ length: few }, () => name);
    expect(log).toEqual([...round('a1'), ...round('b0'), ...round('a1'), 'b0']);
  });

  test('stops when its time is used up and goes on in the next turn of the event loop', () => {
    const ports = new ManualPorts();
    const queue = new TurnQueue(ports);
    const taker = new Taker(100, () => {
      ports.nowMs += 0.1;
    });
    queue.add(taker);
    const leftAtFirst = taker.left;
    expect(leftAtFirst).toBeGreaterThan(0);
    const other = new Taker(1, () => undefined);
    queue.add(other);
    expect(other.left).toBe(1);
    ports.turn();
    expect(taker.left).toBeLessThan(leftAtFirst);
    expect(other.left).toBe(0);
    let turns = 0;
    while (ports.turn() > 0) turns++;
    expect(taker.left).toBe(0);
    expect(turns).toBeGreaterThan(0);
  });

  test('makes room for a while after its time is used up', () => {
    const ports = new ManualPorts();
    const queue = new TurnQueue(ports);
    const taker = new Taker(1_000, () => {
      ports.nowMs += 0.1;
    });
    queue.add(taker);
    const { left } = taker;
    let made = 0;
    while (queue.makeRoom(taker, turnBudgetMsMax)) made++;
    expect(made).toBeGreaterThan(50);
    expect(taker.left).toBe(left - made);
  });

  test('lets nobody begin while more messages are at hand', () => {
    const queue = new TurnQueue(new ManualPorts());
    const [a, b] = [new Taker(2, () => undefined), new Taker(1, () => undefined)];
    queue.hold();
    queue.add(a);
    queue.add(b);
    expect([a.left, b.left]).toEqual([2, 1]);
    queue.release();
    expect([a.left, b.left]).toEqual([0, 0]);
  });

  test('makes room by letting go on who is held, also long after the last turn', () => {
    const ports = new ManualPorts();
    const queue = new TurnQueue(ports);
    ports.nowMs += 1_000_000;
    const [a, full] = [new Taker(1, () => undefined), new Taker(3, () => undefined)];
    queue.hold();
    queue.add(a);
    queue.add(full);
    expect(queue.makeRoom(full, turnBudgetMsMax)).toBe(true);
    expect([a.left, full.left]).toEqual([0, 0]);
    queue.release();
  });
});
