/** Schemas at the boundary: what enters is checked, and stored as the schema has it. */
import { createRequire } from 'node:module';
import { actor, type Grid, job, procedure, table, ValidationError } from 'troupe';
import * as v from 'valibot';
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { collect, rejection, start, topologies } from './running-grid.ts';

const modules = [new URL('./fixtures/validated.mjs', import.meta.url)];
const { account, counts, double, pay, slow, users } = createRequire(import.meta.url)(
  './fixtures/validated.mjs',
) as typeof import('./fixtures/validated.mjs');

const alice = { name: 'Alice', age: '41' };
const stored = { name: 'Alice', age: 41, tags: [] };
const wrong = { name: '', age: 'old' };

/** An error of a schema, with one issue at each of these places. */
const invalidAt = (...paths: (string | number)[][]) =>
  expect.objectContaining({
    code: 'VALIDATION_FAILED',
    retryable: false,
    details: expect.objectContaining({ issues: paths.map((path) => expect.objectContaining({ path })) }),
  });

describe.each(topologies)('a table with a schema, %s,', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules });
  });

  test('stores what the schema makes of a value, whichever way it enters', async () => {
    const t = grid.table(users);
    await t.set('set', alice);
    await t.insert('insert', alice);
    await t.replace('set', alice);
    await t.getAndSet('getAndSet', alice);
    expect(await t.compareAndSet('set', stored, { ...alice, tags: ['x'] })).toBe(true);
    expect(await t.update('update', () => alice)).toEqual(stored);
    await t.setMany([['setMany', alice]]);
    await t.setMany(
      (async function* stream() {
        yield ['stream', alice] as const;
      })(),
    );
    await t.insertMany([['insertMany', alice]]);
    await t.load([{ key: 'load', value: alice }]);
    await grid.transaction(async (tx) => {
      await tx.table(users).set('tx', alice);
      await tx.transaction((inner) => inner.table(users).set('nested', alice));
    });
    const entries = new Map(await collect(t.entries()));
    expect(entries.size).toBe(10);
    for (const [key, value] of entries)
      expect(value).toEqual(key === 'set' ? { ...stored, tags: ['x'] } : stored);
  });

  test('refuses what is not valid, whichever way it enters, and nothing is stored', async () => {
    const t = grid.table(users);
    const invalid = invalidAt(['name'], ['age']);
    const inTransaction = (write: () => Promise<unknown>): Promise<unknown> =>
      grid.transaction(async () => void (await write()));
    for (const around of [(write: () => Promise<unknown>) => write(), inTransaction]) {
      expect(await rejection(around(() => t.set('a', wrong)))).toEqual(invalid);
      expect(await rejection(around(() => t.insert('a', wrong)))).toEqual(invalid);
      expect(await rejection(around(() => t.replace('a', wrong)))).toEqual(invalid);
      expect(await rejection(around(() => t.getAndSet('a', wrong)))).toEqual(invalid);
      expect(await rejection(around(() => t.compareAndSet('a', undefined, wrong)))).toEqual(invalid);
      expect(await rejection(around(() => t.update('a', () => wrong)))).toEqual(invalid);
      expect(
        await rejection(
          around(() =>
            t.setMany([
              ['b', alice],
              ['a', wrong],
            ]),
          ),
        ),
      ).toEqual(invalid);
      expect(
        await rejection(
          around(() =>
            t.insertMany([
              ['b', alice],
              ['a', wrong],
            ]),
          ),
        ),
      ).toEqual(invalid);
    }
    expect(await t.size()).toBe(0);
  });

  test('lists items of a load that are not valid as failed, and stores the others', async () => {
    const items = [
      { key: 'a', value: alice },
      { key: 'b', value: wrong },
    ];
    const result = await grid.table(users).load(items);
    expect(result).toMatchObject({ written: 1, failedCount: 1 });
    expect(result.failed).toEqual([{ item: items[1], error: invalidAt(['name'], ['age']) }]);
  });

  test('lets entries be removed', async () => {
    const t = grid.table(counts);
    await t.set('a', 1);
    expect(await t.update('a', () => undefined)).toBe(undefined);
    await t.set('b', 1);
    expect(await t.compareAndSet('b', 1, undefined)).toBe(true);
    expect(await t.size()).toBe(0);
  });

  test('checks the sum of an increment before it is stored', async () => {
    const t = grid.table(counts);
    expect(await t.increment('a', 4, { initial: 3 })).toBe(7);
    expect(await rejection(t.increment('a', 4))).toEqual(invalidAt([]));
    await Promise.all([t.increment('a'), t.increment('a')]);
    expect(await t.get('a')).toBe(9);
  });

  test('refuses a schema that does not answer at once', async () => {
    expect(await rejection(grid.table(slow).set('a', 'b'))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await grid.table(slow).size()).toBe(0);
  });
});

