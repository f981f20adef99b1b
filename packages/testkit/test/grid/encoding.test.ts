import { createProbe, createTestGrid } from '@troupe/testkit';
import { actor, job, table } from 'troupe';
import { describe, expect, test } from 'vitest';
import { reasonOf } from './shop.ts';

class Money {
  readonly cents = 1;
}
const prices = table<string, unknown>('prices');
const kiosk = actor('kiosk', {
  state: (_key: string) => ({ items: ['pen'] }),
  methods: {
    items: (ctx) => ctx.state.items,
    price: () => new Money(),
    take: (_ctx, _value: unknown) => undefined,
    async forward(ctx, key: string) {
      await ctx.actor(kioskByName, key).take(new Money());
    },
  },
});
const kioskByName = kiosk as unknown as typeof other;
const other = actor('other', {
  state: (_key: string) => 0,
  methods: { take: (_ctx, _value: unknown): void => undefined },
});
const anywhere = job('anywhere', { run: (_ctx, value: unknown) => [value, new Map([[1, 'one']])] });
const definitions = [prices, kiosk, anywhere];

const refused = { code: 'VALUE_NOT_SUPPORTED' };

describe('what crosses a test grid', () => {
  test('is refused where it would be between threads: class instances, functions, in arguments and answers', async () => {
    await using grid = await createTestGrid({ definitions });
    expect(await reasonOf(grid.table(prices).set('pen', new Money()))).toMatchObject(refused);
    expect(await reasonOf(grid.table(prices).set('pen', () => 1))).toMatchObject(refused);
    expect(await reasonOf(grid.actor(kiosk, 'a').take(new Money()))).toMatchObject(refused);
    expect(await reasonOf(grid.actor(kiosk, 'a').price())).toMatchObject(refused);
    expect(await reasonOf(grid.compute.run(anywhere, new Money(), { at: 'any' }))).toMatchObject(refused);
  });

  test('is refused as well on its way between actors of one host', async () => {
    await using grid = await createTestGrid({ definitions, hosts: 1 });
    expect(await reasonOf(grid.actor(kiosk, 'a').forward('b'))).toMatchObject(refused);
  });

  test('is a copy: nobody changes what an actor holds', async () => {
    await using grid = await createTestGrid({ definitions });
    const items = await grid.actor(kiosk, 'a').items();
    items.push('ink');
    expect(await grid.actor(kiosk, 'a').items()).toEqual(['pen']);
  });

  test('is what a probe answers, too', async () => {
    const probe = createProbe(kiosk).answer('price', new Money());
    await using grid = await createTestGrid({ definitions, probes: [probe] });
    expect(await reasonOf(grid.actor(kiosk, 'a').price())).toMatchObject(refused);
  });

  test("goes through the codec to a job at 'any', which runs on the thread of the test", async () => {
    await using grid = await createTestGrid({ definitions });
    const given = { n: 1 };
    const [value, map] = await grid.compute.run(anywhere, given, { at: 'any' });
    expect([value, map]).toEqual([{ n: 1 }, new Map([[1, 'one']])]);
    expect(value).not.toBe(given);
  });
});
