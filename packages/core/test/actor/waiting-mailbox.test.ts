// A mailbox before which messages wait: nothing that was accepted is lost, and whoever awaits is as fast as the actor.
import { actor } from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { gate, oneMember, rejectionOf, twoMembers } from './actor-grid.ts';

let opened = gate();
beforeEach(() => {
  opened = gate();
});

const narrow = actor('narrow', {
  state: (_key: string) => [] as number[],
  mailboxLengthMax: 2,
  overflow: 'wait',
  methods: {
    async hold() {
      await opened.opened;
    },
    add: (ctx, n: number) => ctx.state.push(n),
    all: (ctx) => ctx.state,
  },
});

describe.each([
  ['on one thread', false],
  ['on another', true],
])('a full mailbox with `overflow: wait`, %s,', (_, apart) => {
  const stage = () => {
    if (!apart) return { grid: oneMember([narrow]), owner: undefined };
    const { caller, owner } = twoMembers([narrow]);
    return { grid: caller, owner };
  };

  test('lets tells and asks wait, in their order, and accepts them one by one', async () => {
    const { grid } = stage();
    const holding = grid.actor(narrow, 'a').hold();
    const accepted: number[] = [];
    const told = Array.from({ length: 50 }, (__, n) =>
      grid
        .tell(narrow, 'a')
        .add(n)
        .then(() => accepted.push(n)),
    );
    const asked = grid.actor(narrow, 'a').all();
    await grid.actor(narrow, 'b').all();
    await Promise.resolve();
    expect(accepted).toEqual([0, 1]);
    opened.open();
    await Promise.all([holding, ...told]);
    expect(await asked).toEqual(Array.from({ length: 50 }, (__, n) => n));
    expect(accepted).toEqual(await asked);
  });

  test('refuses with MAILBOX_FULL what is beyond the line', async () => {
    const { grid } = stage();
    const holding = grid.actor(narrow, 'a').hold();
    const told = Array.from({ length: 10_003 }, (__, n) => grid.tell(narrow, 'a').add(n));
    expect(await rejectionOf(told.at(-1) as Promise<void>)).toMatchObject({ code: 'MAILBOX_FULL' });
    opened.open();
    await holding;
    await told[10_001];
    expect(await grid.actor(narrow, 'a').all()).toHaveLength(10_002);
  });

  test('drops an ask of the line whose caller gives up', async () => {
    const { grid } = stage();
    const holding = grid.actor(narrow, 'a').hold();
    for (const n of [1, 2]) void grid.tell(narrow, 'a').add(n);
    const controller = new AbortController();
    const given = grid.actor(narrow, 'a', { signal: controller.signal }).add(3);
    const last = grid.tell(narrow, 'a').add(4);
    // A cancellation may overtake what it is about, or come later than a turn.
    await grid.actor(narrow, 'b').all();
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    await grid.actor(narrow, 'b').all();
    opened.open();
    await Promise.all([holding, last]);
    expect(await grid.actor(narrow, 'a').all()).toEqual([1, 2, 4]);
  });
});

test('a lost sender takes what he had in the line with him, and no more', async () => {
  const { caller, owner } = twoMembers([narrow]);
  const holding = caller.actor(narrow, 'a').hold();
  holding.catch(() => undefined);
  const told = Array.from({ length: 5 }, (_, n) => caller.tell(narrow, 'a').add(n));
  await told[1];
  owner.member.lose(0, 1);
  opened.open();
  await new Promise(setImmediate);
  expect(await owner.actor(narrow, 'a').all()).toEqual([0, 1]);
  expect(owner.service.openMessages).toBe(0);
});
