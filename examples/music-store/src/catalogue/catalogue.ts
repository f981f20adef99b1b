// What a store is made of, wherever it comes from: read from a Chinook file or generated.
//
// Plain rows with ids, in no table's form yet; `phases/load.ts` turns them into rows of the grid's tables.

/** Everything a store starts with, and the purchases to be made in it, in the order of their dates. */
export interface Catalogue {
  /** Where it is from, for the report. */
  readonly source: string;
  readonly genres: readonly Genre[];
  readonly artists: readonly Artist[];
  readonly albums: readonly Album[];
  readonly tracks: readonly Track[];
  readonly customers: readonly Customer[];
  readonly purchases: readonly Purchase[];
}

export interface Genre {
  readonly genreId: number;
  readonly name: string;
}

export interface Artist {
  readonly artistId: number;
  readonly name: string;
}

export interface Album {
  readonly albumId: number;
  readonly artistId: number;
  readonly title: string;
}

export interface Track {
  readonly trackId: number;
  readonly albumId: number;
  readonly artistId: number;
  readonly genreId: number;
  readonly name: string;
  readonly priceCents: number;
}

export interface Customer {
  readonly customerId: number;
  readonly name: string;
}

/** What a customer put into the basket. What it costs is for the store to say. */
export interface Purchase {
  readonly invoiceId: number;
  readonly customerId: number;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly items: readonly { readonly trackId: number; readonly quantity: number }[];
}
