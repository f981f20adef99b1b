// Timers that actors set: they come as messages, in turns, and end with the activation.
import { actor } from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { gate, ManualPorts, oneMember, rejectionOf } from './actor-grid.ts';

let ports = new ManualPorts();
let held = gate();
beforeEach(() => {
  ports = new ManualPorts();
  held = gate();
});

const clock = actor('clock', {
  state: (_key: string) => [] as string[],
  mailboxLengthMax: 3,
  passivateAfterMs: 1_000,
  methods: {
    in: (ctx, name: string, ms: number) => ctx.setTimer(name, ms, 'ring', name),
    every: (ctx, name: string, everyMs: number) => ctx.setTimer(name, { everyMs }, 'ring', name),
    wrong: (ctx, method: string) => ctx.setTimer('wrong', 1, method),
    clear: (ctx, name: string) => ctx.clearTimer(name),
    ring: (ctx, name: string) => void ctx.state.push(name),
    hold: () => held.opened,
    leave: (ctx) => ctx.stop(),
    log: (ctx) => ctx.state,
  },
});

const stage = () => {
  const grid = oneMember([clock], { ports });
  return { grid, one: grid.actor(clock, 'a') };
};

describe('a timer', () => {
  test('sends its message when it is due, once', async () => {
    const { one } = stage();
    await one.in('x', 100);
    ports.pass(99);
    expect(await one.log()).toEqual([]);
    ports.pass(1);
    expect(await one.log()).toEqual(['x']);
    ports.pass(1_000);
    expect(await one.log()).toEqual(['x']);
    expect(ports.timers).toBe(0);
  });

  test('comes again and again until it is taken back', async () => {
    const { one } = stage();
    await one.every('x', 10);
    ports.pass(35);
    expect(await one.log()).toEqual(['x', 'x', 'x']);
    expect([await one.clear('x'), await one.clear('x')]).toEqual([true, false]);
    ports.pass(100);
    expect(await one.log()).toHaveLength(3);
  });

  test('takes the place of the one of the same name', async () => {
    const { one } = stage();
    await one.in('x', 10);
    await one.in('x', 50);
    ports.pass(49);
    expect(await one.log()).toEqual([]);
    ports.pass(1);
    expect(await one.log()).toEqual(['x']);
  });

  test('waits for the turn under way, and one that repeats does not pile up', async () => {
    const { one } = stage();
    await one.every('x', 10);
    await one.in('y', 15);
    const holding = one.hold();
    ports.pass(100);
    held.open();
    await holding;
    expect(await one.log()).toEqual(['x', 'y']);
  });

  test('comes late, but comes, when the mailbox is full', async () => {
    const { grid, one } = stage();
    await one.in('y', 10);
    const holding = one.hold();
    for (const name of ['1', '2', '3']) void grid.tell(clock, 'a').ring(name);
    ports.pass(20);
    held.open();
    await holding;
    await one.log();
    ports.pass(50);
    expect(await one.log()).toEqual(['1', '2', '3', 'y']);
  });

  test('keeps its actor from being passivated, and ends when it stops', async () => {
    const { grid, one } = stage();
    await one.every('x', 10_000);
    ports.pass(5_000);
    ports.tick();
    expect(grid.service.residents).toBe(1);
    await one.leave();
    expect([grid.service.residents, ports.timers]).toEqual([0, 0]);
    ports.pass(20_000);
    expect(await one.log()).toEqual([]);
  });

  test('ends when the grid closes, and is refused when it is wrong', async () => {
    const { grid, one } = stage();
    await one.in('x', 10);
    expect(await rejectionOf(one.wrong('nothing'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rejectionOf(one.in('x', -1))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    grid.service.close();
    expect(ports.timers).toBe(0);
  });
});
