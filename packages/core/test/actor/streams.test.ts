// Methods that are generators: streams to their callers, step by step within the actor's turns.
import { actor, HostLostError, InvalidArgumentError, streamsOf, streamWindowItems } from '@troupe/core';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type ActorMember, gate, oneMember, rejectionOf, twoMembers } from './actor-grid.ts';

/** An actor whose streams tell how far they are. */
function fixture() {
  const seen = { yielded: 0, tidied: 0, aborted: 0 };
  const held = gate();
  const shelf = actor('shelf', {
    state: (_key: string) => ({ items: [1, 2, 3] }),
    readonly: ['snapshot', 'size'],
    methods: {
      *numbers(ctx, upTo: number) {
        try {
          for (let n = 1; n <= upTo; n++) {
            seen.yielded++;
            yield n;
          }
        } finally {
          seen.tidied++;
          if (ctx.signal.aborted) seen.aborted++;
        }
      },
      async *items(ctx) {
        for (let at = 0; at < ctx.state.items.length; at++) yield ctx.state.items[at] as number;
      },
      async *snapshot(ctx) {
        for (const item of ctx.state.items) yield item;
      },
      async *failing(_ctx, after: number) {
        for (let n = 0; n < after; n++) yield n;
        throw new HostLostError('my own', { details: { mine: true } });
      },
      async *held() {
        yield 'first';
        await held.opened;
        yield 'second';
      },
      *unsendable() {
        try {
          yield 1;
          yield () => 2;
        } finally {
          seen.tidied++;
        }
      },
      async *own(ctx): AsyncGenerator<number> {
        yield await ctx.actor(shelf as never as Shelf, ctx.key).size();
        yield* (
          ctx.actor(shelf as never as Shelf, ctx.key) as unknown as { items(): AsyncIterable<number> }
        ).items();
      },
      add: (ctx, item: number) => ctx.state.items.push(item),
      size: (ctx) => ctx.state.items.length,
      stop(ctx) {
        ctx.stop();
      },
      async sum(ctx, key: string): Promise<number> {
        let sum = 0;
        const other = ctx.actor(shelf as never as Shelf, key) as unknown as {
          items(): AsyncIterable<number>;
        };
        for await (const item of other.items()) sum += item;
        return sum;
      },
    },
  });
  return { seen, held, shelf };
}
type Shelf = ReturnType<typeof plainShelf>;
function plainShelf() {
  return actor('shelf', { state: (_key: string) => 0, methods: { size: (ctx) => ctx.state } });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Lets frames, turns and answers go their way. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

function expectNothingOpen(...members: ActorMember[]): void {
  for (const { member, service } of members) {
    expect(streamsOf(member).open).toBe(0);
    expect(service.openMessages).toBe(0);
  }
}

describe.each(['one', 'two'])('streams of actors over %s members', (members) => {
  function grid() {
    const made = fixture();
    const pair = twoMembers([made.shelf]);
    const one = oneMember([made.shelf]);
    const caller = members === 'one' ? one : pair.caller;
    const owner = members === 'one' ? one : pair.owner;
    return { ...made, caller, owner };
  }

  test('bring what a method yields, in order, and end', async () => {
    const { shelf, caller, owner, seen } = grid();
    const numbers = await collect(caller.actor(shelf, 'a').numbers(1_000));
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    expect(seen).toEqual({ yielded: 1_000, tidied: 1, aborted: 0 });
    expectNothingOpen(caller, owner);
  });

  test('are typed from the definition', () => {
    const { shelf, caller } = grid();
    const reference = caller.actor(shelf, 'a');
    expectTypeOf(reference.numbers(1)).toEqualTypeOf<AsyncIterableIterator<number>>();
    expectTypeOf(reference.held).returns.toEqualTypeOf<AsyncIterableIterator<'first' | 'second'>>();
    expectTypeOf(reference.size).returns.toEqualTypeOf<Promise<number>>();
  });

  test('begin with the first item, not with the call', async () => {
    const { shelf, caller, seen } = grid();
    const stream = caller.actor(shelf, 'a').numbers(10);
    await settled();
    expect(seen.yielded).toBe(0);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    await stream.return?.();
  });

  test('are a window ahead of their reader and no more', async () => {
    const { shelf, caller, owner, seen } = grid();
    const stream = caller.actor(shelf, 'a').numbers(Number.POSITIVE_INFINITY);
    await stream.next();
    await settled();
    expect(seen.yielded).toBe(streamWindowItems);
    for (let n = 0; n < 10 * streamWindowItems; n++) {
      await stream.next();
      expect(seen.yielded).toBeLessThanOrEqual(n + 2 + streamWindowItems);
    }
    await stream.return?.();
    await settled();
    expectNothingOpen(caller, owner);
  });

  test('let other turns run between two items, however slow their reader is', async () => {
    const { shelf, caller } = grid();
    const one = caller.actor(shelf, 'a');
    const stream = one.numbers(Number.POSITIVE_INFINITY);
    await stream.next();
    expect(await one.add(4)).toBe(4);
    await stream.return?.();
  });

  test('may be read while their actor is changed by what is read', async () => {
    const { shelf, caller } = grid();
    const one = caller.actor(shelf, 'a');
    let added = 0;
    for await (const item of one.items()) {
      if (item === 1) added = await one.add(4);
    }
    expect(added).toBe(4);
  });

  test('hold their turn for the whole of a step', async () => {
    const { shelf, caller, held } = grid();
    const one = caller.actor(shelf, 'a');
    const stream = one.held();
    expect((await stream.next()).value).toBe('first');
    const size = one.size();
    await settled();
    let isSized = false;
    void size.then(() => {
      isSized = true;
    });
    await settled();
    expect(isSized).toBe(false);
    held.open();
    expect(await size).toBe(3);
    await stream.return?.();
  });

  test('that are readonly see the state as it was when they began', async () => {
    const { shelf, caller } = grid();
    const one = caller.actor(shelf, 'a');
    const stream = one.snapshot();
    expect((await stream.next()).value).toBe(1);
    await one.add(4);
    expect(await collect(stream)).toEqual([2, 3]);
    expect(await collect(one.snapshot())).toEqual([1, 2, 3, 4]);
  });

  test.each(['break', 'throw', 'return'])('stop their producer when the loop is left by %s', async (way) => {
    const { shelf, caller, owner, seen } = grid();
    const read = async (): Promise<void> => {
      for await (const n of caller.actor(shelf, 'a').numbers(Number.POSITIVE_INFINITY)) {
        if (n < 5) continue;
        if (way === 'break') break;
        if (way === 'throw') throw new Error('enough');
        return;
      }
    };
    await read().catch(() => undefined);
    await settled();
    expect(seen).toMatchObject({ tidied: 1, aborted: 1 });
    expectNothingOpen(caller, owner);
  });

  test('stop their producer when the signal is aborted, and throw its reason', async () => {
    const { shelf, caller, owner, seen } = grid();
    const controller = new AbortController();
    const stream = caller.actor(shelf, 'a', { signal: controller.signal }).numbers(Number.POSITIVE_INFINITY);
    await stream.next();
    controller.abort(new Error('enough'));
    expect(await rejectionOf(stream.next())).toMatchObject({ message: 'enough' });
    await settled();
    expect(seen).toMatchObject({ tidied: 1, aborted: 1 });
    expectNothingOpen(caller, owner);
  });

  test('reject with TIMEOUT when the next item takes too long', async () => {
    const { shelf, caller, owner, held } = grid();
    const stream = caller.actor(shelf, 'a', { timeoutMs: 5 }).held();
    await stream.next();
    expect(await rejectionOf(stream.next())).toMatchObject({ code: 'TIMEOUT' });
    held.open();
    await settled();
    expectNothingOpen(caller, owner);
  });

  test('bring what their method throws, after what it has yielded, with both stacks', async () => {
    const { shelf, caller, owner } = grid();
    const stream = caller.actor(shelf, 'a').failing(2);
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual([0, 1]);
    const error = await rejectionOf(stream.next());
    expect(error).toBeInstanceOf(HostLostError);
    expect(error).toMatchObject({ code: 'HOST_LOST', message: 'my own', details: { mine: true } });
    expect((error as Error).stack).toMatch(/failing/);
    if (members === 'two') expect((error as Error).stack).toMatch(/thread boundary[\s\S]*streams\.test/);
    await settled();
    expectNothingOpen(caller, owner);
  });

  test('fail with an item that can not be sent, and tidy up', async () => {
    const { shelf, caller, owner, seen } = grid();
    const stream = caller.actor(shelf, 'a').unsendable();
    expect((await stream.next()).value).toBe(1);
    expect(await rejectionOf(stream.next())).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(seen.tidied).toBe(1);
    await settled();
    expectNothingOpen(caller, owner);
  });

  test('are read by other actors, also by their own', async () => {
    const { shelf, caller, owner } = grid();
    expect(await caller.actor(shelf, 'a').sum('b')).toBe(6);
    expect(await caller.actor(shelf, 'a').sum('a')).toBe(6);
    expect(await collect(caller.actor(shelf, 'a').own())).toEqual([3, 1, 2, 3]);
    await settled();
    expectNothingOpen(caller, owner);
  });

  test('keep their actor from being passivated', async () => {
    const { shelf, caller } = grid();
    const one = caller.actor(shelf, 'a');
    const stream = one.numbers(Number.POSITIVE_INFINITY);
    await stream.next();
    await one.stop();
    expect((await stream.next()).value).toBe(2);
    await stream.return?.();
  });

  test('can neither be told nor asked of many', async () => {
    const { shelf, caller } = grid();
    const tells = caller.tell(shelf, 'a') as unknown as { numbers(n: number): Promise<void> };
    const many = caller.actors(shelf, ['a']) as unknown as { numbers(n: number): Promise<void> };
    for (const told of [tells.numbers(1), many.numbers(1)])
      expect(await rejectionOf(told)).toBeInstanceOf(InvalidArgumentError);
  });

  test('copy their arguments at the call, and throw what is wrong with them', () => {
    const { shelf, caller } = grid();
    expect(() => caller.actor(shelf, 'a').numbers((() => 1) as never)).toThrow(/argument 1 of shelf.numbers/);
  });
});

test('a stream whose thread is lost fails with HOST_LOST and says how far it came', async () => {
  const { shelf } = fixture();
  const { caller, owner, replaceOwner } = twoMembers([shelf]);
  const stream = caller.actor(shelf, 'a').numbers(Number.POSITIVE_INFINITY);
  await stream.next();
  caller.member.lose(1, 1);
  owner.member.close();
  const error = await rejectionOf(
    (async () => {
      for (;;) await stream.next();
    })(),
  );
  expect(error).toMatchObject({ code: 'HOST_LOST' });
  expect((error as HostLostError).details['delivered']).toBeGreaterThan(0);
  const successor = replaceOwner();
  expect(await collect(caller.actor(shelf, 'a').numbers(3))).toEqual([1, 2, 3]);
  expectNothingOpen(caller, successor);
});

test('a stream ends at its producer when its reader is lost', async () => {
  const { shelf, seen } = fixture();
  const { caller, owner } = twoMembers([shelf]);
  const stream = caller.actor(shelf, 'a').numbers(Number.POSITIVE_INFINITY);
  await stream.next();
  await settled();
  owner.member.lose(0, 1);
  await settled();
  expect(seen).toMatchObject({ tidied: 1, aborted: 1 });
  expectNothingOpen(owner);
});
