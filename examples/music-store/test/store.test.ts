import { startGrid } from 'troupe';
import { describe, expect, test } from 'vitest';
import { parseChinook } from '../dist/catalogue/chinook.js';
import { generateCatalogue } from '../dist/catalogue/generated.js';
import { balances, customers, purchase, salesCounters, tracks } from '../dist/definitions.js';
import { load, openingBalances } from '../dist/phases/load.js';
import { makePurchases, ordersOf } from '../dist/phases/purchases.js';
import { PlainProgress } from '../dist/progress.js';
import { runStore } from '../dist/run-store.js';
import { smallChinook } from './small-chinook.ts';

const silent = new PlainProgress(() => undefined);
const start = (threads: number) =>
  startGrid({ modules: [new URL('../dist/definitions.js', import.meta.url)], threads });

describe.each([0, 2])('the store on %i threads', (threads) => {
  test('replays a small Chinook to the cent', async () => {
    await using grid = await start(threads);
    const catalogue = parseChinook(smallChinook(), 'small.json');
    const summary = await runStore(grid, catalogue, { failures: 0, seed: 1 }, silent);
    expect(summary.totals).toEqual({ invoices: 2, revenueCents: 496, failedPayments: 0 });
    expect(summary.topGenres).toEqual([
      { name: 'Rock', cents: 297 },
      { name: 'TV Shows', cents: 199 },
    ]);
    expect(summary.topArtists).toEqual([
      { name: 'AC/DC', cents: 297 },
      { name: 'Lost', cents: 199 },
    ]);
    expect(summary.topCustomers).toEqual([
      { id: 2, name: 'Leonie Köhler', cents: 298 },
      { id: 1, name: 'Luís Gonçalves', cents: 198 },
    ]);
    expect(summary.audit).toEqual({ ok: true, violations: [] });
    expect(summary.phases.map(({ name, operations }) => [name, operations])).toEqual([
      ['load', expect.any(Number)],
      ['purchases', 2],
      ['recommendations', 2],
      ['trends', 3],
      ['audit', 1],
    ]);
  });

  test('keeps its books when every tenth payment fails in mid-purchase', async () => {
    await using grid = await start(threads);
    const catalogue = generateCatalogue({ scale: 0.01, seed: 3 });
    const failed = ordersOf(catalogue, { failures: 0.1, seed: 3 }).filter(
      ({ payment }) => payment === 'declined',
    ).length;
    const summary = await runStore(grid, catalogue, { failures: 0.1, seed: 3 }, silent);
    expect(failed).toBeGreaterThan(20);
    expect(summary.audit).toEqual({ ok: true, violations: [] });
    expect(summary.totals).toMatchObject({ invoices: 500 - failed, failedPayments: failed });
    expect(summary.phases[1]).toMatchObject({ name: 'purchases', operations: 500, rollbacks: failed });
  });

  test('refuses a purchase with the code that says why, and changes nothing', async () => {
    await using grid = await start(threads);
    const catalogue = parseChinook(smallChinook(), 'small.json');
    await load(grid, catalogue, 1, silent);
    const item = { trackId: 3, artistId: 2, genreId: 2, quantity: 1 };
    const order = { invoiceId: 7, customerId: 1, at: 0, items: [item], payment: 'accepted' as const };
    const refusals = [
      [{ ...order, customerId: 99 }, 'UNKNOWN_CUSTOMER'],
      [{ ...order, items: [{ ...item, trackId: 99 }] }, 'UNKNOWN_TRACK'],
      [{ ...order, items: [{ ...item, quantity: 1_000 }] }, 'INSUFFICIENT_FUNDS'],
      [{ ...order, payment: 'declined' as const }, 'PAYMENT_DECLINED'],
    ] as const;
    for (const [refused, code] of refusals) {
      await expect(grid.run(purchase, refused)).rejects.toMatchObject({ code });
    }
    expect(await grid.table(balances).get(1)).toBe(openingBalances(catalogue).get(1));
    expect(await grid.table(salesCounters).get(['artist', 2])).toBeUndefined();

    await grid.run(purchase, order);
    await expect(grid.run(purchase, order)).rejects.toMatchObject({ code: 'DUPLICATE_INVOICE' });
    expect(await grid.table(salesCounters).get(['artist', 2])).toBe(199);
  });

  test('charges the price that a track has at the time', async () => {
    await using grid = await start(threads);
    await load(grid, parseChinook(smallChinook(), 'small.json'), 1, silent);
    await grid.table(tracks).set([2, 3], { name: 'Pilot', albumId: 2, genreId: 1, priceCents: 149 });
    const item = { trackId: 3, artistId: 2, genreId: 2, quantity: 1 };
    const order = { invoiceId: 7, customerId: 1, at: 0, items: [item], payment: 'accepted' as const };
    expect(await grid.run(purchase, order)).toMatchObject({ invoiceId: 7, totalCents: 149 });
    expect(await grid.table(salesCounters).get(['genre', 1])).toBe(149);
    expect(await grid.table(customers).get(1)).toMatchObject({ name: 'Luís Gonçalves' });
  });
});

test('a store whose host dies in the middle of its purchases says so instead of hanging', async () => {
  await using grid = await start(2);
  const catalogue = generateCatalogue({ scale: 0.02, seed: 3 });
  await load(grid, catalogue, 1, silent);
  const lines: string[] = [];
  let death: Promise<void> | undefined;
  const watched = new PlainProgress((line) => {
    lines.push(line);
    if (line === 'purchases: 25 %') death = grid.terminateHost(0);
  });
  const sold = makePurchases(grid, catalogue, { failures: 0, seed: 3 }, watched);
  await expect(sold).rejects.toMatchObject({
    code: expect.stringMatching(/^(HOST_LOST|PARTITION_LOST|PARTITION_UNAVAILABLE)$/) as string,
  });
  await death;
  expect(lines.at(-1)).toBe('purchases: failed');
});
