import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Catalogue } from '../dist/catalogue/catalogue.js';
import { parseChinook, readChinook } from '../dist/catalogue/chinook.js';
import { changed, smallChinook } from './small-chinook.ts';

const chinookPath = fileURLToPath(new URL('../../../../shared/data/chinook.json', import.meta.url));

describe('a Chinook document', () => {
  test('becomes a catalogue with its purchases in the order of their dates', () => {
    const catalogue = parseChinook(smallChinook(), 'small.json');
    expect(catalogue.source).toBe('small.json');
    expect(catalogue.tracks[1]).toEqual({
      trackId: 2,
      albumId: 1,
      artistId: 1,
      genreId: 1,
      name: 'Dog Eat Dog',
      priceCents: 99,
    });
    expect(catalogue.customers[0]).toEqual({ customerId: 1, name: 'Luís Gonçalves' });
    expect(catalogue.purchases).toEqual([
      { invoiceId: 2, customerId: 1, at: Date.UTC(2021, 0, 1), items: [{ trackId: 2, quantity: 2 }] },
      {
        invoiceId: 1,
        customerId: 2,
        at: Date.UTC(2021, 1, 1),
        items: [
          { trackId: 1, quantity: 1 },
          { trackId: 3, quantity: 1 },
        ],
      },
    ]);
  });

  test.each([
    ['a list', [], 'x.json: expected a JSON object with an array per table'],
    ['a table missing', { ...smallChinook(), Track: undefined }, 'x.json: no array "Track"'],
    ['a table that is an object', { ...smallChinook(), Album: {} }, 'x.json: no array "Album"'],
    [
      'a row that is no object',
      { ...smallChinook(), Genre: [7] },
      'x.json: Genre[0] is 7, expected an object',
    ],
    [
      'a field missing',
      changed('Track', 1, { UnitPrice: undefined }),
      'x.json: Track[1] has no field "UnitPrice"',
    ],
    [
      'a price with three decimals',
      changed('Track', 0, { UnitPrice: 0.999 }),
      'x.json: Track[0].UnitPrice is 0.999, expected an amount with at most two decimals',
    ],
    [
      'an id of zero',
      changed('Artist', 0, { ArtistId: 0 }),
      'x.json: Artist[0].ArtistId is 0, expected a whole number above 0',
    ],
    [
      'an id twice',
      changed('Artist', 1, { ArtistId: 1 }),
      'x.json: Artist[1].ArtistId is 1, expected an id that no earlier row has',
    ],
    [
      'a reference that leads nowhere',
      changed('Album', 0, { ArtistId: 99 }),
      'x.json: Album[0].ArtistId is 99, expected the id of a row in "Artist"',
    ],
    [
      'a date that is none',
      changed('Invoice', 0, { InvoiceDate: 'soon' }),
      'x.json: Invoice[0].InvoiceDate is "soon", expected a date',
    ],
    [
      'a line sold at another price',
      changed('InvoiceLine', 0, { UnitPrice: 0.5 }),
      'x.json: InvoiceLine[0].UnitPrice is 0.5, expected the price of track 1, which is 99 cents',
    ],
    [
      'a total that is not the sum of the lines',
      changed('Invoice', 0, { Total: 3 }),
      "x.json: Invoice[0].Total is 3, expected the sum of the invoice's lines, which is 298 cents",
    ],
    [
      'an invoice without lines',
      { ...smallChinook(), InvoiceLine: [] },
      'x.json: Invoice[0].InvoiceId is 1, expected an invoice with at least one line',
    ],
  ])('with %s is refused, and the place named', (_, document, message) => {
    expect(() => parseChinook(document, 'x.json')).toThrow(
      expect.objectContaining({ name: 'InputError', message }) as Error,
    );
  });
});

describe('a Chinook file', () => {
  test('that does not exist is refused in one line', async () => {
    await expect(readChinook('no/such.json')).rejects.toThrow('no/such.json: no such file');
  });

  test('that is not JSON is refused in one line', async () => {
    const path = fileURLToPath(import.meta.url);
    await expect(readChinook(path)).rejects.toThrow(`${path}: not JSON`);
  });

  test.skipIf(!existsSync(chinookPath))('that is the real one gives its known totals', async () => {
    const catalogue = await readChinook(chinookPath);
    expect(catalogue.purchases).toHaveLength(412);
    const { total, genres, artists, customers } = revenueOf(catalogue);
    expect(total).toBe(232_860);
    expect(top(genres, 5)).toEqual([
      ['Rock', 82_665],
      ['Latin', 38_214],
      ['Metal', 26_136],
      ['Alternative & Punk', 24_156],
      ['TV Shows', 9_353],
    ]);
    expect(top(artists, 3)).toEqual([
      ['Iron Maiden', 13_860],
      ['U2', 10_593],
      ['Metallica', 9_009],
    ]);
    expect(top(customers, 3)).toEqual([
      ['6 Helena Holý', 4_962],
      ['26 Richard Cunningham', 4_762],
      ['57 Luis Rojas', 4_662],
    ]);
  });
});

/** Summed up from the purchases, without a grid. */
function revenueOf({ tracks, genres, artists, customers, purchases }: Catalogue) {
  const byTrack = new Map(tracks.map((track) => [track.trackId, track]));
  const genreNames = new Map(genres.map(({ genreId, name }) => [genreId, name]));
  const artistNames = new Map(artists.map(({ artistId, name }) => [artistId, name]));
  const customerNames = new Map(
    customers.map(({ customerId, name }) => [customerId, `${customerId} ${name}`]),
  );
  const sums = {
    genres: new Map<string, number>(),
    artists: new Map<string, number>(),
    customers: new Map<string, number>(),
  };
  let total = 0;
  const add = (into: Map<string, number>, name: string | undefined, cents: number) =>
    into.set(name ?? '?', (into.get(name ?? '?') ?? 0) + cents);
  for (const { customerId, items } of purchases) {
    for (const { trackId, quantity } of items) {
      const track = byTrack.get(trackId);
      if (track === undefined) throw new Error(`no track ${trackId}`);
      const cents = track.priceCents * quantity;
      total += cents;
      add(sums.genres, genreNames.get(track.genreId), cents);
      add(sums.artists, artistNames.get(track.artistId), cents);
      add(sums.customers, customerNames.get(customerId), cents);
    }
  }
  return { total, ...sums };
}

function top(sums: Map<string, number>, count: number): [string, number][] {
  return [...sums].sort((a, b) => b[1] - a[1]).slice(0, count);
}
