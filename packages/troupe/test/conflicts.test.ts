/** Many writers on few keys: sums are exact, totals are conserved, writes of many keys are never seen half. */
import { type Grid, TroupeError } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, start, store, topologies } from './running-grid.ts';

const { accounts, counters, items } = store;

/** In several of eight partitions. */
const keys = Array.from({ length: 10 }, (_, i) => `key-${i}`);

/** Repeatable pseudo-random numbers below `bound`. */
function randomFrom(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

describe.each(topologies)('a storm of conflicts %s', (_, threads) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads);
  });

  test('on one key ends at the exact sum, in every way to write', async () => {
    const table = grid.table(counters);
    await table.set('hot', 0);
    const ways = [
      () => table.increment('hot'),
      () => grid.run(store.addToAll, ['hot']),
      () =>
        grid.transaction(async (tx) => {
          await tx.table(counters).set('hot', ((await tx.table(counters).get('hot')) ?? 0) + 1);
        }),
      () => grid.transaction((tx) => tx.table(counters).increment('hot'), { keys: [counters.key('hot')] }),
      () => grid.transaction((tx) => tx.transaction((nested) => nested.table(counters).increment('hot'))),
      async () => {
        for (;;) {
          const seen = await table.get('hot');
          if (await table.compareAndSet('hot', seen, (seen ?? 0) + 1)) return;
        }
      },
    ];
    await Promise.all(Array.from({ length: 300 }, async (_, i) => ways[i % ways.length]?.()));
    expect(await table.get('hot')).toBe(300);
  });

  test('over several keys in random orders ends at the exact sums', async () => {
    const random = randomFrom(7);
    const expected = new Map(keys.map((key) => [key, 0]));
    const runs = Array.from({ length: 200 }, (_, i) => {
      const chosen = keys.filter(() => random(3) === 0).sort(() => random(3) - 1);
      for (const key of chosen) expected.set(key, (expected.get(key) ?? 0) + 1);
      if (i % 4 === 0 && chosen.length > 0) return grid.run(store.addToAll, chosen);
      return grid.transaction(
        async (tx) => {
          for (const key of chosen) {
            await tx.table(counters).set(key, ((await tx.table(counters).get(key)) ?? 0) + 1);
          }
        },
        i % 4 === 1 ? { keys: chosen.map((key) => counters.key(key)) } : {},
      );
    });
    await Promise.all(runs);
    expect(await grid.table(counters).getMany(keys)).toEqual(
      keys.map((key) => expected.get(key) || undefined),
    );
  });

  test('of bank transfers conserves the total, and every audit sees it', async () => {
    const total = keys.length * 100;
    await grid.table(accounts).setMany(keys.map((key) => [key, { balance: 100 }]));
    const random = randomFrom(11);
    let running = true;
    const audits = [0, 1].map(async () => {
      let count = 0;
      for (; running; count++) {
        expect(sumOf(await grid.table(accounts).getMany(keys))).toBe(total);
        const locked = grid.transaction((tx) => collect(tx.table(accounts).values()));
        expect(sumOf(await locked)).toBe(total);
        const past = grid.transaction((tx) => tx.table(accounts).getMany(keys), { readOnly: true });
        expect(sumOf(await past)).toBe(total);
      }
      return count;
    });
    const clients = Array.from({ length: 8 }, async (_, client) => {
      for (let i = 0; i < 25; i++) {
        const from = keys[random(keys.length)] ?? '';
        const to = keys[random(keys.length)] ?? '';
        if (from === to) continue;
        await move((client + i) % 4, from, to, random(150)).catch((error: unknown) => {
          if (!(error instanceof store.InsufficientFunds)) throw error;
        });
      }
    });
    await Promise.all(clients);
    running = false;
    for (const count of await Promise.all(audits)) expect(count).toBeGreaterThan(0);
    expect(sumOf(await grid.table(accounts).getMany(keys))).toBe(total);
  });

  test('of setMany and deleteMany never shows half of one to a reader', async () => {
    let running = true;
    const writers = [1, 2, 3].map(async (writer) => {
      for (let i = 0; i < 40; i++) {
        if (i % 5 === 4) await grid.table(items).deleteMany(keys);
        else if (i % 5 === 3) await grid.table(items).clear();
        else await grid.table(items).setMany(keys.map((key) => [key, `${writer}-${i}`]));
      }
    });
    const readers = [
      () => grid.table(items).getMany(keys),
      () => collect(grid.table(items).values()),
      () => grid.transaction((tx) => tx.table(items).getMany(keys), { readOnly: true }),
      () => grid.transaction((tx) => tx.table(items).getMany(keys)),
    ].map(async (read) => {
      for (; running; ) {
        const values = await read();
        expect(new Set(values).size, JSON.stringify(values)).toBeLessThanOrEqual(1);
        expect([0, keys.length]).toContain(values.length);
      }
    });
    await Promise.all(writers);
    running = false;
    await Promise.all(readers);
  });

  test('never makes a plain operation fail', async () => {
    const runs = Array.from({ length: 200 }, (_, i) => {
      const key = keys[i % 3] ?? '';
      if (i % 2 === 0) return grid.table(counters).increment(key);
      return grid.transaction(
        async (tx) => {
          await tx.table(counters).increment(keys[(i + 1) % 3] ?? '');
          await tx.table(counters).increment(key);
        },
        { retries: 0 },
      );
    });
    const outcomes = await Promise.allSettled(runs);
    outcomes.forEach((outcome, i) => {
      if (i % 2 === 0) expect(outcome.status).toBe('fulfilled');
      else if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ details: { reason: 'wounded' } });
    });
    const committed = outcomes.filter(({ status }, i) => i % 2 === 1 && status === 'fulfilled').length;
    const sums = await grid.table(counters).getMany(keys.slice(0, 3));
    expect(sums.reduce<number>((sum, n) => sum + (n ?? 0), 0)).toBe(100 + 2 * committed);
  });

  async function move(way: number, from: string, to: string, amount: number): Promise<unknown> {
    if (way === 0) return grid.run(store.transfer, from, to, amount);
    if (way === 1) return grid.actor(store.clerk, from).transfer(from, to, amount);
    if (way === 2) return grid.actor(store.clerk, from).move(from, to, amount);
    return grid.transaction(async (tx) => {
      const table = tx.table(accounts);
      const source = await table.get(from);
      const target = await table.get(to);
      if (source === undefined || target === undefined) throw new TroupeError('GONE', 'an account is gone');
      await table.setMany([
        [from, { balance: source.balance - amount }],
        [to, { balance: target.balance + amount }],
      ]);
    });
  }
});

function sumOf(values: readonly ({ readonly balance: number } | undefined)[]): number {
  return values.reduce((sum, value) => sum + (value?.balance ?? 0), 0);
}
