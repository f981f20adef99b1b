// What is kept of messages that came to nothing, and how much of it.
import { actor, deadLetterBytesMax, deadLettersMax, deadLettersRefusedShare } from '@troupe/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { gate, ManualPorts, oneMember, rejectionOf, twoMembers } from './actor-grid.ts';

let held = gate();
beforeEach(() => {
  held = gate();
});

const sink = actor('sink', {
  state: (_key: string) => [] as unknown[],
  mailboxLengthMax: 2,
  methods: {
    take: (ctx, ...words: unknown[]) => void ctx.state.push(...words),
    hold: () => held.opened,
    fail(_, word: unknown) {
      throw new Error(String(word));
    },
    spoil(_, box: { word: unknown }) {
      box.word = () => 0;
      throw new TypeError('spoiled');
    },
    throws(_ctx) {
      const text = JSON.parse('"a text"') as Error;
      throw text;
    },
    all: (ctx) => ctx.state,
  },
});

const broken = actor('broken', {
  state: (_key: string): unknown[] => {
    throw new Error('no state');
  },
  methods: { take: () => undefined },
});

const stage = () => {
  const grid = oneMember([sink, broken], { ports: new ManualPorts() });
  const { views } = grid.service.deadLetters;
  return { grid, views, one: grid.actor(sink, 'a'), tell: grid.tell(sink, 'a') };
};

describe('dead letters', () => {
  test('are tells that failed, never asks, whose callers are told', async () => {
    const { views, one, tell } = stage();
    await rejectionOf(one.fail('asked'));
    await tell.fail('told');
    await tell.throws();
    expect(await views.list()).toMatchObject([
      {
        actor: 'sink',
        key: 'a',
        method: 'fail',
        args: ['told'],
        reason: 'failed',
        error: { name: 'Error', message: 'told' },
      },
      { method: 'throws', args: [], error: { name: '', message: 'a text', code: undefined } },
    ]);
  });

  test('are tells to an actor that could not begin', async () => {
    const { grid, views } = stage();
    await grid.tell(broken, 'b').take();
    expect(await views.list()).toMatchObject([
      { actor: 'broken', reason: 'stopped', error: { message: 'no state' } },
    ]);
  });

  test('are not tells whose sender was told of the refusal', async () => {
    const { views, one, tell } = stage();
    const holding = one.hold();
    void tell.take(1);
    void tell.take(2);
    expect(await rejectionOf(tell.take(3))).toMatchObject({ code: 'MAILBOX_FULL' });
    expect(await views.list()).toEqual([]);
    held.open();
    await holding;
  });

  test('without arguments, which were spoiled, can not be replayed, only discarded', async () => {
    const { views, tell } = stage();
    await tell.spoil({ word: 1 });
    const [letter] = await views.list();
    expect(letter).toMatchObject({ args: undefined, error: { name: 'TypeError' } });
    expect(await rejectionOf(views.replay(letter?.id ?? ''))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await views.discard(letter?.id ?? '')).toBe(true);
    expect(await views.list()).toEqual([]);
  });

  test('are bounded in number: the oldest go', async () => {
    const { views, tell } = stage();
    for (let i = 0; i < deadLettersMax + 5; i++) await tell.fail(i);
    const letters = await views.list();
    expect(letters).toHaveLength(deadLettersMax);
    expect(letters[0]).toMatchObject({ args: [5] });
  });

  test('are bounded in bytes, and arguments that are too large are not kept', async () => {
    const { views, tell } = stage();
    const large = 'x'.repeat(deadLetterBytesMax / 8);
    for (let i = 0; i < 12; i++) await tell.fail(`${i} ${large}`);
    const letters = await views.list();
    expect(letters.length).toBeLessThan(9);
    expect(letters.length).toBeGreaterThan(1);
    await tell.fail('x'.repeat(deadLetterBytesMax));
    expect((await views.list()).at(-1)).toMatchObject({ args: undefined, method: 'fail' });
  });

  test('that were refused take only a share, and push out none that failed', async () => {
    const { caller, owner } = twoMembers([sink], { ports: new ManualPorts() });
    const tell = caller.tell(sink, 'a');
    for (let i = 0; i < 10; i++) await tell.fail(i);
    await caller.actor(sink, 'a').all();
    const holding = caller.actor(sink, 'a').hold();
    for (let i = 0; i < deadLettersMax; i++) void tell.take(i);
    // Comes after them.
    await caller.actor(sink, 'b').all();
    held.open();
    await holding;
    expect(owner.service.tellsRefused).toBeGreaterThan(deadLettersMax / 2);
    const letters = await caller.service.deadLetters.views.list();
    expect(letters).toHaveLength(deadLettersRefusedShare * deadLettersMax);
    expect(letters.filter(({ reason }) => reason === 'failed')).toHaveLength(10);
    expect(letters.every(({ host }) => host === 0)).toBe(true);
  });

  test('are gone with their thread', async () => {
    const { caller, owner } = twoMembers([sink], { ports: new ManualPorts() });
    await caller.tell(sink, 'a').fail(1);
    await caller.actor(sink, 'a').all();
    const [letter] = await caller.service.deadLetters.views.list();
    caller.member.lose(1, 1);
    expect(owner.service.tellsRefused).toBe(0);
    expect(await caller.service.deadLetters.views.list()).toEqual([]);
    expect(await caller.service.deadLetters.views.replay(letter?.id ?? '')).toBe(false);
  });
});
