import { job } from 'troupe';
import { tracks } from './catalogue.ts';

/** Broadcast over a table it runs once for each partition, at its owner; `ctx.local` covers that partition only. */
export const countHere = job('countHere', {
  run: (ctx) => ({ partition: ctx.partition, host: ctx.host, tracks: ctx.local(tracks).size }),
});
