import { actor } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { create, gate, ManualPorts, oneMember, twoMembers } from './actor-grid.ts';

const sink = actor('sink', {
  state: (_key: string) => ({ count: 0, bytes: 0 }),
  methods: {
    take(ctx, chunk: Uint8Array) {
      ctx.state.count++;
      ctx.state.bytes += chunk.byteLength;
    },
    sum: (ctx) => ctx.state,
  },
});
const chunk = new Uint8Array(1024 * 1024);

describe('a tell', () => {
  test('paces a sender who awaits it, so that nothing is refused', async () => {
    const { caller } = twoMembers([sink]);
    for (let i = 0; i < 100; i++) await caller.tell(sink, 'a').take(chunk);
    expect(await caller.actor(sink, 'a').sum()).toEqual({ count: 100, bytes: 100 * chunk.byteLength });
  });

  test('of a sender who does not await is refused with LINK_OVERLOADED once the backlog is full', async () => {
    const { caller } = twoMembers([sink]);
    const sent = await Promise.allSettled(
      Array.from({ length: 100 }, () => caller.tell(sink, 'a').take(chunk)),
    );
    const refused = sent.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(20);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'LINK_OVERLOADED', retryable: true });
    expect((await caller.actor(sink, 'a').sum()).count).toBe(100 - refused.length);
  });

  test('on its own thread paces a sender who awaits it while the actors there have no time', async () => {
    const ports = new ManualPorts();
    const busy = actor('busy', {
      state: (_key: string) => 0,
      mailboxLengthMax: 1,
      methods: {
        work(ctx) {
          ports.nowMs += 1;
          return ++ctx.state;
        },
      },
    });
    const grid = oneMember([busy], { ports });
    let sent = 0;
    const sending = (async () => {
      for (; sent < 100; sent++) await grid.tell(busy, 'a').work();
    })();
    const told: number[] = [];
    while (told.at(-1) !== 100) {
      for (let i = 0; i < 200; i++) await Promise.resolve();
      told.push(sent);
      ports.turn();
    }
    await sending;
    expect(told.length).toBeGreaterThan(2);
    expect(grid.service.tellsRefused).toBe(0);
  });

  test('on its own thread is told when the mailbox is full', async () => {
    const stuck = gate();
    const slow = actor('slow', {
      state: (_key: string) => 0,
      mailboxLengthMax: 1,
      methods: { hold: () => stuck.opened },
    });
    const grid = oneMember([slow]);
    await grid.tell(slow, 'a').hold();
    await grid.tell(slow, 'a').hold();
    await expect(grid.tell(slow, 'a').hold()).rejects.toMatchObject({ code: 'MAILBOX_FULL' });
    stuck.open();
    await grid.member.idle();
  });

  test('on its own thread never reaches an actor of a partition that was created anew', async () => {
    const grid = oneMember([sink], { partitions: 1 });
    const tell = grid.tell(sink, 'a');
    await tell.take(chunk);
    await tell.take(chunk);
    grid.shared.raiseIncarnation(0);
    create(grid.owned, grid.shared, 0);
    await tell.take(chunk);
    expect(await grid.actor(sink, 'a').sum()).toMatchObject({ count: 1 });
  });

  test('on its own thread is refused when the grid is closed, also through a reference that was used', async () => {
    const grid = oneMember([sink]);
    const tell = grid.tell(sink, 'a');
    await tell.take(chunk);
    grid.service.close();
    await expect(tell.take(chunk)).rejects.toMatchObject({ code: 'GRID_CLOSED' });
    expect(grid.service.tellsRefused).toBe(1);
    grid.member.close();
    await expect(tell.take(chunk)).rejects.toMatchObject({ code: 'GRID_CLOSED' });
  });

  test('is refused when the grid is closed', async () => {
    const grid = oneMember([sink]);
    grid.member.close();
    await expect(grid.tell(sink, 'a').take(chunk)).rejects.toMatchObject({ code: 'GRID_CLOSED' });
  });

  test('waits, like an ask, for the thread that takes over from a lost one', async () => {
    const { caller, replaceOwner } = twoMembers([sink]);
    caller.member.lose(1, 1);
    const told = caller.tell(sink, 'a').take(new Uint8Array(3));
    const asked = caller.actor(sink, 'b').take(new Uint8Array(4));
    const { actor: ask } = replaceOwner();
    await Promise.all([told, asked]);
    expect(await caller.actor(sink, 'a').sum()).toEqual({ count: 1, bytes: 3 });
    expect(await ask(sink, 'b').sum()).toEqual({ count: 1, bytes: 4 });
  });

  test('rejects when an argument cannot be sent', async () => {
    const sent = oneMember([sink])
      .tell(sink, 'a')
      .take((() => 0) as never);
    await expect(sent).rejects.toThrow(/argument 1 of sink\.take/);
  });
});
