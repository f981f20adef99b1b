import { AsyncLocalStorage } from 'node:async_hooks';
import { actor, toStorageKey } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { create, gate, ManualPorts, oneMember, twoMembers } from './actor-grid.ts';

const log = actor('log', {
  state: (_key: string) => [] as number[],
  methods: {
    append(ctx, entry: number) {
      return ctx.state.push(entry);
    },
    all: (ctx) => ctx.state,
  },
});

describe('an actor', () => {
  test('handles the messages of one sender in their order, asks and tells alike', async () => {
    const { caller } = twoMembers([log]);
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 500; i++) {
      answers.push(i % 3 === 0 ? caller.tell(log, 'a').append(i) : caller.actor(log, 'a').append(i));
    }
    await Promise.all(answers);
    expect(await caller.actor(log, 'a').all()).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  test('runs a synchronous method of its own thread within the call', () => {
    const grid = oneMember([log]);
    void grid.tell(log, 'a').append(1);
    expect(grid.service.openMessages).toBe(0);
  });

  test('finishes an asynchronous method before the next message has its turn', async () => {
    const steps: string[] = [];
    const gates = [gate(), gate()];
    const slow = actor('slow', {
      state: () => 0,
      methods: {
        async work(ctx, id: number) {
          steps.push(`begin ${id} at ${ctx.state}`);
          await gates[id]?.opened;
          ctx.state++;
          steps.push(`end ${id}`);
        },
      },
    });
    const grid = oneMember([slow]);
    const first = grid.actor(slow, 'a').work(0);
    const second = grid.actor(slow, 'a').work(1);
    gates[1]?.open();
    await Promise.resolve();
    expect(steps).toEqual(['begin 0 at 0']);
    gates[0]?.open();
    await Promise.all([first, second]);
    expect(steps).toEqual(['begin 0 at 0', 'end 0', 'begin 1 at 1', 'end 1']);
  });

  test('does not keep actors with other keys waiting', async () => {
    const stuck = gate();
    const slow = actor('slow', {
      state: (key: string) => key,
      methods: {
        async work(ctx) {
          if (ctx.key === 'stuck') await stuck.opened;
          return ctx.state;
        },
      },
    });
    const { caller } = twoMembers([slow], { partitions: 1 });
    const waiting = caller.actor(slow, 'stuck').work();
    expect(await caller.actor(slow, 'free').work()).toBe('free');
    stuck.open();
    expect(await waiting).toBe('stuck');
  });

  test('can be sent to by its own methods without being entered twice', async () => {
    const self = actor('self', {
      state: (_key: string) => ({ depth: 0, most: 0, left: 50 }),
      methods: {
        again(ctx) {
          ctx.state.depth++;
          ctx.state.most = Math.max(ctx.state.most, ctx.state.depth);
          if (ctx.state.left-- > 0) void ctx.tell(self, ctx.key).again();
          ctx.state.depth--;
        },
        look: (ctx): { depth: number; most: number; left: number } => ctx.state,
      },
    });
    const grid = oneMember([self], { ports: new ManualPorts() });
    void grid.tell(self, 'a').again();
    expect(await grid.actor(self, 'a').look()).toMatchObject({ most: 1, left: -1 });
  });

  test('passes messages along a chain of 50,000 actors without deepening the stack', async () => {
    const end = gate<number>();
    const chain = actor('chain', {
      state: (key: number) => key,
      methods: {
        pass(ctx) {
          if (ctx.key === 50_000) end.open(ctx.key);
          else void ctx.tell(chain, ctx.key + 1).pass();
        },
      },
    });
    void oneMember([chain]).tell(chain, 0).pass();
    expect(await end.opened).toBe(50_000);
  });

  test('gets as context its key, its state and what the client offers', async () => {
    const asker = actor('asker', {
      state: (_key: readonly [string, number]) => 0,
      methods: {
        async forward(ctx, entry: number) {
          return [ctx.key, await ctx.actor(log, 'from asker').append(entry)] as const;
        },
      },
    });
    const { caller } = twoMembers([log, asker]);
    expect(await caller.actor(asker, ['k', 1]).forward(4)).toEqual([['k', 1], 1]);
    expect(await caller.actor(log, 'from asker').all()).toEqual([4]);
  });

  test('reaches its other methods through `this`', async () => {
    const twice = actor('twice', {
      state: (_key: string) => 0,
      methods: {
        add: (ctx, by: number) => (ctx.state += by),
        addTwice(ctx, by: number) {
          const methods = this as unknown as { add(context: typeof ctx, by: number): number };
          methods.add(ctx, by);
          return methods.add(ctx, by);
        },
      },
    });
    expect(await oneMember([twice]).actor(twice, 'a').addTwice(3)).toBe(6);
  });

  test('of the same thread does not run in the async context of its caller', async () => {
    const caller = new AsyncLocalStorage<string>();
    const seer = actor('seer', {
      state: (_key: string) => 0,
      methods: { see: () => caller.getStore() ?? 'nothing' },
    });
    const grid = oneMember([seer]);
    expect(await caller.run('the caller', () => grid.actor(seer, 'a').see())).toBe('nothing');
  });

  test('begins afresh in a new incarnation of its partition, and callers of the old one are refused', async () => {
    const stuck = gate();
    const counter = actor('counter', {
      state: (_key: string) => 0,
      methods: {
        add: (ctx) => ++ctx.state,
        async hold() {
          await stuck.opened;
        },
      },
    });
    const grid = oneMember([counter], { partitions: 1 });
    expect(await grid.actor(counter, 'a').add()).toBe(1);
    const holding = grid.actor(counter, 'a').hold();
    const waiting = grid.actor(counter, 'a').add();
    grid.shared.raiseIncarnation(0);
    await expect(grid.actor(counter, 'a').add()).rejects.toMatchObject({
      code: 'PARTITION_UNAVAILABLE',
      retryable: true,
    });
    create(grid.owned, grid.shared, 0);
    expect(await grid.actor(counter, 'a').add()).toBe(1);
    await expect(waiting).rejects.toMatchObject({ code: 'PARTITION_UNAVAILABLE' });
    stuck.open();
    await holding;
  });
});

describe('a flooded actor', () => {
  const ports = new ManualPorts();
  const busy = actor('busy', {
    state: (_key: string) => 0,
    methods: {
      work(ctx) {
        ports.nowMs += 0.1;
        return ++ctx.state;
      },
    },
  });

  test('yields to the event loop and to other actors, and loses nothing', async () => {
    const grid = oneMember([busy], { ports });
    const answers = Array.from({ length: 500 }, () => grid.actor(busy, 'flooded').work());
    const other = grid.actor(busy, 'other').work();
    expect(grid.service.openMessages).toBeGreaterThan(400);
    ports.turn();
    expect(await other).toBe(1);
    expect(grid.service.openMessages).toBeGreaterThan(400);
    while (ports.turn() > 0);
    expect(await Promise.all(answers)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
  });

  test('that is quick answers more asks in flight than its mailbox holds', async () => {
    let nowMs = 0;
    const quick = actor('quick', {
      state: (_key: string) => 0,
      methods: {
        count(ctx) {
          nowMs += 0.001;
          return ++ctx.state;
        },
      },
    });
    const quickPorts = {
      now: () => nowMs,
      wallMs: () => nowMs,
      later: (run: () => void) => void setImmediate(run),
      detached: (run: () => void) => run(),
      every: () => () => undefined,
      after: () => () => undefined,
    };
    const { caller } = twoMembers([quick], { ports: quickPorts });
    const answers = await Promise.all(Array.from({ length: 5_000 }, () => caller.actor(quick, 'a').count()));
    expect(answers.at(-1)).toBe(5_000);
  });
});

describe('an actor reference', () => {
  test('is made for the key it names', () => {
    const grid = oneMember([log]);
    expect(() => grid.actor(log, Number.NaN as never)).toThrow(/the key of actor 'log' must be/);
    expect(toStorageKey('a')).toBe('a');
  });

  test('has the methods of the definition and no others', () => {
    const reference = oneMember([log]).actor(log, 'a');
    expect(Object.getOwnPropertyNames(Object.getPrototypeOf(reference))).toEqual([
      'constructor',
      'all',
      'append',
    ]);
    expect('remove' in reference).toBe(false);
  });

  test('says so when a method was taken off it', async () => {
    const { append } = oneMember([log]).actor(log, 'a');
    await expect(append(1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('is refused for an actor that is not part of the grid', () => {
    const stranger = actor('stranger', { state: () => 0, methods: {} });
    expect(() => oneMember([log]).actor(stranger, 'a')).toThrow(
      expect.objectContaining({ code: 'DEFINITION_MISSING' }),
    );
  });
});
