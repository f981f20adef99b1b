// Which turns of one actor go on beside or within each other: readonly ones, and calls that come back.
import { actor } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { gate, oneMember, rejectionOf, twoMembers } from './actor-grid.ts';

describe('readonly methods', () => {
  const steps: string[] = [];
  let held = gate();
  const shelf = actor('shelf', {
    state: (_key: string) => ({ items: ['a'], index: new Map([['a', 1]]) }),
    readonly: ['look', 'lookLater', 'push', 'index', 'replace'],
    methods: {
      look: (ctx) => ctx.state.items.length,
      async lookLater(ctx, name: string) {
        steps.push(`${name} begins`);
        await held.opened;
        steps.push(`${name} sees ${ctx.state.items.length}`);
        return ctx.state;
      },
      add(ctx, item: string) {
        steps.push(`add ${item}`);
        return ctx.state.items.push(item);
      },
      async addLater(ctx, item: string) {
        await held.opened;
        return ctx.state.items.push(item);
      },
      push: (ctx) => ctx.state.items.push('never'),
      index: (ctx) => ctx.state.index.set('never', 1).size,
      replace(ctx) {
        ctx.state = { items: [], index: new Map() };
      },
    },
  });

  test('go on beside each other, not beside others, and do not pass those that wait', async () => {
    steps.length = 0;
    held = gate();
    const { caller } = twoMembers([shelf]);
    const one = caller.actor(shelf, 'a');
    const looks = [one.lookLater('first'), one.lookLater('second')];
    const added = one.add('b');
    const late = one.lookLater('third');
    await caller.actor(shelf, 'other').look();
    expect(steps).toEqual(['first begins', 'second begins']);
    held.open();
    expect(await Promise.all([...looks, late])).toMatchObject([
      { items: ['a'] },
      { items: ['a'] },
      { items: ['a', 'b'] },
    ]);
    expect(await added).toBe(2);
    expect(steps).toEqual([
      'first begins',
      'second begins',
      'first sees 1',
      'second sees 1',
      'add b',
      'third begins',
      'third sees 2',
    ]);
  });

  test('wait for one that is none', async () => {
    held = gate();
    const grid = oneMember([shelf]);
    const adding = grid.actor(shelf, 'a').addLater('b');
    const looked = grid.actor(shelf, 'a').look();
    held.open();
    expect([await adding, await looked]).toEqual([2, 2]);
  });

  test('that write throw, and leave the state as it was', async () => {
    const grid = oneMember([shelf]);
    const one = grid.actor(shelf, 'a');
    expect(await rejectionOf(one.push())).toBeInstanceOf(TypeError);
    expect(await rejectionOf(one.index())).toMatchObject({ message: expect.stringContaining('read-only') });
    expect(await rejectionOf(one.replace())).toMatchObject({ code: 'READ_ONLY' });
    expect(await one.look()).toBe(1);
    // The state itself is not frozen.
    expect(await one.add('b')).toBe(2);
  });

  test('begin when a caller gives up the one that kept them waiting', async () => {
    held = gate();
    const grid = oneMember([shelf]);
    const controller = new AbortController();
    const looking = grid.actor(shelf, 'a').lookLater('first');
    const adding = grid.actor(shelf, 'a', { signal: controller.signal }).add('b');
    const looked = grid.actor(shelf, 'a').look();
    controller.abort(new Error('enough'));
    await expect(adding).rejects.toThrow('enough');
    expect(await looked).toBe(1);
    held.open();
    await looking;
  });

  test('need a state that is data', async () => {
    const odd = actor('odd', {
      state: (_key: string) => ({ run: () => 1 }),
      readonly: ['look'],
      methods: { look: (ctx) => ctx.state.run() },
    });
    expect(await rejectionOf(oneMember([odd]).actor(odd, 'a').look())).toMatchObject({
      code: 'VALUE_NOT_SUPPORTED',
    });
  });

  test('must be methods of the actor', () => {
    expect(() =>
      actor('wrong', { state: () => 0, readonly: ['no' as 'go'], methods: { go: () => 1 } }),
    ).toThrow(/names no, which is no method/);
  });
});

