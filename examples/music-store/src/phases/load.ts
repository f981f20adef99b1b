// Loading: the catalogue's rows are streamed into the grid's tables, table after table.
//
// An operation is a row; rows are stored in pieces, so none has a latency of its own. Every customer gets an account with enough for all the
// purchases to come and a little more, so that only the payments that are meant to fail do.
import type { Grid, Key, TableDefinition } from 'troupe';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { listeningHistory } from '../catalogue/listening.ts';
import * as store from '../definitions.ts';
import type { Progress } from '../progress.ts';
import { type PhaseMeter, type PhaseResult, runPhase } from './phase.ts';

const spareCents = 1_000;

/** Fills the tables. */
export async function load(
  grid: Grid,
  catalogue: Catalogue,
  seed: number,
  progress: Progress,
): Promise<PhaseResult> {
  const loads = [...catalogueLoads(catalogue), ...customerLoads(catalogue, seed)];
  const total = loads.reduce((sum, { count }) => sum + count, 0);
  const { result } = await runPhase({ name: 'load', total, unit: 'rows' }, progress, async (meter) => {
    for (const { run } of loads) await run(grid, meter);
  });
  return result;
}

interface TableLoad {
  readonly count: number;
  readonly run: (grid: Grid, meter: PhaseMeter) => Promise<void>;
}

function loadOf<K extends Key, V>(
  table: TableDefinition<K, V>,
  rows: readonly (readonly [K, V])[],
): TableLoad {
  const run = (grid: Grid, meter: PhaseMeter) => grid.table(table).setMany(counted(rows, meter));
  return { count: rows.length, run };
}

/** An async iterable, because the grid takes one in pieces; all at once would be one enormous write. */
async function* counted<T>(rows: readonly T[], meter: PhaseMeter): AsyncGenerator<T> {
  for (const row of rows) {
    yield row;
    meter.done();
  }
}

function catalogueLoads({ genres, artists, albums, tracks }: Catalogue): TableLoad[] {
  const tracksOf = new Map<number, { trackId: number; genreId: number }[]>(
    artists.map(({ artistId }) => [artistId, []]),
  );
  for (const { artistId, trackId, genreId } of tracks) tracksOf.get(artistId)?.push({ trackId, genreId });
  return [
    loadOf(
      store.genres,
      genres.map(({ genreId, name }) => [genreId, { name }]),
    ),
    loadOf(
      store.artists,
      artists.map(({ artistId, name }) => [artistId, { name, tracks: tracksOf.get(artistId) ?? [] }]),
    ),
    loadOf(
      store.albums,
      albums.map(({ artistId, albumId, title }) => [[artistId, albumId], { title }]),
    ),
    loadOf(
      store.tracks,
      tracks.map(({ artistId, trackId, name, albumId, genreId, priceCents }) => [
        [artistId, trackId],
        { name, albumId, genreId, priceCents },
      ]),
    ),
    loadOf(
      store.trackPlaces,
      tracks.map(({ trackId, artistId, genreId }) => [trackId, { artistId, genreId }]),
    ),
  ];
}

function customerLoads(catalogue: Catalogue, seed: number): TableLoad[] {
  const opening = openingBalances(catalogue);
  const openingOf = (customerId: number) => opening.get(customerId) ?? spareCents;
  const { customers, purchases } = catalogue;
  const lastInvoiceId = purchases.reduce((last, { invoiceId }) => Math.max(last, invoiceId), 0);
  return [
    loadOf(
      store.customers,
      customers.map(({ customerId, name }) => [customerId, { name, openingCents: openingOf(customerId) }]),
    ),
    loadOf(
      store.balances,
      customers.map(({ customerId }) => [customerId, openingOf(customerId)]),
    ),
    loadOf(
      store.plays,
      Array.from(listeningHistory(catalogue, seed), ({ customerId, trackId, plays }) => [
        [customerId, trackId],
        plays,
      ]),
    ),
    loadOf(store.sequences, [['invoice', lastInvoiceId]]),
  ];
}

/** What each customer is going to spend, and a little more. */
export function openingBalances({ tracks, purchases }: Catalogue): Map<number, number> {
  const prices = new Map(tracks.map(({ trackId, priceCents }) => [trackId, priceCents]));
  const balances = new Map<number, number>();
  for (const { customerId, items } of purchases) {
    const cents = items.reduce(
      (sum, { trackId, quantity }) => sum + (prices.get(trackId) ?? 0) * quantity,
      0,
    );
    balances.set(customerId, (balances.get(customerId) ?? spareCents) + cents);
  }
  return balances;
}
