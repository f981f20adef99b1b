// A job with a bad start: the provider of the lyrics is busy until the third attempt.
import { job } from 'troupe';
import { tracks } from './catalogue.ts';

export class ProviderBusy extends Error {
  readonly code = 'PROVIDER_BUSY';
}
export class NoSuchTrack extends Error {
  readonly code = 'NO_SUCH_TRACK';
}

export interface LyricsOf {
  readonly artistId: number;
  readonly trackId: number;
}

export const fetchLyrics = job('fetchLyrics', {
  run(ctx, { artistId, trackId }: LyricsOf) {
    const track = ctx.local(tracks).get([artistId, trackId]);
    if (track === undefined) throw new NoSuchTrack(`artist ${artistId} has no track ${trackId}`);
    // `ctx.attempt` counts from 1; `ctx.id` stays the same, to recognise a repetition elsewhere.
    if (ctx.attempt < 3) throw new ProviderBusy(`busy at attempt ${ctx.attempt}`);
    return { text: `La la ${track.name}`, attempt: ctx.attempt };
  },
});
