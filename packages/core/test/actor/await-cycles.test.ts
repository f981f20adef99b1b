// Calls of different origin that wait for each other are found, and one of them is rejected, with the whole chain.
import { actor } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { gate, ManualPorts, oneMember, twoMembers } from './actor-grid.ts';

interface Plan {
  readonly meet: Promise<void>;
}
const plans = new Map<string, Plan>();

const ring = actor('ring', {
  state: (_key: string) => 0,
  methods: {
    /** Holds its own actor until all have, then asks the next. */
    async begin(ctx, plan: string, next: string): Promise<string> {
      await plans.get(plan)?.meet;
      return ctx.actor(ring, next).end(plan);
    },
    end: (ctx, plan: string) => `${plan} at ${ctx.key}`,
  },
});

async function settled(answers: readonly Promise<unknown>[]): Promise<PromiseSettledResult<unknown>[]> {
  return Promise.allSettled(answers);
}

describe.each([
  ['on one thread', false],
  ['on two', true],
])('actors that wait for each other, %s,', (_, apart) => {
  test.each([2, 3, 7])('%i in a circle: one call is rejected and the others go on', async (size) => {
    const ports = new ManualPorts();
    const grid = apart ? twoMembers([ring], { ports }).caller : oneMember([ring], { ports });
    const meet = gate();
    plans.set('ring', { meet: meet.opened });
    const answers = Array.from({ length: size }, (__, i) =>
      grid.actor(ring, `k${i}`).begin('ring', `k${(i + 1) % size}`),
    );
    let open = true;
    const outcome = settled(answers).finally(() => (open = false));
    await new Promise(setImmediate);
    meet.open();
    while (open) {
      await new Promise(setImmediate);
      ports.turn();
      ports.tick();
    }
    const results = await outcome;
    const rejected = results.filter((result) => result.status === 'rejected');
    expect(rejected).toHaveLength(1);
    const { reason } = rejected[0] as PromiseRejectedResult;
    expect(reason).toMatchObject({ code: 'ACTOR_CYCLE', retryable: true });
    const { chain } = (reason as { details: { chain: { actor: string; key: string; method: string }[] } })
      .details;
    expect(new Set(chain.map(({ key }) => key)).size).toBe(size);
    expect(chain.filter(({ method }) => method === 'begin')).toHaveLength(size);
    expect(chain.filter(({ method }) => method === 'end')).toHaveLength(size);
  });

  test('while a call that merely waits long is left alone', async () => {
    const ports = new ManualPorts();
    const grid = apart ? twoMembers([ring], { ports }).caller : oneMember([ring], { ports });
    const meet = gate();
    plans.set('slow', { meet: meet.opened });
    plans.set('quick', { meet: Promise.resolve() });
    const slow = grid.actor(ring, 'a').begin('slow', 'b');
    const waiting = grid.actor(ring, 'c').begin('quick', 'a');
    for (let i = 0; i < 20; i++) {
      await new Promise(setImmediate);
      ports.turn();
      ports.tick();
    }
    meet.open();
    ports.turn();
    expect(await Promise.all([slow, waiting])).toEqual(['slow at b', 'quick at a']);
  });
});
