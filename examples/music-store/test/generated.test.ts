import { describe, expect, test } from 'vitest';
import { generateCatalogue } from '../dist/catalogue/generated.js';
import { listeningHistory } from '../dist/catalogue/listening.js';
import { albumTitle, artistName, customerName, trackName } from '../dist/catalogue/names.js';
import { RankedPick, SeededRandom } from '../dist/seeded-random.js';

describe('a generated catalogue', () => {
  const catalogue = generateCatalogue({ scale: 0.02, seed: 7 });

  test('has the size that its scale asks for', () => {
    const { artists, tracks, customers, purchases } = catalogue;
    expect([artists.length, tracks.length, customers.length, purchases.length]).toEqual([
      20, 400, 100, 1_000,
    ]);
  });

  test('is the same for the same seed and another for another', () => {
    expect(generateCatalogue({ scale: 0.02, seed: 7 })).toEqual(catalogue);
    expect(generateCatalogue({ scale: 0.02, seed: 8 }).purchases).not.toEqual(catalogue.purchases);
  });

  test('holds together: every id leads to a row, no basket is empty or has a track twice', () => {
    const artistIds = new Set(catalogue.artists.map(({ artistId }) => artistId));
    const genreIds = new Set(catalogue.genres.map(({ genreId }) => genreId));
    const albums = new Map(catalogue.albums.map((album) => [album.albumId, album]));
    const trackIds = new Set(catalogue.tracks.map(({ trackId }) => trackId));
    const customerIds = new Set(catalogue.customers.map(({ customerId }) => customerId));
    expect(trackIds.size).toBe(400);
    for (const track of catalogue.tracks) {
      expect(artistIds.has(track.artistId) && genreIds.has(track.genreId)).toBe(true);
      expect(albums.get(track.albumId)?.artistId).toBe(track.artistId);
    }
    for (const { customerId, items } of catalogue.purchases) {
      expect(customerIds.has(customerId)).toBe(true);
      expect(items.length).toBeGreaterThan(0);
      expect(new Set(items.map(({ trackId }) => trackId)).size).toBe(items.length);
      expect(items.every(({ trackId }) => trackIds.has(trackId))).toBe(true);
    }
  });

  test('sells in the order of dates, with a genre that is sold most', () => {
    const { purchases, tracks } = catalogue;
    expect(purchases.every(({ at }, index) => at >= (purchases[index - 1]?.at ?? 0))).toBe(true);
    const genreOf = new Map(tracks.map(({ trackId, genreId }) => [trackId, genreId]));
    const sold = purchases.flatMap(({ items }) => items.map(({ trackId }) => genreOf.get(trackId)));
    expect(sold.filter((genreId) => genreId === 1).length).toBeGreaterThan(sold.length / 16);
  });

  test('is possible at the smallest scale', () => {
    const tiny = generateCatalogue({ scale: 1e-9, seed: 1 });
    expect([tiny.artists.length, tiny.tracks.length, tiny.customers.length, tiny.purchases.length]).toEqual([
      1, 10, 1, 1,
    ]);
  });
});

describe('the listening history', () => {
  const catalogue = generateCatalogue({ scale: 0.02, seed: 7 });

  test('tells each customer and track once, and the same each time', () => {
    const history = [...listeningHistory(catalogue, 7)];
    expect(new Set(history.map(({ customerId, trackId }) => `${customerId}/${trackId}`)).size).toBe(
      history.length,
    );
    expect(history.length).toBeGreaterThan(0);
    expect([...listeningHistory(catalogue, 7)]).toEqual(history);
  });

  test('tells of bought tracks only', () => {
    const bought = new Set(
      catalogue.purchases.flatMap(({ customerId, items }) =>
        items.map(({ trackId }) => `${customerId}/${trackId}`),
      ),
    );
    for (const { customerId, trackId } of listeningHistory(catalogue, 7)) {
      expect(bought.has(`${customerId}/${trackId}`)).toBe(true);
    }
  });
});

describe('generated names', () => {
  test.each([
    ['artists', artistName],
    ['albums', albumTitle],
    ['tracks', trackName],
    ['customers', customerName],
  ])('of %s differ', (_, nameOf) => {
    const names = Array.from({ length: 3_000 }, (_unused, index) => nameOf(index));
    expect(new Set(names).size).toBe(3_000);
  });
});

describe('seeded random numbers', () => {
  test('of two purposes are independent', () => {
    const draw = (purpose: string) => {
      const random = new SeededRandom(1, purpose);
      return Array.from({ length: 5 }, () => random.integer(0, 1_000_000));
    };
    expect(draw('a')).toEqual(draw('a'));
    expect(draw('a')).not.toEqual(draw('b'));
  });

  test('stay in their range and reach its ends', () => {
    const random = new SeededRandom(1, 'range');
    const drawn = new Set(Array.from({ length: 2_000 }, () => random.integer(3, 6)));
    expect([...drawn].sort((a, b) => a - b)).toEqual([3, 4, 5, 6]);
  });

  test('pick the first of ranked things most often, and the others too', () => {
    const random = new SeededRandom(1, 'ranks');
    const ranked = new RankedPick(3, 1);
    const counts = [0, 0, 0];
    for (let drawn = 0; drawn < 11_000; drawn += 1) {
      const rank = ranked.pick(random);
      counts[rank] = (counts[rank] ?? 0) + 1;
    }
    // Weights of 1, 1/2 and 1/3 are 6, 3 and 2 of eleven.
    expect(counts.map((count) => Math.round(count / 1_000))).toEqual([6, 3, 2]);
  });
});
