// The tables that several patterns share. Every thread imports this module; importing it does nothing else.
//
// `affinity` is what makes the patterns short: albums and tracks live in the partition of their artist, so code that
// runs there has all of an artist at hand.
import { table } from 'troupe';

export interface Artist {
  readonly name: string;
}
export interface Album {
  readonly title: string;
}
export interface Track {
  readonly name: string;
  readonly albumId: number;
  readonly genre: string;
  readonly seconds: number;
  readonly priceCents: number;
}

export const artists = table<number, Artist>('artists');
export const albums = table<[artistId: number, albumId: number], Album>('albums', {
  affinity: ([artistId]) => artistId,
});
export const tracks = table<[artistId: number, trackId: number], Track>('tracks', {
  affinity: ([artistId]) => artistId,
});