/** Two actors that call each other in turn, `depth` deep, each noting what it sees before and after. */
const tennis = actor('tennis', {
  state: (_key: string) => [] as string[],
  methods: {
    async play(ctx, depth: number): Promise<number> {
      ctx.state.push(`in ${depth}`);
      const other = ctx.key === 'a' ? 'b' : 'a';
      const answer = depth === 0 ? 0 : await ctx.actor(tennis, other).play(depth - 1);
      ctx.state.push(`out ${depth}`);
      return answer + 1;
    },
    async playLater(ctx, depth: number): Promise<number> {
      await Promise.resolve();
      return ctx.actor(tennis, ctx.key).play(depth);
    },
    log: (ctx) => ctx.state,
  },
});

describe.each([
  ['on one thread', false],
  ['on another', true],
])('a call that comes back to an actor that waits for it, %s,', (_, apart) => {
  const stage = () =>
    apart ? twoMembers([tennis, stubborn, family]).caller : oneMember([tennis, stubborn, family]);

  test('goes through, within the turn that waits', async () => {
    const grid = stage();
    expect(await grid.actor(tennis, 'a').play(4)).toBe(5);
    expect(await grid.actor(tennis, 'a').log()).toEqual(['in 4', 'in 2', 'in 0', 'out 0', 'out 2', 'out 4']);
  });

  test('goes through to the actor itself, also when the method has awaited before', async () => {
    expect(await stage().actor(tennis, 'a').playLater(2)).toBe(3);
  });

  test('passes messages that wait, which go on afterwards', async () => {
    const grid = stage();
    const first = grid.actor(tennis, 'a').play(3);
    const second = grid.actor(tennis, 'a').play(0);
    await Promise.all([first, second]);
    expect(await grid.actor(tennis, 'a').log()).toEqual(['in 3', 'in 1', 'out 1', 'out 3', 'in 0', 'out 0']);
  });

  test('is rejected at once where the actor is not reentrant, with the way it took', async () => {
    expect(await rejectionOf(stage().actor(stubborn, 'a').call('b'))).toMatchObject({
      code: 'ACTOR_CYCLE',
      retryable: false,
      details: {
        chain: [
          { actor: 'stubborn', key: 'a', method: 'call' },
          { actor: 'stubborn', key: 'b', method: 'back' },
          { actor: 'stubborn', key: 'a', method: 'end' },
        ],
      },
    });
  });

  test('stops when it recurs without an end', async () => {
    expect(await rejectionOf(stage().actor(tennis, 'a').play(1_000))).toMatchObject({ code: 'ACTOR_CYCLE' });
  });

  test('does not let siblings of one turn into each other', async () => {
    expect(await stage().actor(family, 'parent').raise()).toEqual({ most: 1 });
  });
});

test('a call that may go on passes one that has to wait for its turn', async () => {
  const begun = gate();
  const arrived = gate();
  const tree = actor('tree', {
    state: (_key: string) => 0,
    methods: {
      root: (ctx): Promise<unknown> =>
        Promise.all([ctx.actor(tree, 'left').nest(), ctx.actor(tree, 'right').wait()]),
      nest: (ctx): Promise<unknown> => ctx.actor(tree, 'root').nested(),
      async nested(ctx): Promise<unknown> {
        begun.open();
        return ctx.actor(tree, 'deep').back();
      },
      async back(ctx): Promise<unknown> {
        await arrived.opened;
        return ctx.actor(tree, 'root').end();
      },
      async wait(ctx): Promise<unknown> {
        await begun.opened;
        const waiting = ctx.actor(tree, 'root').end();
        await new Promise(setImmediate);
        arrived.open();
        return waiting;
      },
      end: (ctx) => ++ctx.state,
    },
  });
  const { caller } = twoMembers([tree]);
  expect(await caller.actor(tree, 'root', { timeoutMs: 3_000 }).root()).toEqual([1, 2]);
});

const stubborn = actor('stubborn', {
  state: (_key: string) => 0,
  reentrant: false,
  methods: {
    call: (ctx, other: string): Promise<number> => ctx.actor(stubborn, other).back(ctx.key),
    back: (ctx, first: string): Promise<number> => ctx.actor(stubborn, first).end(),
    end: () => 1,
  },
});

const family = actor('family', {
  state: (_key: string) => ({ inside: 0, most: 0 }),
  methods: {
    async raise(ctx): Promise<{ most: number }> {
      const child = ctx.actor(family, 'child');
      await Promise.all([child.grow(), child.grow(), child.grow()]);
      return { most: await child.most() };
    },
    async grow(ctx) {
      ctx.state.inside++;
      ctx.state.most = Math.max(ctx.state.most, ctx.state.inside);
      await ctx.actor(family, 'grandchild').most();
      ctx.state.inside--;
    },
    most: (ctx) => ctx.state.most,
  },
});
