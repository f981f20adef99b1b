// A catalogue small enough to read, and how it gets into a grid.
import type { Client } from 'troupe';
import { type Album, type Artist, albums, artists, type Track, tracks } from '../definitions/catalogue.ts';

type AlbumSource = readonly [
  title: string,
  ...tracks: (readonly [name: string, genre: string, seconds: number])[],
];

const source: readonly (readonly [artist: string, ...albums: AlbumSource[]])[] = [
  [
    'The Wound Waits',
    ['Older First', ['Give Way', 'Rock', 214], ['Back In Line', 'Rock', 187]],
    ['No Deadlock', ['Circle Of None', 'Metal', 301], ['Give Way (Live)', 'Rock', 260]],
  ],
  [
    'Ada & the Engines',
    ['Note G', ['Looms', 'Jazz', 342], ['Barrels', 'Jazz', 295], ['Cards', 'Blues', 233]],
  ],
  [
    'Quiet Partition',
    ['Alone', ['Single Owner', 'Blues', 199]],
    ['Together', ['Affinity', 'Jazz', 221], ['Round Trip', 'Rock', 178]],
  ],
  ['Mailbox', ['Tell Me', ['Ask', 'Metal', 266], ['Tell', 'Metal', 241], ['Turn', 'Rock', 205]]],
];

const priceCents = 99;

/** Rows of the tables, with numbers from 1. */
function catalogueRows() {
  const rows = {
    artists: [] as [number, Artist][],
    albums: [] as [[number, number], Album][],
    tracks: [] as [[number, number], Track][],
  };
  source.forEach(([name, ...records], index) => {
    const artistId = index + 1;
    rows.artists.push([artistId, { name }]);
    for (const [title, ...songs] of records) {
      const albumId = rows.albums.length + 1;
      rows.albums.push([[artistId, albumId], { title }]);
      for (const [song, genre, seconds] of songs) {
        const track = { name: song, albumId, genre, seconds, priceCents };
        rows.tracks.push([[artistId, rows.tracks.length + 1], track]);
      }
    }
  });
  return rows;
}

/** Fills the catalogue's tables and answers what is in them now. */
export async function loadCatalogue(grid: Client): Promise<ReturnType<typeof catalogueRows>> {
  const rows = catalogueRows();
  await grid.table(artists).setMany(rows.artists);
  await grid.table(albums).setMany(rows.albums);
  await grid.table(tracks).setMany(rows.tracks);
  return rows;
}
