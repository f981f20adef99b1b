// How actors treat a concurrency control that makes their turns wait, and what transactions see of them.
import {
  actor,
  actorTable,
  OverloadedError,
  type PartitionConcurrency,
  type StorageKey,
  type Waiting,
} from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { gate, oneMember } from './actor-grid.ts';

class ManualLocks implements PartitionConcurrency {
  readonly held = new Set<StorageKey>();
  lineIsFull = false;
  readonly #line: (() => void)[] = [];

  isFree(table: number, key: StorageKey): boolean {
    expect(table).toBe(actorTable(0));
    return !this.held.has(key);
  }

  wait(_table: number, _key: StorageKey, _access: string, resume: () => void): Waiting {
    if (this.lineIsFull) throw new OverloadedError('QUEUE_FULL', 'the line is full');
    this.#line.push(resume);
    return { cancel: () => undefined };
  }

  catchUp(): void {}

  isSettled(): boolean {
    return true;
  }

  waitSettled(): Waiting {
    return { cancel: () => undefined };
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Lets the first in line go on. */
  next(): void {
    this.#line.shift()?.();
  }
}

let opened = gate();
const counter = actor('counter', {
  state: () => ({ n: 0 }),
  methods: {
    add(ctx, by: number) {
      ctx.state.n += by;
      return ctx.state.n;
    },
    async addLater(ctx, by: number) {
      ctx.state.n += by;
      await opened.opened;
      return ctx.state.n;
    },
  },
});

function stage() {
  const locks = new ManualLocks();
  const grid = oneMember([counter], { partitions: 1, concurrency: locks });
  const states = grid.service.statesOf(0, grid.shared.incarnationOf(0));
  opened = gate();
  return { locks, states, a: grid.actor(counter, 'a'), b: grid.actor(counter, 'b'), grid };
}

describe('an actor that is locked', () => {
  test('lets its messages wait, in their order, one turn for each time it gets through', async () => {
    const { locks, a, b } = stage();
    expect(await a.add(1)).toBe(1);
    locks.held.add('a');
    const order: number[] = [];
    const asks = [10, 100].map((by) => a.add(by).then((n) => order.push(n)));
    expect(await b.add(1)).toBe(1);
    expect([order, locks.waiting]).toEqual([[], 1]);
    locks.next();
    await asks[0];
    // The lock was lent for one turn only.
    expect([order, locks.waiting]).toEqual([[11], 1]);
    locks.held.clear();
    locks.next();
    await Promise.all(asks);
    expect(order).toEqual([11, 111]);
  });

  test('drops an ask whose caller gave up meanwhile, and wastes its turn on nothing', async () => {
    const { locks, a, grid } = stage();
    locks.held.add('a');
    const controller = new AbortController();
    const given = grid.actor(counter, 'a', { signal: controller.signal }).add(1);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    locks.held.clear();
    locks.next();
    expect(await a.add(1)).toBe(1);
  });

  test('refuses the message when too many stand in line', async () => {
    const { locks, a } = stage();
    locks.held.add('a');
    locks.lineIsFull = true;
    await expect(a.add(1)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    locks.held.clear();
    expect(await a.add(1)).toBe(1);
  });
});

describe('transactions see of an actor', () => {
  test('whether a turn is under way, and when it has ended', async () => {
    const { states, a } = stage();
    const table = actorTable(0);
    expect([states.isAtRest(table, 'a'), states.isAtRest(table, undefined)]).toEqual([true, true]);
    const asked = a.addLater(1);
    expect([states.isAtRest(table, 'a'), states.isAtRest(table, 'b')]).toEqual([false, true]);
    expect(states.isAtRest(table, undefined)).toBe(false);
    let rested = 0;
    states.whenAtRest(table, 'a', () => rested++);
    states.whenAtRest(table, undefined, () => rested++);
    opened.open();
    await asked;
    expect([rested, states.isAtRest(table, 'a')]).toEqual([2, true]);
  });

  test('the state they install, also in one that was not active', async () => {
    const { states, a, b } = stage();
    await a.add(1);
    states.install(actorTable(0), 'a', { n: 40 });
    states.install(actorTable(0), 'b', { n: 50 });
    expect([await a.add(1), await b.add(1)]).toEqual([41, 51]);
  });
});
