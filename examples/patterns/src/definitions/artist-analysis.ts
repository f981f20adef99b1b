// A job that reads all of one artist where it lives.
import { job } from 'troupe';
import { albums, artists, tracks } from './catalogue.ts';

/** Exported, so that callers on other threads can use `instanceof`. */
export class UnknownArtist extends Error {
  readonly code = 'UNKNOWN_ARTIST';
}

export const analyseArtist = job('analyseArtist', {
  run(ctx, artistId: number) {
    // `ctx.local` is the live partition: synchronous, no copies, no locks. A key of another partition throws.
    const artist = ctx.local(artists).get(artistId);
    if (artist === undefined) throw new UnknownArtist(`no artist ${artistId}`);
    // Other artists may live here, too, hence the prefix.
    const titles = [...ctx.local(albums).values({ prefix: [artistId] })].map(({ title }) => title);
    const songs = [...ctx.local(tracks).values({ prefix: [artistId] })];
    const longest = songs.toSorted((a, b) => b.seconds - a.seconds)[0];
    return {
      artist: artist.name,
      albums: titles.toSorted(),
      tracks: songs.length,
      seconds: songs.reduce((sum, { seconds }) => sum + seconds, 0),
      longest: longest?.name,
      host: ctx.host,
      partition: ctx.partition,
    };
  },
});
