import { TimeSlices } from '@troupe/compute';
import { describe, expect, test } from 'vitest';

describe('time slices', () => {
  test('let one job go on in each turn, in the order in which they have rested', async () => {
    const later: (() => void)[] = [];
    let nowMs = 0;
    const slices = new TimeSlices({ now: () => nowMs, later: (run) => later.push(run) }, 2);
    const order: string[] = [];
    const work = async (name: string): Promise<void> => {
      const slice = slices.begin();
      for (let step = 1; step <= 2; step++) {
        nowMs += 2;
        order.push(`${name}${step}`);
        if (slice.isSpent) await slice.rest();
      }
    };
    const all = Promise.all([work('a'), work('b'), work('c')]);
    const turns: string[][] = [];
    while (later.length > 0) {
      turns.push(order.splice(0));
      for (const run of later.splice(0)) run();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    turns.push(order.splice(0));
    await all;
    expect(turns.slice(0, 4)).toEqual([['a1', 'b1', 'c1'], ['a2'], ['b2'], ['c2']]);
  });

  test('are spent when their time is over', () => {
    let nowMs = 0;
    const slice = new TimeSlices({ now: () => nowMs, later: () => undefined }, 2).begin();
    nowMs = 1.9;
    expect(slice.isSpent).toBe(false);
    nowMs = 2;
    expect(slice.isSpent).toBe(true);
  });
});
