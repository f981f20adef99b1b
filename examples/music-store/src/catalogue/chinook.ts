// A catalogue from a Chinook file: the sample database of a digital media store, as one JSON object with an array
// of rows per table.
//
// The rule it keeps: what is read adds up. Every id leads somewhere, every invoice line is sold at its track's
// price and every invoice's total is the sum of its lines, so that replaying the invoices must give their money
// to the cent. Tables the store has no use for (employees, playlists, media types) are not looked at.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { InputError } from '../input-error.ts';
import type { Album, Catalogue, Purchase, Track } from './catalogue.ts';
import { type Row, readById, readRows } from './row-reader.ts';

/** Reads the file, or throws an `InputError` that says what is wrong with it. */
export async function readChinook(path: string): Promise<Catalogue> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'no such file' : cause.message;
    throw new InputError(`${path}: ${reason}`);
  });
  return parseChinook(parseJson(text, path), basename(path));
}

/** The catalogue in an already parsed document; `file` is the name that complaints give it. */
export function parseChinook(document: unknown, file: string): Catalogue {
  const rows = (array: string) => readRows(document, array, file);
  const genres = readById(rows('Genre'), 'GenreId', (row) => ({
    genreId: row.id('GenreId'),
    name: row.text('Name'),
  }));
  const artists = readById(rows('Artist'), 'ArtistId', (row) => ({
    artistId: row.id('ArtistId'),
    name: row.text('Name'),
  }));
  const albums = readById(rows('Album'), 'AlbumId', (row) => ({
    albumId: row.id('AlbumId'),
    artistId: row.reference('ArtistId', artists, 'Artist').artistId,
    title: row.text('Title'),
  }));
  const tracks = readById(rows('Track'), 'TrackId', (row) => readTrack(row, albums, genres));
  const customers = readById(rows('Customer'), 'CustomerId', (row) => ({
    customerId: row.id('CustomerId'),
    name: `${row.text('FirstName')} ${row.text('LastName')}`,
  }));
  const invoices = readById(rows('Invoice'), 'InvoiceId', (row) => ({
    row,
    invoiceId: row.id('InvoiceId'),
    customerId: row.reference('CustomerId', customers, 'Customer').customerId,
    at: row.date('InvoiceDate'),
    items: [] as Item[],
    totalCents: 0,
  }));
  for (const row of rows('InvoiceLine')) readLine(row, invoices, tracks);
  return {
    source: file,
    genres: [...genres.values()],
    artists: [...artists.values()],
    albums: [...albums.values()],
    tracks: [...tracks.values()],
    customers: [...customers.values()],
    purchases: [...invoices.values()].map(toPurchase).sort(byDate),
  };
}

interface Item {
  readonly trackId: number;
  readonly quantity: number;
}

/** An invoice while its lines are being read. */
interface OpenInvoice {
  readonly row: Row;
  readonly invoiceId: number;
  readonly customerId: number;
  readonly at: number;
  readonly items: Item[];
  totalCents: number;
}

function readTrack(
  row: Row,
  albums: ReadonlyMap<number, Album>,
  genres: ReadonlyMap<number, unknown>,
): Track {
  row.reference('GenreId', genres, 'Genre');
  const album = row.reference('AlbumId', albums, 'Album');
  return {
    trackId: row.id('TrackId'),
    albumId: album.albumId,
    artistId: album.artistId,
    genreId: row.id('GenreId'),
    name: row.text('Name'),
    priceCents: row.cents('UnitPrice'),
  };
}

function readLine(
  row: Row,
  invoices: ReadonlyMap<number, OpenInvoice>,
  tracks: ReadonlyMap<number, Track>,
): void {
  const invoice = row.reference('InvoiceId', invoices, 'Invoice');
  const track = row.reference('TrackId', tracks, 'Track');
  const quantity = row.id('Quantity');
  if (row.cents('UnitPrice') !== track.priceCents) {
    row.fail('UnitPrice', `the price of track ${track.trackId}, which is ${track.priceCents} cents`);
  }
  invoice.items.push({ trackId: track.trackId, quantity });
  invoice.totalCents += track.priceCents * quantity;
}

function toPurchase({ row, invoiceId, customerId, at, items, totalCents }: OpenInvoice): Purchase {
  if (items.length === 0) row.fail('InvoiceId', 'an invoice with at least one line');
  if (row.cents('Total') !== totalCents) {
    row.fail('Total', `the sum of the invoice's lines, which is ${totalCents} cents`);
  }
  return { invoiceId, customerId, at, items };
}

function byDate(a: Purchase, b: Purchase): number {
  return a.at - b.at || a.invoiceId - b.invoiceId;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new InputError(`${path}: not JSON`);
  }
}
