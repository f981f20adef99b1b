// Recommendations: customers own tracks, and are offered others of the same artists.
import { job, table } from 'troupe';
import { tracks } from './catalogue.ts';

export type TrackKey = [artistId: number, trackId: number];

/** What a customer owns. */
export const libraries = table<string, readonly TrackKey[]>('libraries');
export const counters = table<'turns', number>('counters');

/** Runs where the customer's library is, and asks the partitions of the artists for the rest. */
export const recommend = job('recommend', {
  async run(ctx, customer: string) {
    // Whose turn this is: the example shows the order in which jobs leave the queue.
    const turn = await ctx.table(counters).increment('turns');
    const library = ctx.local(libraries).get(customer) ?? [];
    const owned = new Set(library.map(([, trackId]) => trackId));
    const offers: string[] = [];
    for (const artistId of new Set(library.map(([id]) => id))) {
      const ofArtist = ctx.table(tracks).entries({ prefix: [artistId], affinity: artistId });
      for await (const [[, trackId], { name }] of ofArtist) if (!owned.has(trackId)) offers.push(name);
    }
    return { turn, customer, offers: offers.toSorted() };
  },
});
