import { WarmLoop, warmLoopRestMs } from '@troupe/core';
import { describe, expect, test } from 'vitest';

/** A loop whose turns take a fraction of a millisecond each, or longer. */
class Turns {
  nowMs = 0;
  waiting: (() => void)[] = [];
  now = (): number => this.nowMs;
  nextTurn = (run: () => void): void => void this.waiting.push(run);

  /** How many turns go by until nobody asks for one; stops at `max`. */
  run(max = 100, turnMs = 0.25): number {
    let turns = 0;
    while (this.waiting.length > 0 && turns < max) {
      this.nowMs += turnMs;
      turns++;
      for (const run of this.waiting.splice(0)) run();
    }
    return turns;
  }
}

describe('a warm loop', () => {
  test('turns for its time after a message, then stops', () => {
    const turns = new Turns();
    const warm = new WarmLoop(5, turns);
    expect(turns.run()).toBe(0);
    warm.touch();
    expect(turns.run()).toBe(20);
    warm.touch();
    expect(turns.run()).toBe(20);
  });

  test('goes on from the last message, with one turn at a time however many there are', () => {
    const turns = new Turns();
    const warm = new WarmLoop(5, turns);
    warm.touch();
    expect(turns.run(3)).toBe(3);
    for (let message = 0; message < 10; message++) warm.touch();
    expect(turns.waiting).toHaveLength(1);
    expect(turns.run()).toBe(20);
  });

  test('lets its core go for a while when others hold it up, and turns again afterwards', () => {
    const turns = new Turns();
    const warm = new WarmLoop(5, turns);
    warm.touch();
    expect(turns.run(100, 3)).toBe(1);
    warm.touch();
    expect(turns.run()).toBe(0);
    turns.nowMs += warmLoopRestMs;
    warm.touch();
    expect(turns.run()).toBe(20);
  });
});
