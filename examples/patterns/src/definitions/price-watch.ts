// A topic of price changes, and wish lists that listen to it.
import { actor, topic } from 'troupe';

export interface PriceChange {
  readonly trackId: number;
  readonly cents: number;
}

export const priceChanges = topic<PriceChange>('priceChanges');

export const wishList = actor('wishList', {
  state: (_customer: string) => ({
    /** What a track may cost. */
    wishes: new Map<number, number>(),
    bargains: [] as PriceChange[],
  }),
  readonly: ['bargains'],
  methods: {
    async wish(ctx, trackId: number, centsMax: number) {
      ctx.state.wishes.set(trackId, centsMax);
      // Twice is once, so nobody has to remember whether it was done.
      await ctx.subscribe(priceChanges, 'priceChanged');
    },
    priceChanged(ctx, change: PriceChange) {
      const centsMax = ctx.state.wishes.get(change.trackId);
      if (centsMax !== undefined && change.cents <= centsMax) ctx.state.bargains.push(change);
    },
    /** A generator is a stream to its caller; a readonly one shows the state as it was when it began. */
    *bargains(ctx) {
      yield* ctx.state.bargains;
    },
  },
});
