// The store on the grid: its tables, and the code that runs where their rows are. The service and every worker
// thread load this module; loading it does nothing else.
//
// Where rows live is what makes the store fast. Everything of a customer is in one partition, so a purchase runs
// there and a recommendation reads there. Albums, tracks and the sales counter of an artist are in the artist's
// partition, so selling a track reaches no further than its price. Only the counters of genres are elsewhere.
import { job, mapReduce, procedure, type TableKey, table } from 'troupe';
import { byCentsDescending, type Revenue } from './revenue.ts';
import { StoreError } from './store-error.ts';
import { favourites, scoreOf } from './taste.ts';

export interface ArtistRow {
  readonly name: string;
  /** All of the artist's tracks, with what a recommendation weighs before it reads the best ones. */
  readonly tracks: readonly { readonly trackId: number; readonly genreId: number }[];
}
export interface AlbumRow {
  readonly title: string;
}
export interface TrackRow {
  readonly name: string;
  readonly albumId: number;
  readonly genreId: number;
  readonly priceCents: number;
}
/** What must be known of a track before its row can be reached and its sale be counted. */
export interface TrackPlace {
  readonly artistId: number;
  readonly genreId: number;
}
export interface CustomerRow {
  readonly name: string;
  readonly openingCents: number;
}
export interface InvoiceRow {
  readonly at: number;
  readonly totalCents: number;
}
export interface InvoiceLineRow extends TrackPlace {
  readonly trackId: number;
  readonly unitPriceCents: number;
  readonly quantity: number;
}
export interface LibraryTrack extends TrackPlace {
  readonly trackId: number;
}

export const genres = table<number, { readonly name: string }>('genres');

export const artists = table<number, ArtistRow>('artists');
export const albums = table<[artistId: number, albumId: number], AlbumRow>('albums', {
  affinity: ([artistId]) => artistId,
});
export const tracks = table<[artistId: number, trackId: number], TrackRow>('tracks', {
  affinity: ([artistId]) => artistId,
});
/** Leads from a bare track id to the partition of its artist. */
export const trackPlaces = table<number, TrackPlace>('trackPlaces');

export const customers = table<number, CustomerRow>('customers');
export const balances = table<number, number>('balances');
export const libraries = table<number, readonly LibraryTrack[]>('libraries');
export const invoices = table<[customerId: number, invoiceId: number], InvoiceRow>('invoices', {
  affinity: ([customerId]) => customerId,
});
export const invoiceLines = table<[customerId: number, invoiceId: number, line: number], InvoiceLineRow>(
  'invoiceLines',
  {
    affinity: ([customerId]) => customerId,
  },
);
/** How often a customer has played a track. */
export const plays = table<[customerId: number, trackId: number], number>('plays', {
  affinity: ([customerId]) => customerId,
});

/**
 * Cents sold so far. An artist's counter lives with the artist's tracks. Those of all genres share a partition: they
 * are so few that every purchase meets others there, and in one place a purchase gets all it needs of them at once
 * or waits. Spread out, purchases that hold one and wait for the next make each other start again.
 */
export const salesCounters = table<[of: 'artist' | 'genre', id: number], number>('salesCounters', {
  affinity: ([of, id]) => (of === 'artist' ? id : 'genres'),
});
/** The last number given out, by what is numbered. */
export const sequences = table<'invoice', number>('sequences');

export interface OrderItem extends TrackPlace {
  readonly trackId: number;
  readonly quantity: number;
}
export interface Order {
  readonly invoiceId: number;
  readonly customerId: number;
  readonly at: number;
  readonly items: readonly OrderItem[];
  /** What the payment provider is going to answer. */
  readonly payment: 'accepted' | 'declined';
}
export interface Receipt {
  readonly invoiceId: number;
  readonly totalCents: number;
  /** Which attempt went through; the ones before it lost a conflict. */
  readonly attempt: number;
}

/**
 * Sells tracks: charges the balance, writes the invoice and its lines, fills the library, counts the sale.
 *
 * It runs at the customer's partition, whose key comes first. All keys are declared, the counters of genres too,
 * which nearly every purchase needs: the locks of all partitions are asked for in one round, the rows they protect
 * come along, and the body waits for nobody. Touching the counters last instead, to hold them for less long, makes
 * purchases collide in mid-body and start again: measured, it costs 1.6 times the CPU with one thread and 3 times
 * with two. That the tracks are locked as well costs no concurrency: two sales of one track meet at the counter of
 * its artist anyway.
 */
export const purchase = procedure('purchase', {
  keys: (order: Order) => [...customerKeys(order), ...order.items.flatMap(itemKeys)],

  async run(tx, order): Promise<Receipt> {
    const { customerId, invoiceId, at } = order;
    const balance = await tx.table(balances).get(customerId);
    if (balance === undefined) throw new StoreError('UNKNOWN_CUSTOMER', `no customer ${customerId}`);

    const prices = await tx
      .table(tracks)
      .getMany(order.items.map(({ artistId, trackId }) => [artistId, trackId]));
    const lines = order.items.map((item, index) => toLine(item, prices[index]));
    const totalCents = sumOf(lines);
    if (balance < totalCents) {
      throw new StoreError(
        'INSUFFICIENT_FUNDS',
        `customer ${customerId} has ${balance} cents, the tracks cost ${totalCents}`,
      );
    }

    await tx.table(balances).set(customerId, balance - totalCents);
    if (!(await tx.table(invoices).insert([customerId, invoiceId], { at, totalCents }))) {
      throw new StoreError('DUPLICATE_INVOICE', `customer ${customerId} has an invoice ${invoiceId} already`);
    }
    await tx
      .table(invoiceLines)
      .setMany(lines.map((line, index) => [[customerId, invoiceId, index + 1], line] as const));
    for (const [artistId, cents] of revenueBy(lines, (line) => line.artistId)) {
      await tx.table(salesCounters).increment(['artist', artistId], cents);
    }
    if (order.payment === 'declined') {
      throw new StoreError('PAYMENT_DECLINED', `payment of invoice ${invoiceId} was declined`, tx.attempt);
    }

    for (const [genreId, cents] of revenueBy(lines, (line) => line.genreId)) {
      await tx.table(salesCounters).increment(['genre', genreId], cents);
    }
    const library = (await tx.table(libraries).get(customerId)) ?? [];
    await tx.table(libraries).set(customerId, withTracks(library, lines));
    return { invoiceId, totalCents, attempt: tx.attempt };
  },
});

