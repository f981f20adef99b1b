import type { FastifyInstance } from 'fastify';
import { type Grid, startGrid } from 'troupe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseChinook } from '../dist/catalogue/chinook.js';
import { balances, salesCounters } from '../dist/definitions.js';
import { load } from '../dist/phases/load.js';
import { makePurchases } from '../dist/phases/purchases.js';
import { PlainProgress } from '../dist/progress.js';
import { createService } from '../dist/service.js';
import { smallChinook } from './small-chinook.ts';

describe('the service', () => {
  let grid: Grid;
  let service: FastifyInstance;
  let address: string;

  beforeAll(async () => {
    const silent = new PlainProgress(() => undefined);
    const catalogue = parseChinook(smallChinook(), 'small.json');
    grid = await startGrid({ modules: [new URL('../dist/definitions.js', import.meta.url)], threads: 2 });
    await load(grid, catalogue, 1, silent);
    await makePurchases(grid, catalogue, { failures: 0, seed: 1 }, silent);
    service = createService(grid);
    address = await service.listen({ port: 0, host: '127.0.0.1' });
  });

  afterAll(async () => {
    await service.close();
    await grid.close();
  });

  const get = (path: string) => answerOf(fetch(address + path));
  const post = (path: string, body: string) =>
    answerOf(
      fetch(address + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
    );
  const buy = (body: unknown) => post('/purchases', JSON.stringify(body));

  test('is healthy', async () => {
    expect(await get('/health')).toEqual({ status: 200, body: { status: 'ok', customers: 2 } });
  });

  test('sells tracks, after which they are in the library and in the trends', async () => {
    expect(await get('/customers/1/recommendations?top=1')).toEqual({
      status: 200,
      body: { customerId: 1, tracks: [{ trackId: 1, artistId: 1, name: 'Go Down', priceCents: 99 }] },
    });
    expect(await buy({ customerId: 1, trackIds: [1, 3] })).toEqual({
      status: 201,
      body: { invoiceId: 3, totalCents: 298 },
    });
    expect(await get('/customers/1/library')).toEqual({
      status: 200,
      body: {
        customerId: 1,
        tracks: [
          { trackId: 2, name: 'Dog Eat Dog' },
          { trackId: 1, name: 'Go Down' },
          { trackId: 3, name: 'Pilot' },
        ],
      },
    });
    expect(await get('/trends?by=artist&top=2')).toEqual({
      status: 200,
      body: {
        by: 'artist',
        top: [
          { id: 2, name: 'Lost', cents: 398 },
          { id: 1, name: 'AC/DC', cents: 396 },
        ],
      },
    });
  });

  test('refuses who cannot pay', async () => {
    const bought = [];
    for (let purchase = 0; purchase < 6; purchase += 1)
      bought.push(await buy({ customerId: 2, trackIds: [3] }));
    expect(bought.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 402]);
    expect(bought[5]).toMatchObject({ body: { error: { code: 'INSUFFICIENT_FUNDS' } } });
  });

  test('never lets a customer spend the same cents twice', async () => {
    // 4.99 are left, enough for two of six at 1.99.
    await grid.table(balances).set(2, 499);
    const before = await grid.table(salesCounters).get(['genre', 2]);
    const bought = await Promise.all(Array.from({ length: 6 }, () => buy({ customerId: 2, trackIds: [3] })));
    expect(bought.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 201, 402, 402, 402, 402]);
    expect(await grid.table(balances).get(2)).toBe(499 - 2 * 199);
    expect(await grid.table(salesCounters).get(['genre', 2])).toBe((before ?? 0) + 2 * 199);
  });

  test.each([
    ['a customer who does not exist', { customerId: 9, trackIds: [1] }, 404, 'UNKNOWN_CUSTOMER'],
    ['a track that does not exist', { customerId: 1, trackIds: [1, 99] }, 404, 'UNKNOWN_TRACK'],
    ['an empty basket', { customerId: 1, trackIds: [] }, 400, 'FST_ERR_VALIDATION'],
    ['no basket', { customerId: 1 }, 400, 'FST_ERR_VALIDATION'],
    ['a track twice', { customerId: 1, trackIds: [1, 1] }, 400, 'FST_ERR_VALIDATION'],
    ['an id that is none', { customerId: 'ada', trackIds: [1] }, 400, 'FST_ERR_VALIDATION'],
  ])('refuses a purchase with %s', async (_, body, status, code) => {
    expect(await buy(body)).toMatchObject({ status, body: { error: { code } } });
  });

  test('refuses what is not JSON', async () => {
    expect(await post('/purchases', '{')).toMatchObject({ status: 400 });
  });

  test.each([
    ['/customers/9/library', 404, 'UNKNOWN_CUSTOMER'],
    ['/customers/9/recommendations', 404, 'UNKNOWN_CUSTOMER'],
    ['/customers/ada/library', 400, 'FST_ERR_VALIDATION'],
    ['/trends?by=weather', 400, 'FST_ERR_VALIDATION'],
    ['/customers/1/recommendations?top=0', 400, 'FST_ERR_VALIDATION'],
    ['/nowhere', 404, 'NOT_FOUND'],
  ])('answers GET %s with %i %s', async (path, status, code) => {
    expect(await get(path)).toMatchObject({ status, body: { error: { code } } });
  });
});

async function answerOf(request: Promise<Response>): Promise<{ status: number; body: unknown }> {
  const response = await request;
  return { status: response.status, body: await response.json() };
}
