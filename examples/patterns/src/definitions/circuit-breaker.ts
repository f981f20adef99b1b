// A job that depends on a payment provider, which is a table here.
import { job, table } from 'troupe';

export const provider = table<'state', 'up' | 'down'>('provider');
export const calls = table<'charge', number>('calls');

export class ProviderDown extends Error {
  readonly code = 'PROVIDER_DOWN';
}
export class CardRefused extends Error {
  readonly code = 'CARD_REFUSED';
}

export const charge = job('charge', {
  async run(ctx, { cents }: { readonly cents: number }) {
    await ctx.table(calls).increment('charge');
    if ((await ctx.table(provider).get('state')) === 'down') throw new ProviderDown('no connection');
    if (cents > 10_000) throw new CardRefused('beyond the limit of the card');
    return `charged ${cents} cents`;
  },
});
