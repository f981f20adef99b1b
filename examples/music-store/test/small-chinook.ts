// A store of three tracks and two invoices in the shape of a Chinook file, for tests to break in one place.

export interface ChinookDocument {
  [array: string]: Record<string, unknown>[];
}

export function smallChinook(): ChinookDocument {
  return {
    Genre: [
      { GenreId: 1, Name: 'Rock' },
      { GenreId: 2, Name: 'TV Shows' },
    ],
    Artist: [
      { ArtistId: 1, Name: 'AC/DC' },
      { ArtistId: 2, Name: 'Lost' },
    ],
    Album: [
      { AlbumId: 1, Title: 'Let There Be Rock', ArtistId: 1 },
      { AlbumId: 2, Title: 'Lost, Season 1', ArtistId: 2 },
    ],
    Track: [
      { TrackId: 1, Name: 'Go Down', AlbumId: 1, GenreId: 1, UnitPrice: 0.99 },
      { TrackId: 2, Name: 'Dog Eat Dog', AlbumId: 1, GenreId: 1, UnitPrice: '0.99' },
      { TrackId: 3, Name: 'Pilot', AlbumId: 2, GenreId: 2, UnitPrice: 1.99 },
    ],
    Customer: [
      { CustomerId: 1, FirstName: 'Luís', LastName: 'Gonçalves' },
      { CustomerId: 2, FirstName: 'Leonie', LastName: 'Köhler' },
    ],
    Invoice: [
      { InvoiceId: 1, CustomerId: 2, InvoiceDate: '2021-02-01 00:00:00', Total: 2.98 },
      { InvoiceId: 2, CustomerId: 1, InvoiceDate: '2021-01-01T00:00:00', Total: 1.98 },
    ],
    InvoiceLine: [
      { InvoiceLineId: 1, InvoiceId: 1, TrackId: 1, UnitPrice: 0.99, Quantity: 1 },
      { InvoiceLineId: 2, InvoiceId: 1, TrackId: 3, UnitPrice: 1.99, Quantity: 1 },
      { InvoiceLineId: 3, InvoiceId: 2, TrackId: 2, UnitPrice: 0.99, Quantity: 2 },
    ],
  };
}

/** The same document with fields of one row changed. */
export function changed(array: string, index: number, fields: Record<string, unknown>): ChinookDocument {
  const document = smallChinook();
  Object.assign(document[array]?.[index] ?? {}, fields);
  return document;
}
