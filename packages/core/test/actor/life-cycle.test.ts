// When actors become active and when they are passivated, and that their state survives it.
import { actor, actorTable } from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  type ActorGridOptions,
  gate,
  ManualPorts,
  oneMember,
  rejectionOf,
  twoMembers,
} from './actor-grid.ts';

let steps: string[] = [];
let held = gate();
let faults = 0;
let ports = new ManualPorts();
beforeEach(() => {
  steps = [];
  held = gate();
  faults = 0;
  ports = new ManualPorts();
});

const guest = actor('guest', {
  state: (key: string) => {
    steps.push(`made ${key}`);
    return { n: 0, seen: new Map<string, bigint>() };
  },
  passivateAfterMs: 1_000,
  activate(ctx) {
    steps.push(`activate ${ctx.key} with ${ctx.state.n}`);
    if (faults-- > 0) throw new Error('not today');
  },
  async deactivate(ctx, reason) {
    ctx.state.n += 100;
    await Promise.resolve();
    steps.push(`deactivate ${ctx.key}: ${reason}`);
  },
  methods: {
    add(ctx, by: number) {
      ctx.state.seen.set('last', BigInt(by));
      ctx.state.n += by;
      return ctx.state.n;
    },
    last: (ctx) => ctx.state.seen.get('last'),
    async hold() {
      await held.opened;
    },
    leave(ctx) {
      ctx.stop();
      return ctx.state.n;
    },
  },
});

const stage = (options: ActorGridOptions = {}) => oneMember([guest], { ports, ...options });

/** Lets time pass, and what it sets off end. */
async function pass(ms: number): Promise<void> {
  ports.nowMs += ms;
  ports.tick();
  await new Promise(setImmediate);
  ports.turn();
}

describe('an actor that nobody uses', () => {
  test('is passivated after its time, and keeps its state until its next message', async () => {
    const grid = stage();
    expect(await grid.actor(guest, 'a').add(1)).toBe(1);
    await pass(999);
    expect(grid.service.residents).toBe(1);
    await pass(1);
    expect(grid.service.residents).toBe(0);
    expect(await grid.actor(guest, 'a').add(1)).toBe(102);
    expect(await grid.actor(guest, 'a').last()).toBe(1n);
    expect(steps).toEqual(['made a', 'activate a with 0', 'deactivate a: idle', 'activate a with 101']);
  });

  test('is found again by a reference that has told it something before', async () => {
    const grid = stage();
    const tell = grid.tell(guest, 'a');
    await tell.add(1);
    await pass(1_000);
    expect(grid.service.residents).toBe(0);
    await tell.add(1);
    expect(await grid.actor(guest, 'a').last()).toBe(1n);
    expect(steps).toEqual(['made a', 'activate a with 0', 'deactivate a: idle', 'activate a with 101']);
  });

  test('is left alone while it is used, and while a turn is under way', async () => {
    const grid = stage();
    await grid.actor(guest, 'a').add(1);
    for (let i = 0; i < 5; i++) {
      await pass(600);
      await grid.actor(guest, 'a').add(1);
    }
    const holding = grid.actor(guest, 'a').hold();
    await pass(5_000);
    held.open();
    await holding;
    expect(steps).toEqual(['made a', 'activate a with 0']);
  });

  test('goes on with a message that comes while it is deactivated', async () => {
    const grid = stage();
    await grid.actor(guest, 'a').add(1);
    ports.nowMs += 1_000;
    ports.tick();
    expect(await grid.actor(guest, 'a').add(1)).toBe(102);
    expect(steps).toEqual(['made a', 'activate a with 0', 'deactivate a: idle', 'activate a with 101']);
  });

  test('is passivated after the time that the grid says, unless its definition says another', async () => {
    const plain = actor('plain', { state: (_key: string) => 0, methods: { add: (ctx) => ++ctx.state } });
    const grid = oneMember([guest, plain], { ports, passivateAfterMs: 5_000 });
    await grid.actor(plain, 'a').add();
    await grid.actor(guest, 'a').add(1);
    await pass(1_000);
    expect(grid.service.residents).toBe(1);
    await pass(4_000);
    expect(grid.service.residents).toBe(0);
    expect(await grid.actor(plain, 'a').add()).toBe(2);
  });

  test('stays active when its state is no data', async () => {
    const odd = actor('odd', {
      state: (_key: string) => ({ run: () => 1, n: 0 }),
      passivateAfterMs: 1_000,
      methods: { add: (ctx) => (ctx.state.n += ctx.state.run()) },
    });
    const grid = oneMember([odd], { ports });
    await grid.actor(odd, 'a').add();
    await pass(1_000);
    expect(await grid.actor(odd, 'a').add()).toBe(2);
  });
});

describe('an actor', () => {
  test('may stop after its turn, also with mail waiting', async () => {
    const { caller } = twoMembers([guest], { ports });
    const answers = [
      caller.actor(guest, 'a').add(1),
      caller.actor(guest, 'a').leave(),
      caller.actor(guest, 'a').add(1),
    ];
    await new Promise(setImmediate);
    ports.turn();
    expect(await Promise.all(answers)).toEqual([1, 1, 102]);
    expect(steps).toEqual(['made a', 'activate a with 0', 'deactivate a: stop', 'activate a with 101']);
  });

  test('whose `activate` throws fails what waits, and tries again with the next message', async () => {
    faults = 1;
    const grid = stage();
    expect(await rejectionOf(grid.actor(guest, 'a').add(1))).toMatchObject({ message: 'not today' });
    expect(await grid.actor(guest, 'a').add(1)).toBe(1);
  });

  test('whose `activate` throws after it was passivated keeps its state', async () => {
    const grid = stage();
    await grid.actor(guest, 'a').add(1);
    await pass(1_000);
    faults = 1;
    expect(await rejectionOf(grid.actor(guest, 'a').add(1))).toMatchObject({ message: 'not today' });
    expect(await grid.actor(guest, 'a').add(1)).toBe(102);
  });

  test('that is passive takes the state that a transaction installs', async () => {
    const grid = stage({ partitions: 1 });
    const states = grid.service.statesOf(0, grid.shared.incarnationOf(0));
    await grid.actor(guest, 'a').add(1);
    await pass(1_000);
    states.install(actorTable(0), 'a', { n: 40, seen: new Map() });
    expect(await grid.actor(guest, 'a').add(1)).toBe(41);
    states.install(actorTable(0), 'b', { n: 50, seen: new Map() });
    await pass(1_000);
    expect(grid.service.residents).toBe(0);
    expect(await grid.actor(guest, 'b').add(1)).toBe(51);
  });
});

describe('more actors than may be active', () => {
  const many = actor('many', {
    state: (key: number) => ({ key, n: 0 }),
    methods: { add: (ctx) => ++ctx.state.n, hold: () => held.opened },
  });

  test('are passivated, the least recently used first, and lose nothing', async () => {
    const grid = oneMember([many], { ports, residentsMax: 10 });
    for (let round = 1; round <= 3; round++) {
      for (let key = 0; key < 100; key++) expect(await grid.actor(many, key).add()).toBe(round);
      expect(grid.service.residents).toBe(10);
    }
  });

  test('but those with a turn under way stay', async () => {
    const grid = oneMember([many], { ports, residentsMax: 2 });
    const holding = [1, 2, 3].map((key) => grid.actor(many, key).hold());
    await grid.actor(many, 4).add();
    await grid.actor(many, 5).add();
    expect(grid.service.residents).toBe(4);
    held.open();
    await Promise.all(holding);
    await grid.actor(many, 6).add();
    expect(grid.service.residents).toBe(2);
  });
});
