import { describe, expect, test } from 'vitest';
import { forEachBounded } from '../dist/bounded.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('work done for each item', () => {
  test('is begun in order and never more of it at a time than allowed', async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    await forEachBounded([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      begun.push(item);
      running += 1;
      most = Math.max(most, running);
      await turn();
      running -= 1;
    });
    expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  test('ends with the first failure, and begins nothing after it', async () => {
    const begun: number[] = [];
    const work = forEachBounded([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await turn();
      if (item === 2) throw new Error('two');
    });
    await expect(work).rejects.toThrow('two');
    await turn();
    await turn();
    expect(begun.length).toBeLessThan(5);
  });
});
