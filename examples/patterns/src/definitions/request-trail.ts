// Actors that note what they do for whom. Nobody hands them the request: it follows the calls.
import { type ActorContext, actor, currentContext } from 'troupe';

export const trail = actor('trail', {
  state: (_requestId: string): string[] => [],
  readonly: ['lines'],
  methods: {
    note: (ctx, line: string) => void ctx.state.push(line),
    lines: (ctx) => ctx.state,
  },
});

export const stock = actor('stock', {
  state: (_item: string) => ({ left: 3 }),
  methods: {
    async take(ctx) {
      ctx.state.left--;
      await note(ctx, `took ${ctx.key}, ${ctx.state.left} left`);
    },
  },
});

export const basket = actor('basket', {
  state: (_customer: string): string[] => [],
  methods: {
    async add(ctx, item: string) {
      await ctx.actor(stock, item).take();
      ctx.state.push(item);
      await note(ctx, `put ${item} into the basket of ${ctx.key}`);
    },
  },
});

/** What a logger would do: it finds the request by itself. */
async function note(ctx: Pick<ActorContext<string, unknown>, 'actor'>, line: string): Promise<void> {
  const { requestId, user } = currentContext() ?? {};
  if (typeof requestId === 'string') await ctx.actor(trail, requestId).note(`${line}, for ${String(user)}`);
}
