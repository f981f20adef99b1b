import { describe, expect, test } from 'vitest';
import { drawDistinct, drawsOf, hotShare } from '../dist/measuring/draws.js';

/** Evenly spread numbers from 0 up to 1. */
function evenly(count: number): () => number {
  let n = 0;
  return () => ((n++ * 611_953) % count) / count;
}

describe('draws', () => {
  test('are uniform unless told otherwise', () => {
    const draw = drawsOf(10, { exponent: 0, hotPercent: 0 }, evenly(1_000));
    const counts = new Map<number, number>();
    for (let n = 0; n < 1_000; n++) {
      const index = draw();
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    expect([...counts.values()]).toEqual(Array.from({ length: 10 }, () => 100));
  });

  test('of a hotspot hit its few keys three times in four', () => {
    const draw = drawsOf(1_000, { exponent: 0, hotPercent: 1 });
    const draws = 20_000;
    let hot = 0;
    for (let n = 0; n < draws; n++) if (draw() < 10) hot++;
    expect(hot / draws).toBeGreaterThan(hotShare - 0.03);
    expect(hot / draws).toBeLessThan(hotShare + 0.05);
  });

  test('of several keys never repeat one', () => {
    const draw = drawsOf(4, { exponent: 1.5, hotPercent: 0 });
    expect(drawDistinct(draw, 4).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  });
});
