/** What priorities do to the order of those who wait for locks. */
import { priorityMax, priorityStepDraws } from '@troupe/core';
import { ageOf, LockManager, LockMode, LockOwner, woundWait } from '@troupe/transactions';
import { describe, expect, test } from 'vitest';

/** One key that everybody wants, and whoever has been given it, in order. */
class Line {
  readonly granted: number[] = [];
  readonly #owners = new Map<number, LockOwner>();
  readonly #locks = new LockManager(woundWait, {
    wound: () => 'protected',
    granted: (owner) => this.granted.push(owner.id),
    died: () => undefined,
  });

  enter(id: number, priority: number): void {
    const owner = new LockOwner(id, ageOf(id, priority));
    this.#owners.set(id, owner);
    if (this.#locks.lockKey(owner, 0, 'a', LockMode.X)) this.granted.push(id);
    this.#locks.checkInvariants();
  }

  leave(id: number): void {
    const owner = this.#owners.get(id);
    if (owner !== undefined) this.#locks.release(owner);
    this.#locks.checkInvariants();
  }

  get served(): number {
    return this.granted.at(-1) ?? 0;
  }
}

describe('a priority', () => {
  test('is a place in the order of age, and an id tells equal ages apart', () => {
    expect(ageOf(7, 0)).toBe(7);
    expect(ageOf(7, 1)).toBe(7 - priorityStepDraws);
    expect(ageOf(7, -priorityMax)).toBe(7 + priorityMax * priorityStepDraws);
    const line = new Line();
    line.enter(1, priorityMax);
    const equal = [
      [2 + 2 * priorityStepDraws, 2],
      [2 + priorityStepDraws, 1],
      [2, 0],
    ] as const;
    for (const [id, priority] of equal) line.enter(id, priority);
    for (let i = 0; i < equal.length; i++) line.leave(line.served);
    expect(line.granted).toEqual([1, ...equal.map(([id]) => id).reverse()]);
  });

  test('puts those with a higher one in front, each kind in the order in which they began', () => {
    const line = new Line();
    line.enter(1, priorityMax);
    for (const [i, priority] of [0, -10, 5, 0, 10, -1, 5].entries()) line.enter(10 + i, priority);
    for (let i = 0; i < 7; i++) line.leave(line.served);
    expect(line.granted).toEqual([1, 14, 12, 16, 10, 13, 15, 11]);
  });

  test('starves nobody: the lowest is served before the highest that begin later than its bound', () => {
    const line = new Line();
    const drawsEach = 30_000;
    const lowest = 2;
    line.enter(1, priorityMax);
    line.enter(lowest, -priorityMax);
    let id = 3;
    while (!line.granted.includes(lowest)) {
      // Always somebody of the highest priority in the line.
      line.enter(id, priorityMax);
      id += drawsEach;
      line.enter(id, priorityMax);
      id += drawsEach;
      line.leave(line.served);
    }
    // It went before everybody who began more than the whole span of priorities after it.
    const span = 2 * priorityMax * priorityStepDraws;
    expect(Math.max(...line.granted)).toBeLessThanOrEqual(lowest + span);
    expect(Math.max(...line.granted)).toBeGreaterThan(lowest + span / 4);
  });
});