function customerKeys({ customerId, invoiceId, items }: Order): TableKey[] {
  return [
    balances.key(customerId),
    libraries.key(customerId),
    invoices.key([customerId, invoiceId]),
    ...items.map((_, index) => invoiceLines.key([customerId, invoiceId, index + 1])),
  ];
}

function itemKeys({ artistId, genreId, trackId }: OrderItem): TableKey[] {
  return [
    tracks.key([artistId, trackId]),
    salesCounters.key(['artist', artistId]),
    salesCounters.key(['genre', genreId]),
  ];
}

/** The price and the genre are those of the track's row now, whatever the order was made with. */
function toLine({ trackId, artistId, quantity }: OrderItem, track: TrackRow | undefined): InvoiceLineRow {
  if (track === undefined) throw new StoreError('UNKNOWN_TRACK', `no track ${trackId}`);
  return { trackId, artistId, genreId: track.genreId, unitPriceCents: track.priceCents, quantity };
}

function sumOf(lines: readonly InvoiceLineRow[]): number {
  return lines.reduce((sum, line) => sum + line.unitPriceCents * line.quantity, 0);
}

function revenueBy(
  lines: Iterable<InvoiceLineRow>,
  idOf: (line: InvoiceLineRow) => number,
): Map<number, number> {
  const revenue = new Map<number, number>();
  for (const line of lines) {
    const id = idOf(line);
    revenue.set(id, (revenue.get(id) ?? 0) + line.unitPriceCents * line.quantity);
  }
  return revenue;
}

function withTracks(library: readonly LibraryTrack[], bought: readonly LibraryTrack[]): LibraryTrack[] {
  const owned = new Set(library.map(({ trackId }) => trackId));
  const added = bought.filter(({ trackId }) => !owned.has(trackId));
  return [...library, ...added.map(({ trackId, artistId, genreId }) => ({ trackId, artistId, genreId }))];
}

export interface RecommendArgs {
  readonly customerId: number;
  readonly top: number;
}
export interface Recommendation {
  readonly trackId: number;
  readonly artistId: number;
  readonly name: string;
  readonly priceCents: number;
}

const favouriteArtistsMax = 3;

/**
 * Proposes tracks of the customer's favourite artists, those in favourite genres first. Run at the customer's
 * partition. From elsewhere it reads a few artists, then only the tracks it proposes.
 */
export const recommend = job('recommend', {
  async run(ctx, { customerId, top }: RecommendArgs): Promise<Recommendation[]> {
    const library = ctx.local(libraries).get(customerId) ?? [];
    const playCounts = ctx.local(plays);
    const taste = favourites(library, (trackId) => playCounts.get([customerId, trackId]) ?? 0);
    const owned = new Set(library.map(({ trackId }) => trackId));

    const artistIds = taste.artistIds.slice(0, favouriteArtistsMax);
    const rows = await ctx.table(artists).getMany(artistIds);
    const best = artistIds
      .flatMap((artistId, index) =>
        (rows[index]?.tracks ?? [])
          .filter(({ trackId }) => !owned.has(trackId))
          .map(({ trackId, genreId }) => ({ trackId, artistId, score: scoreOf(taste, artistId, genreId) })),
      )
      .sort((a, b) => b.score - a.score || a.trackId - b.trackId)
      .slice(0, top);
    const found = await ctx.table(tracks).getMany(best.map(({ artistId, trackId }) => [artistId, trackId]));
    return best.flatMap(({ trackId, artistId }, index) => {
      const track = found[index];
      return track === undefined
        ? []
        : [{ trackId, artistId, name: track.name, priceCents: track.priceCents }];
    });
  },
});

export type Dimension = 'genre' | 'artist' | 'customer';

/** Revenue by genre, artist or customer, the highest first: summed up at the owners of the invoice lines. */
export const salesBy = mapReduce('salesBy', {
  map(ctx, { by }: { readonly by: Dimension }): Map<number, number> {
    const revenue = new Map<number, number>();
    for (const [[customerId], line] of ctx.local(invoiceLines).entries()) {
      const id = by === 'customer' ? customerId : by === 'genre' ? line.genreId : line.artistId;
      revenue.set(id, (revenue.get(id) ?? 0) + line.unitPriceCents * line.quantity);
    }
    return revenue;
  },
  combine: added,
  reduce: (parts: readonly Map<number, number>[]): Revenue[] =>
    [...parts.reduce(added, new Map<number, number>())]
      .map(([id, cents]) => ({ id, cents }))
      .sort(byCentsDescending),
});

function added(into: Map<number, number>, more: Map<number, number>): Map<number, number> {
  for (const [id, cents] of more) into.set(id, (into.get(id) ?? 0) + cents);
  return into;
}
