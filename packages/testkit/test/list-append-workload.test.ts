import { ListAppendWorkload, SeededRandom } from '@troupe/testkit';
import { expect, test } from 'vitest';

test('the workload appends each value once per key and retires keys that are used up', () => {
  const workload = new ListAppendWorkload(new SeededRandom(4), { liveKeys: 3, appendsPerKeyMax: 8 });
  const appended = new Set<string>();
  let reads = 0;
  for (let count = 0; count < 1000; count++) {
    const mops = workload.next();
    expect(mops.length).toBeGreaterThanOrEqual(1);
    expect(mops.length).toBeLessThanOrEqual(4);
    for (const [name, key, value] of mops) {
      expect(workload.keys).toContain(key);
      if (name === 'r') reads += 1;
      else {
        expect(value).toBeLessThanOrEqual(8);
        expect(appended.has(`${key} ${value}`)).toBe(false);
        appended.add(`${key} ${value}`);
      }
    }
  }
  expect(Math.abs(reads - appended.size)).toBeLessThan(200);
  expect(workload.keys.length).toBeGreaterThan(100);
});

test('the workload draws the same transactions for the same seed', () => {
  const draw = (seed: number): unknown => {
    const workload = new ListAppendWorkload(new SeededRandom(seed));
    return Array.from({ length: 50 }, () => workload.next());
  };
  expect(draw(4)).toEqual(draw(4));
  expect(draw(4)).not.toEqual(draw(5));
});
