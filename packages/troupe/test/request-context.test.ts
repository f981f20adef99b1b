/** The context of a request follows the calls made in it, whichever threads they go over. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { currentContext, type Grid, startGrid, withContext } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, eventually, gate, rejection, start, topologies } from './running-grid.ts';

const modules = [new URL('./fixtures/requests.mjs', import.meta.url)];
const { items, see, seeIn, seeParts, seer, seeSteps } = createRequire(import.meta.url)(
  './fixtures/requests.mjs',
) as typeof import('./fixtures/requests.mjs');

/** Spread over the partitions. */
const keys = Array.from({ length: 5 }, (_, i) => `key ${i}`);
const [a, b] = keys as [string, string];
const request = { user: 'alice', tags: ['x'] };

test.each(topologies)(
  'an AsyncLocalStorage of the service, %s, is there in bodies of transactions',
  async (_, threads) => {
    const own = new AsyncLocalStorage<string>();
    const grid = await start(threads, { modules });
    const seen: unknown[] = [];
    const see = async (): Promise<void> => {
      seen.push(own.getStore());
      await grid.table(items).get(a);
      seen.push(own.getStore());
    };
    const holder = await grid.begin();
    await holder.table(items).set(a, { by: 'holder' } as never);
    const waiting = own.run('request', () =>
      Promise.all([
        grid.transaction(see, { keys: [items.key(a), items.key(b)] }),
        grid.transaction(see),
        grid.transaction(see, { readOnly: true }),
      ]),
    );
    await holder.commit();
    await waiting;
    expect(seen.length).toBeGreaterThanOrEqual(6);
    expect(new Set(seen)).toEqual(new Set(['request']));
  },
);

describe.each(topologies)('a request context, %s,', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { modules });
  });

  test('is seen by actors, over awaits and further calls', async () => {
    const seen = await grid.withContext(request, () => grid.actor(seer, a).seeAll(keys));
    expect(seen).toEqual(Array.from({ length: keys.length + 1 }, () => request));
    expect(await grid.actor(seer, a).seeAll(keys)).toEqual(seen.map(() => undefined));
  });

  test('is that of each call where calls of several requests go on at once', async () => {
    const users = Array.from({ length: 20 }, (_, i) => `user ${i}`);
    const seen = await Promise.all(
      users.map((user) => withContext({ user }, () => grid.actor(seer, a).seeAll([b, a]))),
    );
    expect(seen).toEqual(users.map((user) => [{ user }, { user }, { user }]));
  });

  test('is seen by tells, asks of many, and what they tell in turn', async () => {
    await withContext(request, async () => {
      await grid.tell(seer, a).note();
      await grid.actor(seer, a).tellOther(b);
      expect(await grid.actors(seer, [a, b]).see()).toMatchObject([{ value: request }, { value: request }]);
    });
    for (const key of [a, b])
      await eventually(async () => expect(await grid.actor(seer, key).seen()).toEqual([request]));
  });

  test('is seen by jobs, wherever they run, at each step', async () => {
    await withContext(request, async () => {
      expect(await grid.compute.run(see, undefined, { at: items.key(a) })).toEqual(request);
      expect(await grid.compute.run(see, undefined, { at: 'any' })).toEqual(request);
      expect(await grid.compute.submit(see, undefined, { at: { host: 0 } }).result).toEqual(request);
      expect(await grid.compute.run(seeParts, undefined, { over: items })).toEqual(['alice']);
      const steps = await collect(grid.compute.stream(seeSteps, undefined, { at: { host: 0 } }));
      expect(new Set(steps)).toEqual(new Set(['alice']));
      expect(await grid.actor(seer, a).runJob(b)).toEqual(request);
    });
    expect(await grid.compute.run(see, undefined, { at: 'any' })).toBe(null);
  });

  test('is seen by methods that stream, at each step', async () => {
    const steps = await withContext({ user: 'alice' }, () => collect(grid.actor(seer, a).stream(600)));
    expect(steps).toEqual(Array.from({ length: 600 }, () => 'alice'));
    expect(await collect(grid.actor(seer, a).stream(2))).toEqual([null, null]);
  });

  test('is seen by procedures, bodies of transactions, and what they call', async () => {
    await withContext(request, async () => {
      expect(await grid.run(seeIn, a)).toEqual(request);
      expect(await grid.actor(seer, a).runProcedure(b)).toEqual(request);
      const seen = await grid.transaction(
        async (tx) => {
          await tx.table(items).set(a, 1);
          await grid.tell(seer, b).note();
          return [currentContext(), await grid.actor(seer, a).see(), await grid.actor(seer, a).seeAll([b])];
        },
        { keys: [items.key(a), items.key(b)] },
      );
      expect(seen).toEqual([request, request, [request, request]]);
    });
    await eventually(async () => expect(await grid.actor(seer, b).seen()).toEqual([request]));
  });

  test('is that of the caller also when the body of his transaction had to wait for its locks', async () => {
    const held = gate();
    const mayEnd = gate();
    const first = grid.transaction(
      async () => {
        held.open();
        await mayEnd.opened;
      },
      { keys: [items.key(a)] },
    );
    await held.opened;
    const second = withContext(request, () =>
      grid.transaction(() => currentContext(), { keys: [items.key(a)] }),
    );
    await eventually(async () =>
      expect((await grid.locks.list()).some(({ state }) => state === 'waiting')).toBe(true),
    );
    mayEnd.open();
    await first;
    expect(await second).toEqual(request);
  });

  test('takes in those around it, and lets values be taken away', async () => {
    await withContext(request, async () => {
      expect(await grid.actor(seer, a).within({ trace: 1, tags: undefined }, b)).toEqual({
        user: 'alice',
        trace: 1,
      });
      expect(currentContext()).toEqual(request);
    });
    expect(currentContext()).toBe(undefined);
  });

  test('is a copy that nobody can change', async () => {
    const own = { user: 'alice' };
    await withContext(own, async () => {
      own.user = 'bob';
      expect(await grid.actor(seer, a).see()).toEqual({ user: 'alice' });
      expect(await rejection(grid.actor(seer, a).change())).toBeInstanceOf(TypeError);
    });
  });
});

test('a request context is bounded, and holds only what can be sent', () => {
  const large = expect.objectContaining({ code: 'VALUE_TOO_LARGE' });
  expect(() => withContext({ text: 'x'.repeat(9_000) }, () => 1)).toThrow(large);
  expect(() =>
    withContext({ a: 'x'.repeat(5_000) }, () => withContext({ b: 'x'.repeat(5_000) }, () => 1)),
  ).toThrow(large);
  expect(() => withContext({ fn: () => 1 }, () => 1)).toThrow(
    expect.objectContaining({ code: 'VALUE_NOT_SUPPORTED' }),
  );
  expect(() => withContext([] as never, () => 1)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  );
});

test('a request context counts in what may wait for a thread', async () => {
  const grid = await start(1, { modules });
  // More than a window and a backlog: 8 and 64 MiB.
  const tells = withContext({ text: 'x'.repeat(8_000) }, () =>
    Array.from({ length: 12_000 }, () => grid.tell(seer, a).note()),
  );
  const outcomes = await Promise.allSettled(tells);
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ reason: { code: 'LINK_OVERLOADED' } });
});

test('a grid started within a request does not belong to it', async () => {
  const grid = await withContext(request, () => startGrid({ modules, threads: 0 }));
  try {
    expect(await grid.actor(seer, a).see()).toBe(undefined);
    expect(await grid.compute.run(see, undefined, { at: { host: 0 } })).toBe(null);
  } finally {
    await grid.close();
  }
});
