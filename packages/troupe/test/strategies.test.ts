/** Grids under each lock strategy: what users rely on holds under all of them, they differ in what it costs. */
import { type Grid, type GridOptions, InvalidArgumentError, TransactionAbortedError } from 'troupe';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, gate, rejection, start, store, storeUrl, topologies } from './running-grid.ts';

const { accounts, counters } = store;
const keys = Array.from({ length: 6 }, (_, i) => `key-${i}`);
const total = keys.length * 100;

const strategies = ['wound-wait', 'wait-die', 'no-wait'] as const;
const everywhere = topologies.flatMap(([where, threads]) =>
  strategies.map((lockStrategy) => ({ where, threads, lockStrategy })),
);

describe.each(everywhere)('a grid $where under $lockStrategy', ({ threads, lockStrategy }) => {
  let grid: Grid;
  beforeEach(async () => {
    grid = await start(threads, { experimental: { lockStrategy } });
    await grid.table(accounts).setMany(keys.map((key) => [key, { balance: 100 }]));
  });

  test('conserves the sum of a contended bank, and every audit sees it', async () => {
    let running = true;
    const table = grid.table(accounts);
    const ways = [
      () => table.getMany(keys),
      () => collect(table.values()),
      () => collect(table.values({ prefix: 'key-' })),
      () => grid.transaction((tx) => collect(tx.table(accounts).values({ from: 'key-0', to: 'key-9' }))),
      () => grid.transaction((tx) => tx.table(accounts).getMany(keys), { readOnly: true }),
    ];
    const audits = ways.map(async (read) => {
      // Without an end they would keep their locks all but always, and under no-wait nobody waits for his turn.
      for (let count = 0; count < 15 && running; count++) {
        const balances = await read();
        expect(balances.reduce((sum, account) => sum + (account?.balance ?? 0), 0)).toBe(total);
      }
    });
    const clients = Array.from({ length: 6 }, async (_, client) => {
      for (let i = 0; i < 10; i++) await move((client + i) % 3, client, i);
    });
    await Promise.all(clients);
    running = false;
    await Promise.all(audits);
    expect(await table.size()).toBe(keys.length);
  }, 30_000);

  test('never fails a plain operation', async () => {
    const transactions = Array.from({ length: 60 }, (_, i) =>
      grid.transaction(
        async (tx) => {
          await tx.table(counters).increment(`c${i % 2}`);
          await tx.table(counters).increment(`c${(i + 1) % 2}`);
        },
        { retries: 0 },
      ),
    );
    const settled = Promise.allSettled(transactions);
    await Promise.all(Array.from({ length: 60 }, (_, i) => grid.table(counters).increment(`c${i % 2}`)));
    const outcomes = await settled;
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(TransactionAbortedError);
    const committed = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const sums = await grid.table(counters).getMany(['c0', 'c1']);
    expect((sums[0] ?? 0) + (sums[1] ?? 0)).toBe(60 + 2 * committed);
  });

  test('lets a plain operation wait for a transaction, and a snapshot pass', async () => {
    const held = gate();
    const mayEnd = gate();
    const holder = grid.transaction(
      async (tx) => {
        await tx.table(accounts).set('key-0', { balance: 1 });
        held.open();
        await mayEnd.opened;
      },
      { keys: [accounts.key('key-0')] },
    );
    await held.opened;
    const order: string[] = [];
    const waiting = grid
      .table(accounts)
      .get('key-0')
      .then((account) => order.push(`plain sees ${account?.balance}`));
    const [past] = await grid.table(accounts).getMany(['key-0']);
    order.push(`snapshot sees ${past?.balance}`);
    mayEnd.open();
    await Promise.all([holder, waiting]);
    expect(order).toEqual(['snapshot sees 100', 'plain sees 1']);
  });

  async function move(way: number, client: number, i: number): Promise<unknown> {
    const from = keys[(client + i) % keys.length] ?? '';
    const to = keys[(client * 3 + i + 1) % keys.length] ?? '';
    if (from === to) return undefined;
    const amount = (client + i) % 7;
    if (way === 0) return grid.run(store.transfer, from, to, amount).catch(ignoreMissingFunds);
    return grid.transaction(
      async (tx) => {
        const table = tx.table(accounts);
        const source = (await table.get(from))?.balance ?? 0;
        const target = (await table.get(to))?.balance ?? 0;
        await table.set(from, { balance: source - amount });
        await table.set(to, { balance: target + amount });
      },
      way === 1 ? {} : { keys: [accounts.key(from), accounts.key(to)] },
    );
  }
});

function ignoreMissingFunds(error: unknown): void {
  if (!(error instanceof store.InsufficientFunds)) throw error;
}

describe('the option experimental', () => {
  test.each([
    [{ lockStrategy: 'wait-dye' }, /experimental.lockStrategy must be one of wound-wait, wait-die, no-wait/],
    [
      { lockStrategie: 'wait-die' },
      /unknown option `lockStrategie` in experimental; did you mean `lockStrategy`/,
    ],
    [7, /experimental must be an options object/],
  ])('is refused when it is wrong: %j', async (experimental, message) => {
    const options = { modules: [storeUrl], threads: 0, experimental } as unknown as GridOptions;
    const error = await rejection(start(0, options));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message).toMatch(message);
  });
});
