/** What the grids of these tests hold: accounts and transfers between them, and some that never answer. */
import { actor, job, procedure, table } from 'troupe';

export const accounts = table<string, number>('accounts');

export const transfer = procedure('transfer', {
  keys: (from: string, to: string, _amount: number) => [accounts.key(from), accounts.key(to)],
  async run(tx, from, to, amount) {
    const account = tx.table(accounts);
    await account.set(from, ((await account.get(from)) ?? 0) - amount);
    await account.set(to, ((await account.get(to)) ?? 0) + amount);
  },
});

export const silent = actor('silent', {
  state: (_key: string) => 0,
  methods: {
    never: () => new Promise<void>(() => undefined),
    now: () => 'here',
  },
});

/** Counts by a timer of its own, and rests when it isn't asked. */
export const ticker = actor('ticker', {
  state: (_key: string) => ({ ticks: 0, activations: 0 }),
  passivateAfterMs: 60_000,
  activate(ctx) {
    ctx.state.activations++;
  },
  methods: {
    start: (ctx, everyMs: number) => ctx.setTimer('tick', { everyMs }, 'tick'),
    stop: (ctx) => ctx.clearTimer('tick'),
    tick: (ctx) => void ctx.state.ticks++,
    seen: (ctx) => ({ ...ctx.state }),
  },
});

let failuresLeft = 0;
/** Fails so often, then answers how often it was tried. */
export const flaky = job('flaky', {
  run(ctx, _args: undefined) {
    if (failuresLeft-- > 0) throw new Error('not yet');
    return ctx.attempt;
  },
});
export function failNext(times: number): void {
  failuresLeft = times;
}

/** The reason why a promise was rejected. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => Promise.reject(new Error(`expected a rejection, got ${String(value)}`)),
    (reason: unknown) => reason,
  );
}

/** Resolves with the reason when it is rejected, else with undefined. */
export function reasonOrDone(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}