describe.each(topologies)('arguments with schemas, %s,', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules });
  });

  test('of an actor arrive as the schemas have them', async () => {
    expect(await grid.actor(account, 'a').deposit(5, ' rent ')).toEqual([5, ['rent']]);
    expect(await grid.actor(account, 'a').deposit(5)).toEqual([10, ['rent']]);
    expect(await grid.actor(account, 'a').anything({ any: 1 })).toEqual({ any: 1 });
    const both = await grid.actors(account, ['a', 'b']).deposit(1, ' x ');
    expect(both).toMatchObject([{ value: [11, ['rent', 'x']] }, { value: [1, ['x']] }]);
  });

  test('of an actor are refused at the caller: no message, no turn', async () => {
    const error = await rejection(grid.actor(account, 'a').deposit(-1));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toEqual(invalidAt([]));
    expect((error as Error).message).toMatch(/^argument 1 of account\.deposit is not valid: /);
    expect(await rejection(grid.tell(account, 'a').deposit(-1))).toEqual(invalidAt([]));
    expect(await rejection(grid.actors(account, ['a', 'b']).deposit(-1))).toEqual(invalidAt([]));
    expect(await rejection(grid.transaction(() => grid.actor(account, 'a').deposit(-1)))).toEqual(
      invalidAt([]),
    );
    expect(await grid.actor(account, 'a').deposit(1)).toEqual([1, []]);
  });

  test('found wrong on a host reject the caller of that with class, code and issues', async () => {
    const error = await rejection(grid.actor(account, 'a').putUser('u'));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toEqual(invalidAt(['name']));
  });

  test('of a procedure and of a job are checked', async () => {
    expect(await grid.run(pay, 'a', '4')).toBe(4);
    expect(await rejection(grid.run(pay, 'a', -4))).toEqual(invalidAt([]));
    expect(await grid.compute.run(double, { n: '4' }, { at: { host: 0 } })).toBe(8);
    expect(await rejection(grid.compute.run(double, { n: 'x' }, { at: { host: 0 } }))).toEqual(
      invalidAt(['n']),
    );
  });
});

test('what is no schema is refused when it is given', () => {
  const schema = { parse: () => 1 } as never;
  expect(() => table('t', { schema })).toThrow(/schema must be a schema in the form of Standard Schema 1/);
  const options = { state: () => 0, methods: { a: () => 1 } };
  expect(() => actor('a', { ...options, args: { a: [schema] as never } })).toThrow(
    /args\.a\[0\] must be a schema/,
  );
  expect(() => actor('a', { ...options, args: { b: [] } as never })).toThrow(/names b, which is no method/);
  expect(() => job('j', { run: () => 1, args: schema })).toThrow(/args must be a schema/);
});

test('types come from the schemas: what they take goes in, what they make comes out', () => {
  const typed = table('typed', {
    affinity: ([owner]: [string, number]) => owner,
    schema: z.object({ at: z.string().transform((text) => new Date(text)) }),
  });
  const tableOf = (grid: Grid) => grid.table(typed);
  type Typed = ReturnType<typeof tableOf>;
  expectTypeOf<Awaited<ReturnType<Typed['get']>>>().toEqualTypeOf<{ at: Date } | undefined>();
  expectTypeOf<Parameters<Typed['set']>[0]>().toEqualTypeOf<[string, number]>();
  expectTypeOf<Parameters<Typed['set']>[1]>().toEqualTypeOf<{ at: string }>();
  const plain = table('plain', { schema: v.object({ n: v.number() }) });
  const plainOf = (grid: Grid) => grid.table(plain);
  expectTypeOf<Parameters<ReturnType<typeof plainOf>['set']>[1]>().toEqualTypeOf<{ n: number }>();

  const checked = actor('checked', {
    state: () => ({ sum: 0 }),
    args: { add: [z.string().transform(Number)] },
    methods: {
      add: (ctx, by: number, note?: string) => `${ctx.state.sum + by} ${note}`,
      total: (ctx) => ctx.state.sum,
    },
  });
  const actorOf = (grid: Grid) => grid.actor(checked, 'a');
  type Checked = ReturnType<typeof actorOf>;
  expectTypeOf<Parameters<Checked['add']>>().toEqualTypeOf<[by: string, note?: string | undefined]>();
  expectTypeOf<ReturnType<Checked['total']>>().toEqualTypeOf<Promise<number>>();

  const run = procedure('run', {
    args: [z.string(), z.string().transform(Number)],
    keys: (key: string, _by: number) => [plain.key(key)],
    run: (_tx, _key, by) => by,
  });
  const runOf = (grid: Grid) => grid.run(run, 'a', '1');
  expectTypeOf<ReturnType<typeof runOf>>().toEqualTypeOf<Promise<number>>();
  expectTypeOf<Parameters<typeof run.run>[2]>().toEqualTypeOf<string>();
  const task = job('task', {
    args: z.object({ n: z.string().transform(Number) }),
    run: (_ctx, { n }) => n + 1,
  });
  expectTypeOf<Parameters<typeof task.run>[1]>().toEqualTypeOf<{ n: string }>();
});
