// The queue against a model that is a plain array, under random sequences of what can happen to it.
import { JobQueue, type QueueEntry } from '@troupe/compute';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

class Entry implements QueueEntry<Entry> {
  previous: Entry | undefined = undefined;
  next: Entry | undefined = undefined;
  priority: number;
  readonly id: number;
  /** How long its synchronous part takes. */
  readonly takesMs: number;
  /** Ends within its start. */
  readonly isSync: boolean;

  constructor(id: number, takesMs = 0, isSync = false, priority = 0) {
    this.id = id;
    this.priority = priority;
    this.takesMs = takesMs;
    this.isSync = isSync;
  }
}

class World {
  nowMs = 0;
  readonly started: number[] = [];
  readonly later: (() => void)[] = [];
  readonly queue: JobQueue<Entry>;
  onStart: (entry: Entry) => void = () => undefined;

  constructor(concurrency: number, lengthMax: number, sliceMs = 2) {
    this.queue = new JobQueue({
      concurrency,
      lengthMax,
      sliceMs,
      ports: { now: () => this.nowMs, later: (run) => this.later.push(run) },
      start: (entry) => {
        this.started.push(entry.id);
        this.nowMs += entry.takesMs;
        this.onStart(entry);
        if (entry.isSync) this.queue.ended();
      },
    });
  }

  turn(): void {
    for (const run of this.later.splice(0)) run();
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant('add' as const) },
  { weight: 3, arbitrary: fc.constant('end' as const) },
  { weight: 1, arbitrary: fc.nat(20).map((position) => ({ leaves: position })) },
);

describe('a job queue', () => {
  test('starts in order, never more than may run at once, never holds more than may wait, and loses none', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { maxLength: 80 }),
        (concurrency, lengthMax, steps) => {
          const world = new World(concurrency, lengthMax);
          const waiting: Entry[] = [];
          const expected: number[] = [];
          let executing = 0;
          let ids = 0;
          const startModel = (): void => {
            while (executing < concurrency && waiting.length > 0) {
              expected.push(waiting.shift()?.id ?? -1);
              executing++;
            }
          };
          for (const what of steps) {
            if (what === 'add') {
              const entry = new Entry(++ids);
              const fits = waiting.length < lengthMax;
              if (fits) waiting.push(entry);
              startModel();
              expect(world.queue.add(entry)).toBe(fits);
            } else if (what === 'end') {
              if (executing === 0) continue;
              executing--;
              startModel();
              world.queue.ended();
            } else {
              const [leaver] = waiting.splice(what.leaves, 1);
              if (leaver !== undefined) world.queue.remove(leaver);
            }
            expect(world.started).toEqual(expected);
            expect(world.queue.executing).toBe(executing);
            expect(world.queue.waiting).toBe(waiting.length);
            expect(world.queue.executing).toBeLessThanOrEqual(concurrency);
            expect(world.queue.waiting).toBeLessThanOrEqual(lengthMax);
          }
        },
      ),
    );
  });

  test('starts larger priorities first and keeps the order inside one, also when priorities change', () => {
    const priorities = fc.integer({ min: -2, max: 2 });
    const change = fc.oneof(
      { weight: 4, arbitrary: priorities.map((add) => ({ add })) },
      { weight: 2, arbitrary: fc.constant('end' as const) },
      { weight: 1, arbitrary: fc.nat(20).map((leaves) => ({ leaves })) },
      { weight: 1, arbitrary: fc.record({ position: fc.nat(20), to: priorities }) },
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), (steps) => {
        const world = new World(1, 1_000);
        const waiting: Entry[] = [];
        const expected: number[] = [];
        let isExecuting = false;
        let ids = 0;
        const line = (entry: Entry): void => {
          const behind = waiting.findIndex((other) => other.priority < entry.priority);
          waiting.splice(behind === -1 ? waiting.length : behind, 0, entry);
        };
        const startModel = (): void => {
          const next = isExecuting ? undefined : waiting.shift();
          if (next === undefined) return;
          expected.push(next.id);
          isExecuting = true;
        };
        for (const what of steps) {
          if (what === 'end') {
            if (!isExecuting) continue;
            isExecuting = false;
            startModel();
            world.queue.ended();
          } else if ('add' in what) {
            const entry = new Entry(++ids, 0, false, what.add);
            line(entry);
            startModel();
            world.queue.add(entry);
          } else if ('leaves' in what) {
            const [leaver] = waiting.splice(what.leaves, 1);
            if (leaver !== undefined) world.queue.remove(leaver);
          } else {
            const entry = waiting[what.position];
            if (entry === undefined) continue;
            const { priority } = entry;
            world.queue.changePriority(entry, what.to);
            if (priority === what.to) continue;
            waiting.splice(what.position, 1);
            line(entry);
          }
          expect(world.started).toEqual(expected);
          expect(world.queue.waiting).toBe(waiting.length);
        }
      }),
    );
  });

  test('starts a job at once when there is room', () => {
    const world = new World(1, 1);
    world.queue.add(new Entry(1));
    expect(world.started).toEqual([1]);
    expect(world.later).toHaveLength(0);
  });

  test('rests when jobs have had their slice, and goes on in a later turn of the event loop', () => {
    const world = new World(4, 10, 2);
    for (let id = 1; id <= 5; id++) world.queue.add(new Entry(id, 1, true));
    expect(world.started).toEqual([1, 2]);
    world.turn();
    expect(world.started).toEqual([1, 2, 3, 4]);
    world.turn();
    expect(world.started).toEqual([1, 2, 3, 4, 5]);
    world.turn();
    expect(world.queue.executing).toBe(0);
  });

  test('starts a job that another one adds after that one has returned', () => {
    const world = new World(4, 10);
    const order: string[] = [];
    world.onStart = ({ id }) => {
      order.push(`begin ${id}`);
      if (id < 3) world.queue.add(new Entry(id + 1, 0, true));
      order.push(`end ${id}`);
    };
    world.queue.add(new Entry(1, 0, true));
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });

  test('drains thousands of jobs without deepening the stack', () => {
    const world = new World(1, 100_000);
    world.queue.add(new Entry(0));
    for (let id = 1; id <= 50_000; id++) world.queue.add(new Entry(id, 0, true));
    world.queue.ended();
    expect(world.started).toHaveLength(50_001);
  });

  test('stops at a job that leaves though it does not wait', () => {
    const world = new World(1, 1);
    expect(() => world.queue.remove(new Entry(1))).toThrow(/a job left a queue it was not in/);
    expect(() => world.queue.ended()).toThrow(/more jobs have ended/);
  });
});
