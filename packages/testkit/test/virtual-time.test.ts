import { SeededRandom, VirtualTime } from '@troupe/testkit';
import { expect, test } from 'vitest';

test('virtual time runs events by time, equal times in the order they were scheduled', () => {
  const time = new VirtualTime();
  const ran: string[] = [];
  time.schedule(5, () => ran.push('late'));
  time.schedule(1, () => ran.push(`first at ${time.now}`));
  time.schedule(1, () => ran.push('second'));
  expect(time.runUntilIdle()).toBe(3);
  expect(ran).toEqual(['first at 1', 'second', 'late']);
  expect(time.now).toBe(5);
  expect(time.step()).toBe(false);
});

test('virtual time agrees with a sorted list for many random events and cancellations', () => {
  const random = new SeededRandom(3);
  const time = new VirtualTime();
  const expected: { at: number; id: number }[] = [];
  const ran: number[] = [];
  for (let id = 0; id < 2000; id++) {
    const at = random.integer(0, 100);
    const timer = time.schedule(at, () => ran.push(id));
    if (random.chance(0.7)) timer.cancel();
    else expected.push({ at, id });
  }
  expect(time.pending).toBe(expected.length);
  time.runUntilIdle();
  const inOrder = expected.sort((left, right) => left.at - right.at || left.id - right.id);
  expect(ran).toEqual(inOrder.map(({ id }) => id));
});

test('a seeded tie-breaker changes the order of equal times only, the same way for the same seed', () => {
  const orderFor = (seed: number): number[] => {
    const time = new VirtualTime({ tieBreaker: new SeededRandom(seed) });
    const ran: number[] = [];
    for (let id = 0; id < 10; id++) time.schedule(1, () => ran.push(id));
    time.schedule(0, () => ran.push(-1));
    time.runUntilIdle();
    return ran;
  };
  expect(orderFor(1)).toEqual(orderFor(1));
  expect(orderFor(1)).not.toEqual(orderFor(2));
  expect(orderFor(1)[0]).toBe(-1);
});

test('advance() runs what is due and stands at the end', () => {
  const time = new VirtualTime({ startMs: 100 });
  const ran: number[] = [];
  time.schedule(10, () => {
    ran.push(time.now);
    time.schedule(5, () => ran.push(time.now));
    time.schedule(50, () => ran.push(time.now));
  });
  time.advance(20);
  expect(ran).toEqual([110, 115]);
  expect(time.now).toBe(120);
  expect(time.pending).toBe(1);
});

test('a cancelled timer never fires, and cancelling late does no harm', () => {
  const time = new VirtualTime();
  const clock = time.clock('test');
  const ran: string[] = [];
  const cancelled = clock.setTimer(5, () => ran.push('cancelled'));
  const fired = clock.setTimer(1, () => ran.push('fired'));
  cancelled.cancel();
  cancelled.cancel();
  time.runUntilIdle();
  fired.cancel();
  time.schedule(1, () => ran.push('after'));
  expect(time.pending).toBe(1);
  time.runUntilIdle();
  expect(ran).toEqual(['fired', 'after']);
  expect(clock.nowMs()).toBe(2);
});

test('runUntilIdle() gives up on what never ends and says what is waiting', () => {
  const time = new VirtualTime();
  const repeat = (): void => {
    time.schedule(1, repeat, 'heartbeat');
  };
  repeat();
  expect(() => time.runUntilIdle(100)).toThrow(/Not idle after 100 steps at 100 ms; next are: heartbeat/);
});

test('observers are called after each step until they are removed', () => {
  const time = new VirtualTime();
  const seen: number[] = [];
  const stop = time.afterEachStep(() => seen.push(time.now));
  time.schedule(1, () => {});
  time.schedule(2, () => {});
  time.schedule(3, () => {});
  time.step();
  time.step();
  stop();
  time.step();
  expect(seen).toEqual([1, 2]);
});

test('the trace hash tells times, labels and traced content apart', () => {
  const hashOf = (delayMs: number, label: string, content: string): string => {
    const time = new VirtualTime();
    time.schedule(delayMs, () => time.trace(content), label);
    time.runUntilIdle();
    return time.traceHash;
  };
  const hashes = [hashOf(1, 'a', 'x'), hashOf(2, 'a', 'x'), hashOf(1, 'b', 'x'), hashOf(1, 'a', 'y')];
  expect(new Set(hashes).size).toBe(4);
  expect(hashOf(1, 'a', 'x')).toBe(hashes[0]);
  expect(hashes[0]).toMatch(/^[0-9a-f]{16}$/);
});
