// References to actors as values: in arguments, answers and states, and from another grid.
import { type ActorReference, actor, copyValue, valuesEqual } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ManualPorts, oneMember, rejectionOf, twoMembers } from './actor-grid.ts';

const counter = actor('counter', {
  state: (_key: string) => ({ count: 0 }),
  methods: {
    add: (ctx, by: number) => (ctx.state.count += by),
    *upTo(_ctx, end: number) {
      for (let n = 1; n <= end; n++) yield n;
    },
  },
});
type Counter = ActorReference<(typeof counter)['methods']>;
const keeper = actor('keeper', {
  state: (_key: string) => ({ kept: undefined as Counter | undefined, byName: new Map<string, Counter>() }),
  readonly: ['look'],
  methods: {
    keep(ctx, one: Counter, others: Record<string, Counter> = {}) {
      ctx.state.kept = one;
      for (const [name, other] of Object.entries(others)) ctx.state.byName.set(name, other);
    },
    kept: (ctx) => ctx.state.kept,
    look: (ctx) => ctx.state.kept,
    async addToAll(ctx, by: number) {
      const all = [ctx.state.kept, ...ctx.state.byName.values()].filter((one) => one !== undefined);
      return Promise.all(all.map((one) => one.add(by)));
    },
    make: (ctx, key: string) => ({ made: [ctx.actor(counter, key)] }),
    stop(ctx) {
      ctx.stop();
    },
  },
});
const definitions = [counter, keeper];

describe.each(['one', 'two'])('references over %s members', (members) => {
  const grid = () => (members === 'one' ? oneMember(definitions) : twoMembers(definitions).caller);

  test('are live where they arrive: in arguments, states and answers', async () => {
    const here = grid();
    const one = here.actor(keeper, 'k');
    await one.keep(here.actor(counter, 'a'), { b: here.actor(counter, 'b'), c: here.actor(counter, 'c') });
    expect(await one.addToAll(2)).toEqual([2, 2, 2]);
    expect(await (await one.kept())?.add(3)).toBe(5);
    expect(await (await one.look())?.add(1)).toBe(6);
    const { made } = await one.make('new');
    expect(await made[0]?.add(7)).toBe(7);
    const streamed: number[] = [];
    for await (const n of made[0]?.upTo(3) ?? []) streamed.push(n);
    expect(streamed).toEqual([1, 2, 3]);
  });

  test('keep their keys: tuples, and texts that need care', async () => {
    const here = grid();
    for (const key of ['\u0000', 'lone \ud800', '-0', 'ü']) {
      await here.actor(counter, key).add(1);
      const { made } = await here.actor(keeper, 'k').make(key);
      expect(await made[0]?.add(0)).toBe(1);
    }
  });

  test('leave the bounds of their holder behind', async () => {
    const here = grid();
    const controller = new AbortController();
    await here.actor(keeper, 'k').keep(here.actor(counter, 'a', { signal: controller.signal }));
    controller.abort();
    expect(await here.actor(keeper, 'k').addToAll(1)).toEqual([1]);
  });

  test('are told through when they were made for tells', async () => {
    const here = grid();
    const tells = here.tell(counter, 'a') as unknown as Counter;
    await here.actor(keeper, 'k').keep(tells);
    expect(await here.actor(keeper, 'k').addToAll(1)).toEqual([undefined]);
    expect(await here.actor(counter, 'a').add(0)).toBe(1);
  });

  test('survive the passivation of the actor that keeps them', async () => {
    const here = grid();
    const one = here.actor(keeper, 'k');
    await one.keep(here.actor(counter, 'a'));
    await one.stop();
    expect(await one.addToAll(1)).toEqual([1]);
  });

  test('of another grid are refused', async () => {
    const here = grid();
    const foreign = oneMember([counter]).actor(counter, 'a');
    expect(await rejectionOf(here.actor(keeper, 'k').keep(foreign))).toMatchObject({
      code: 'DEFINITION_MISSING',
    });
  });
});

test('a call through a reference that came as a value belongs to the turn that makes it', async () => {
  const mirror = actor('mirror', {
    state: (_key: string) => 0,
    methods: {
      async through(ctx, other: { back(own: unknown): Promise<string> }, own: unknown) {
        await Promise.resolve();
        return `${ctx.key} ${await other.back(own)}`;
      },
      async back(_ctx, own: { name(): Promise<string> }) {
        await Promise.resolve();
        return own.name();
      },
      name: (ctx) => ctx.key,
    },
  });
  const { caller } = twoMembers([mirror], { ports: new ManualPorts() });
  const [a, b] = [caller.actor(mirror, 'a'), caller.actor(mirror, 'b')];
  // Waits for itself, unless it is known whose turn the call is part of.
  expect(await a.through(b as never, a)).toBe('a a');
});

test('a reference to a definition that the receiver does not have refuses its calls', async () => {
  const all = twoMembers(definitions);
  const here = oneMember([counter]);
  const form = all.caller.actor(keeper, 'k');
  // As what was stored by a grid that had the definition.
  const dead = here.member.revive(['actor', 'keeper', 'k']) as typeof form;
  expect(await rejectionOf(dead.kept())).toMatchObject({ code: 'DEFINITION_MISSING' });
  expect(await Promise.resolve(dead)).toBe(dead);
});

test('references are equal by what they name', () => {
  const here = oneMember(definitions);
  const [a, again, b] = [here.actor(counter, 'a'), here.actor(counter, 'a'), here.actor(counter, 'b')];
  expect([valuesEqual(a, again), valuesEqual(a, b), valuesEqual({ a }, { a: again })]).toEqual([
    true,
    false,
    true,
  ]);
  expect(valuesEqual(a, here.tell(counter, 'a'))).toBe(false);
  expect(copyValue({ a }, 'value').a).toBe(a);
});
