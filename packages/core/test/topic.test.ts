// Topics: who gets which message, in which order, and what becomes of those who are slow, fail or go.
import { unsubscribe as leaveChannel, subscribe as listenToChannel } from 'node:diagnostics_channel';
import { actor, type Topic, topic } from '@troupe/core';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type ActorMember, gate, oneMember, rejectionOf, twoMembers } from './actor/actor-grid.ts';

interface Price {
  readonly sku: string;
  readonly price: number;
}

const prices = topic<Price>('prices');
const numbers = topic<number>('numbers');
const unknownTopic = topic<number>('unknown');
const watcher = actor('watcher', {
  state: (_key: string) => ({ seen: [] as number[], isFull: false }),
  mailboxLengthMax: 2,
  methods: {
    saw(ctx, n: number) {
      ctx.state.seen.push(n);
    },
    seen: (ctx) => ctx.state.seen,
    watch: (ctx) => ctx.subscribe(numbers, 'saw'),
    leave: (ctx) => ctx.unsubscribe(numbers, 'saw'),
    publish: (ctx, n: number) => ctx.topic(numbers).publish(n),
  },
});
const definitions = [prices, numbers, watcher];

const ascending = (a: number, b: number): number => a - b;

/** Lets frames, callbacks and answers go their way. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(['one', 'two'])('topics over %s members', (members) => {
  function grid(): { here: ActorMember; there: ActorMember } {
    if (members === 'two') {
      const { caller, owner } = twoMembers(definitions);
      return { here: caller, there: owner };
    }
    const one = oneMember(definitions);
    return { here: one, there: one };
  }

  test('bring every message to every callback, wherever it was published, in order', async () => {
    const { here, there } = grid();
    const [a, b, c]: number[][] = [[], [], []];
    await here.topic(numbers).subscribe((n) => a?.push(n));
    await there.topic(numbers).subscribe((n) => b?.push(n));
    await there.topic(numbers).subscribe((n) => c?.push(n));
    for (let n = 0; n < 500; n++) void here.topic(numbers).publish(n);
    await settled();
    const all = Array.from({ length: 500 }, (_, n) => n);
    expect([a, b, c]).toEqual([all, all, all]);
  });

  test('give each subscriber a copy of its own', async () => {
    const { here, there } = grid();
    const seen: Price[] = [];
    await here.topic(prices).subscribe((price) => seen.push(price));
    await there.topic(prices).subscribe((price) => seen.push(price));
    await there.topic(prices).subscribe((price) => seen.push(price));
    const published = { sku: 'a', price: 1 };
    await here.topic(prices).publish(published);
    published.price = 2;
    await settled();
    expect(seen).toEqual([1, 1, 1].map((price) => ({ sku: 'a', price })));
    expect(new Set(seen).size).toBe(3);
  });

  test('are seen from the moment that subscribe has resolved, and not after unsubscribe', async () => {
    const { here, there } = grid();
    const seen: number[] = [];
    const subscription = await here.topic(numbers).subscribe((n) => seen.push(n));
    await there.topic(numbers).publish(1);
    await settled();
    await subscription.unsubscribe();
    await there.topic(numbers).publish(2);
    await settled();
    expect(seen).toEqual([1]);
    expect(here.topics.callbacks).toBe(0);
  });

  test('end a subscription with its signal, or its block', async () => {
    const { here, there } = grid();
    const seen: number[] = [];
    const controller = new AbortController();
    await here.topic(numbers).subscribe((n) => seen.push(n), { signal: controller.signal });
    {
      await using _ = await here.topic(numbers).subscribe((n) => seen.push(n));
      await there.topic(numbers).publish(1);
      await settled();
    }
    controller.abort(new Error('enough'));
    await there.topic(numbers).publish(2);
    await settled();
    expect(seen).toEqual([1, 1]);
    expect(here.topics.callbacks).toBe(0);
    const late = here.topic(numbers).subscribe(() => undefined, { signal: controller.signal });
    expect(await rejectionOf(late)).toMatchObject({ message: 'enough' });
  });

  test('go on after a callback that throws, and report what it threw', async () => {
    const { here, there } = grid();
    const seen: number[] = [];
    const errors: unknown[] = [];
    const failing = (n: number): void => {
      if (n % 2 === 0) throw new Error(`not ${n}`);
      seen.push(n);
    };
    await there.topic(numbers).subscribe(failing, { onError: (error) => errors.push(error) });
    for (const n of [1, 2, 3]) void here.topic(numbers).publish(n);
    await settled();
    expect([seen, errors]).toMatchObject([[1, 3], [{ message: 'not 2' }]]);
  });

  test('publish what a callback throws on the channel, where nobody else hears of it', async () => {
    const { here, there } = grid();
    const events: unknown[] = [];
    const listen = (event: unknown): void => void events.push(event);
    listenToChannel('troupe.topic', listen);
    await there.topic(numbers).subscribe(() => Promise.reject(new Error('no')));
    await here.topic(numbers).publish(1);
    await settled();
    leaveChannel('troupe.topic', listen);
    expect(events).toMatchObject([{ event: 'callback-failed', topic: 'numbers', error: { message: 'no' } }]);
  });

  test('let as many messages wait for a slow callback as it says, and drop the others', async () => {
    const { here, there } = grid();
    const held = gate();
    const seen: number[] = [];
    const errors: unknown[] = [];
    const subscription = await there.topic(numbers).subscribe(
      async (n) => {
        seen.push(n);
        await held.opened;
      },
      { queueLengthMax: 3, onError: (error) => errors.push(error) },
    );
    await here.topic(numbers).publish(0);
    await settled();
    for (let n = 1; n <= 10; n++) void here.topic(numbers).publish(n);
    await settled();
    expect([subscription.dropped, errors]).toMatchObject([7, [{ code: 'QUEUE_FULL' }]]);
    held.open();
    await settled();
    expect(seen).toEqual([0, 1, 2, 3]);
    await here.topic(numbers).publish(11);
    await settled();
    expect(seen.at(-1)).toBe(11);
  });

  test('bring messages to actors that were subscribed, by others or by themselves, once', async () => {
    const { here, there } = grid();
    const one = here.actor(watcher, 'one');
    const two = there.actor(watcher, 'two');
    await there.topic(numbers).subscribeActor(one, 'saw');
    await here.topic(numbers).subscribeActor(one, 'saw');
    await two.watch();
    await here.topic(numbers).publish(1);
    await there.topic(numbers).publish(2);
    await settled();
    expect([await one.seen(), await two.seen()].map((seen) => seen.toSorted(ascending))).toEqual([
      [1, 2],
      [1, 2],
    ]);
    await here.topic(numbers).unsubscribeActor(one, 'saw');
    await two.leave();
    await here.topic(numbers).publish(3);
    await settled();
    expect([(await one.seen()).length, (await two.seen()).length]).toEqual([2, 2]);
  });

  test('can be published by actors', async () => {
    const { here } = grid();
    const seen: number[] = [];
    await here.topic(numbers).subscribe((n) => seen.push(n));
    await here.actor(watcher, 'one').publish(7);
    await settled();
    expect(seen).toEqual([7]);
  });

  test('refuse what is wrong at the call', async () => {
    const { here } = grid();
    expect(() => here.topic(unknownTopic)).toThrow(/topic 'unknown' is not part of this grid/);
    const loose = here.topic(numbers) as unknown as {
      publish(message: unknown): Promise<void>;
      subscribe(callback: unknown, options?: unknown): Promise<unknown>;
      subscribeActor(reference: unknown, method: string): Promise<void>;
    };
    for (const [call, code] of [
      [loose.publish(() => 1), 'VALUE_NOT_SUPPORTED'],
      [loose.subscribe(1), 'INVALID_ARGUMENT'],
      [loose.subscribe(() => 1, { queueLengthMax: 0 }), 'INVALID_ARGUMENT'],
      [loose.subscribeActor({}, 'saw'), 'INVALID_ARGUMENT'],
      [loose.subscribeActor(here.actor(watcher, 'a'), 'hears'), 'INVALID_ARGUMENT'],
    ] as const)
      expect(await rejectionOf(call)).toMatchObject({ code });
  });

  test('are typed by their definition', () => {
    const { here } = grid();
    expectTypeOf(here.topic(prices)).toEqualTypeOf<Topic<Price>>();
    // @ts-expect-error: `saw` takes a number
    void (() => here.topic(prices).subscribeActor(here.actor(watcher, 'a'), 'saw'));
    // @ts-expect-error: no method
    void (() => here.topic(numbers).subscribeActor(here.actor(watcher, 'a'), 'sees'));
    // @ts-expect-error: wrong message
    void (() => here.topic(prices).publish(1));
  });
});

test('a callback that publishes to its own topic does not keep the thread', async () => {
  const { caller } = twoMembers(definitions);
  let count = 0;
  const subscription = await caller.topic(numbers).subscribe((n) => {
    count = n;
    void caller.topic(numbers).publish(n + 1);
  });
  await caller.topic(numbers).publish(0);
  await settled();
  await subscription.unsubscribe();
  expect(count).toBeGreaterThan(10);
});

test('callbacks end with their thread, actors go on at its successor, and that learns who listens', async () => {
  const { caller, owner, replaceOwner } = twoMembers(definitions);
  const seen: string[] = [];
  await caller.topic(numbers).subscribe((n) => seen.push(`here ${n}`));
  await owner.topic(numbers).subscribe((n) => seen.push(`there ${n}`));
  await caller.topic(numbers).subscribeActor(caller.actor(watcher, 'a'), 'saw');
  caller.member.lose(1, 1);
  owner.member.close();
  await caller.topic(numbers).publish(1);
  const successor = replaceOwner();
  // Before it was introduced: waits until it is.
  const early = successor.topic(numbers).publish(2);
  await early;
  await caller.topic(numbers).publish(3);
  await settled();
  // Two publishers: no order between them.
  expect(seen.toSorted()).toEqual(['here 1', 'here 2', 'here 3']);
  expect((await caller.actor(watcher, 'a').seen()).toSorted(ascending)).toEqual([2, 3]);
});
