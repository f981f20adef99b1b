// What the compiler infers from a definition; the lines marked as errors fail the type check if they were none.
import { type ActorReference, type ActorTells, actor, type Client } from '@troupe/core';
import { describe, expect, expectTypeOf, test } from 'vitest';

// Not written as a property, which every linter would take for a mistake.
const thenName = ['then'].join();

interface Item {
  readonly sku: string;
}

const cart = actor('cart', {
  state: (_customer: string) => ({ items: [] as Item[] }),
  methods: {
    add(ctx, item: Item) {
      expectTypeOf(ctx.key).toEqualTypeOf<string>();
      expectTypeOf(ctx.state).toEqualTypeOf<{ items: Item[] }>();
      expectTypeOf(ctx).toExtend<Client>();
      return ctx.state.items.push(item);
    },
    list(ctx, limit?: number) {
      return Promise.resolve(ctx.state.items.slice(0, limit));
    },
    size: (ctx) => ctx.state.items.length,
  },
});
const counter = actor('counter', {
  state: (key: readonly [shop: string, day: number]) => Promise.resolve({ count: key[1] }),
  methods: { add: (ctx, by: number) => (ctx.state.count += by) },
});
const keyless = actor('keyless', { state: () => 0, methods: { next: (ctx) => ++ctx.state } });

type Carts = ActorReference<(typeof cart)['methods']>;
type CartTells = ActorTells<(typeof cart)['methods']>;

// Never called: only its types matter.
export function uses(grid: Client): void {
  expectTypeOf(grid.actor(cart, 'alice')).toEqualTypeOf<Carts>();
  void grid.actor(counter, ['shop', 1]).add(2);
  void grid.actor(keyless, 7).next();
  // @ts-expect-error: wrong argument
  void grid.actor(cart, 'alice').add(3);
  // @ts-expect-error: missing argument
  void grid.actor(cart, 'alice').add();
  // @ts-expect-error: one argument too many
  void grid.actor(cart, 'alice').size(1);
  // @ts-expect-error: unknown method
  void grid.actor(cart, 'alice').remove({ sku: 'a' });
  // @ts-expect-error: wrong key
  void grid.actor(cart, 7);
  // @ts-expect-error: wrong key
  void grid.tell(counter, ['shop', 'day']);
  // @ts-expect-error: wrong argument
  void grid.tell(cart, 'alice').add('a');
}

describe('an actor definition', () => {
  test('gives references typed methods that resolve with what the method returns', () => {
    expectTypeOf<Carts['add']>().toEqualTypeOf<(item: Item) => Promise<number>>();
    expectTypeOf<Carts['list']>().toEqualTypeOf<(limit?: number) => Promise<Item[]>>();
    expectTypeOf<Carts['size']>().toEqualTypeOf<() => Promise<number>>();
    expectTypeOf<CartTells['add']>().toEqualTypeOf<(item: Item) => Promise<void>>();
    expect(Object.keys(cart.methods)).toEqual(['add', 'list', 'size']);
  });

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ['a method called then', { state: () => 0, methods: { [thenName]: () => 0 } }, /'then'/],
    [
      'a method that is no function',
      { state: () => 0, methods: { add: 1 } },
      /methods\.add must be a function/,
    ],
    [
      'a mailbox without room',
      { state: () => 0, methods: {}, mailboxLengthMax: 0 },
      /mailboxLengthMax must be/,
    ],
    ['a misspelt option', { state: () => 0, method: {} }, /unknown option `method`/],
  ];

  test.each(refused)('is refused with %s', (_, options, message) => {
    expect(() => actor('bad', options as never)).toThrow(message);
  });
});
