// A catalogue made up from a seed, as large as asked for: the same scale and seed give the same store.
//
// Sales are skewed as real ones are: few artists, tracks and customers make most of them, so that their rows are
// contended. Customers rarely buy a track twice, though nothing forbids it.

import { RankedPick, SeededRandom } from '../seeded-random.ts';
import type { Album, Artist, Catalogue, Purchase, Track } from './catalogue.ts';
import { albumTitle, artistName, customerName, genreNames, trackName } from './names.ts';

export interface GeneratedOptions {
  /** 1 is 1,000 artists, 20,000 tracks, 5,000 customers and 50,000 purchases. */
  readonly scale: number;
  readonly seed: number;
}

const tracksPerAlbum = 10;
const itemsMax = 9;
const firstDay = Date.UTC(2021, 0, 1);
const daySpan = 5 * 365;

/** Makes the catalogue. */
export function generateCatalogue({ scale, seed }: GeneratedOptions): Catalogue {
  const count = (atScaleOne: number) => Math.max(1, Math.round(atScaleOne * scale));
  const artists = numberedFrom1(count(1_000), (artistId) => ({ artistId, name: artistName(artistId - 1) }));
  const albums = makeAlbums(count(20_000 / tracksPerAlbum), artists, new SeededRandom(seed, 'albums'));
  const tracks = makeTracks(albums, artists.length, new SeededRandom(seed, 'tracks'));
  const customers = numberedFrom1(count(5_000), (customerId) => ({
    customerId,
    name: customerName(customerId - 1),
  }));
  return {
    source: `generated, scale ${scale}, seed ${seed}`,
    genres: genreNames.map((name, index) => ({ genreId: index + 1, name })),
    artists,
    albums,
    tracks,
    customers,
    purchases: makePurchases(
      count(50_000),
      customers.length,
      tracks.length,
      new SeededRandom(seed, 'purchases'),
    ),
  };
}

/** Everyone's first album, then further ones, more of them for those at the top. */
function makeAlbums(count: number, artists: readonly Artist[], random: SeededRandom): Album[] {
  const ranked = new RankedPick(artists.length, 0.8);
  return numberedFrom1(count, (albumId) => ({
    albumId,
    artistId: albumId <= artists.length ? albumId : ranked.pick(random) + 1,
    title: albumTitle(albumId - 1),
  }));
}

/** An artist keeps to one genre; a fifth of the albums are expensive. */
function makeTracks(albums: readonly Album[], artistCount: number, random: SeededRandom): Track[] {
  const ranked = new RankedPick(genreNames.length, 1);
  const genreOfArtist = numberedFrom1(artistCount, () => ranked.pick(random) + 1);
  return albums.flatMap(({ albumId, artistId }) => {
    const priceCents = random.chance(0.2) ? 199 : 99;
    return numberedFrom1(tracksPerAlbum, (place) => {
      const trackId = (albumId - 1) * tracksPerAlbum + place;
      const genreId = genreOfArtist[artistId - 1] ?? 1;
      return { trackId, albumId, artistId, genreId, name: trackName(trackId - 1), priceCents };
    });
  });
}

function makePurchases(count: number, customers: number, tracks: number, random: SeededRandom): Purchase[] {
  const buyers = new RankedPick(customers, 0.4);
  const hits = new RankedPick(tracks, 0.7);
  const owned = new Set<string>();
  return numberedFrom1(count, (invoiceId) => {
    const customerId = buyers.pick(random) + 1;
    const basket = new Set<number>();
    for (let left = random.integer(1, itemsMax); left > 0; left -= 1) {
      const trackId = hits.pick(random) + 1;
      const wanted = !owned.has(`${customerId}/${trackId}`) || (left === 1 && basket.size === 0);
      if (wanted) basket.add(trackId);
    }
    for (const trackId of basket) owned.add(`${customerId}/${trackId}`);
    return {
      invoiceId,
      customerId,
      at: firstDay + Math.floor(((invoiceId - 1) * daySpan) / count) * 86_400_000,
      items: [...basket].map((trackId) => ({ trackId, quantity: 1 })),
    };
  });
}

function numberedFrom1<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}
