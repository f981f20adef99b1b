import { SeededRandom } from '@troupe/testkit';
import { expect, test } from 'vitest';

function draws(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.next());
}

test('seeded random repeats its draws for the same seed and differs for another', () => {
  expect(draws(new SeededRandom(42), 20)).toEqual(draws(new SeededRandom(42), 20));
  expect(draws(new SeededRandom(42), 20)).not.toEqual(draws(new SeededRandom(43), 20));
  expect(draws(new SeededRandom(1), 20)).not.toEqual(draws(new SeededRandom(2 ** 32 + 1), 20));
});

test('a fork depends on its name and the seed, not on what was drawn before', () => {
  const drawn = new SeededRandom(42);
  draws(drawn, 5);
  expect(draws(drawn.fork('site'), 10)).toEqual(draws(new SeededRandom(42).fork('site'), 10));
  expect(draws(drawn.fork('site'), 10)).not.toEqual(draws(drawn.fork('other'), 10));
  expect(draws(drawn.fork('a').fork('b'), 10)).not.toEqual(draws(drawn.fork('b').fork('a'), 10));
});

test('next() spreads evenly over 0 to 1', () => {
  const random = new SeededRandom(7);
  const buckets = Array.from({ length: 10 }, () => 0);
  for (const drawn of draws(random, 20_000)) {
    expect(drawn >= 0 && drawn < 1).toBe(true);
    buckets[Math.floor(drawn * 10)] = (buckets[Math.floor(drawn * 10)] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 2000)).toBeLessThan(200);
});

test('integer() reaches both bounds and nothing beyond', () => {
  const random = new SeededRandom(7);
  const drawn = new Set(Array.from({ length: 500 }, () => random.integer(-2, 2)));
  expect([...drawn].sort((left, right) => left - right)).toEqual([-2, -1, 0, 1, 2]);
});

test('chance() keeps to its probability, shuffle() and pick() to their elements', () => {
  const random = new SeededRandom(7);
  const hits = Array.from({ length: 10_000 }, () => random.chance(0.2)).filter(Boolean).length;
  expect(Math.abs(hits - 2000)).toBeLessThan(200);
  const elements = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = random.shuffle(elements);
  expect(shuffled).not.toEqual(elements);
  expect(shuffled.toSorted((left, right) => left - right)).toEqual(elements);
  expect(elements).toContain(random.pick(elements));
});

test('zipf() draws rank r in proportion to 1 / (r + 1)^skew', () => {
  const random = new SeededRandom(7);
  const counts = [0, 0, 0, 0];
  for (let draw = 0; draw < 25_000; draw++) {
    const rank = random.zipf(4, 1);
    counts[rank] = (counts[rank] ?? 0) + 1;
  }
  // 1 : 1/2 : 1/3 : 1/4 is 12 : 6 : 4 : 3 of 25.
  const expected = [12_000, 6000, 4000, 3000];
  counts.forEach((count, rank) => {
    expect(Math.abs(count - (expected[rank] ?? 0))).toBeLessThan(400);
  });
});

test('wrong arguments are refused', () => {
  expect(() => new SeededRandom(-1)).toThrow(RangeError);
  expect(() => new SeededRandom(1.5)).toThrow(RangeError);
  expect(() => new SeededRandom(1).integer(2, 1)).toThrow(RangeError);
  expect(() => new SeededRandom(1).pick([])).toThrow(RangeError);
  expect(() => new SeededRandom(1).zipf(0, 1)).toThrow(RangeError);
});
