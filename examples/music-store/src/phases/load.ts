// Loading: the catalogue's rows go into the grid's tables through its streamer, table after table.
//
// An operation is a row; a latency is that of one table. Every customer gets an account with enough for all the
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
    for (const { run } of loads) await meter.time(() => run(grid, meter));
  });
  return result;
}

interface Row<K, V> {
  readonly key: K;
  readonly value: V;
}

interface TableLoad {
  readonly count: number;
  readonly run: (grid: Grid, meter: PhaseMeter) => Promise<void>;
}

function loadOf<K extends Key, V>(table: TableDefinition<K, V>, rows: readonly Row<K, V>[]): TableLoad {
  const run = async (grid: Grid, meter: PhaseMeter) => {
    const { failed } = await grid.table(table).load(counted(rows, meter));
    const [first] = failed;
    if (first !== undefined)
      throw new Error(`${failed.length} rows of ${table.name} were not stored`, { cause: first.error });
  };
  return { count: rows.length, run };
}

async function* counted<T>(rows: readonly T[], meter: PhaseMeter): AsyncGenerator<T> {
  for (const row of rows) {
    yield row;
    meter.done();
  }
}

function catalogueLoads({ genres, artists, albums, tracks }: Catalogue): TableLoad[] {
  const trackIds = new Map<number, number[]>(artists.map(({ artistId }) => [artistId, []]));
  for (const { artistId, trackId } of tracks) trackIds.get(artistId)?.push(trackId);
  return [
    loadOf(
      store.genres,
      genres.map(({ genreId, name }) => ({ key: genreId, value: { name } })),
    ),
    loadOf(
      store.artists,
      artists.map(({ artistId, name }) => ({
        key: artistId,
        value: { name, trackIds: trackIds.get(artistId) ?? [] },
      })),
    ),
    loadOf(
      store.albums,
      albums.map(({ artistId, albumId, title }) => ({ key: [artistId, albumId], value: { title } })),
    ),
    loadOf(
      store.tracks,
      tracks.map(({ artistId, trackId, ...value }) => ({
        key: [artistId, trackId],
        value: {
          name: value.name,
          albumId: value.albumId,
          genreId: value.genreId,
          priceCents: value.priceCents,
        },
      })),
    ),
    loadOf(
      store.trackPlaces,
      tracks.map(({ trackId, artistId, genreId }) => ({ key: trackId, value: { artistId, genreId } })),
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
      customers.map(({ customerId, name }) => ({
        key: customerId,
        value: { name, openingCents: openingOf(customerId) },
      })),
    ),
    loadOf(
      store.balances,
      customers.map(({ customerId }) => ({ key: customerId, value: openingOf(customerId) })),
    ),
    loadOf(
      store.plays,
      Array.from(listeningHistory(catalogue, seed), ({ customerId, trackId, plays }) => ({
        key: [customerId, trackId],
        value: plays,
      })),
    ),
    loadOf(store.sequences, [{ key: 'invoice', value: lastInvoiceId }]),
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
