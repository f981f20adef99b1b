// Stateless workers: where their calls run, how many at a time, and where they are refused.
import {
  actor,
  Placement,
  SharedState,
  statelessWorker,
  topic,
  WorkerCopies,
  WorkerHosts,
} from '@troupe/core';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { gate, oneMember, rejectionOf, twoMembers } from './actor-grid.ts';

function fixture() {
  const seen = { running: 0, most: 0, aborted: 0 };
  const held = gate();
  const worker = statelessWorker('worker', {
    copiesPerHost: 3,
    mailboxLengthMax: 2,
    methods: {
      double: (_ctx, n: number) => 2 * n,
      async wait() {
        seen.most = Math.max(seen.most, ++seen.running);
        await held.opened;
        seen.running--;
      },
      async patient(ctx) {
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve, { once: true }));
        seen.aborted++;
      },
      async throughActor(ctx, n: number) {
        return ctx.actor(keyed, 'k').add(n);
      },
      fail: () => {
        throw new RangeError('no');
      },
      *upTo(_ctx, n: number) {
        for (let i = 1; i <= n; i++) yield i;
      },
    },
  });
  return { seen, held, worker };
}
/** For a method whose types would be in a circle with those of the worker. */
const box: { worker: unknown } = { worker: undefined };
interface Way {
  throughActor(n: number): Promise<number>;
}
const keyed = actor('keyed', {
  state: (_key: string) => 0,
  methods: {
    add: (ctx, n: number) => (ctx.state += n),
    async around(ctx, n: number): Promise<number> {
      await Promise.resolve();
      return (ctx.worker(box.worker as never) as unknown as Way).throughActor(n);
    },
    async through(ctx, reference: { double(n: number): Promise<number> }, n: number) {
      return reference.double(ctx.state + n);
    },
  },
});
const ticks = topic<number>('ticks');

describe.each(['one', 'two'])('stateless workers over %s members', (members) => {
  function grid() {
    const made = fixture();
    const definitions = [made.worker, keyed, ticks];
    const one = oneMember(definitions);
    return { ...made, here: members === 'one' ? one : twoMembers(definitions).caller };
  }

  test('answer, throw, stream, and call others', async () => {
    const { here, worker } = grid();
    expect(await here.worker(worker).double(4)).toBe(8);
    expect(await rejectionOf(here.worker(worker).fail())).toBeInstanceOf(RangeError);
    expect(await here.worker(worker).throughActor(3)).toBe(3);
    const items: number[] = [];
    for await (const item of here.worker(worker).upTo(3)) items.push(item);
    expect(items).toEqual([1, 2, 3]);
    expectTypeOf(here.worker(worker).double).returns.toEqualTypeOf<Promise<number>>();
  });

  test('run in as many copies as they say, and then wait', async () => {
    const { here, worker, seen, held } = grid();
    const calls = Array.from({ length: 3 + 3 * 2 }, () => here.worker(worker).wait());
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen.running).toBe(3);
    expect(await rejectionOf(here.worker(worker).wait())).toMatchObject({ code: 'MAILBOX_FULL' });
    held.open();
    await Promise.all(calls);
    expect(seen.most).toBe(3);
  });

  test('hear when nobody waits any more', async () => {
    const { here, worker, seen } = grid();
    expect(await rejectionOf(here.worker(worker, { timeoutMs: 5 }).patient())).toMatchObject({
      code: 'TIMEOUT',
    });
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(seen.aborted).toBe(1);
  });

  test('lead back to the actor that waits for them', async () => {
    const { here, worker } = grid();
    box.worker = worker;
    expect(await here.actor(keyed, 'k').around(3)).toBe(3);
  });

  test('are passed on as references', async () => {
    const { here, worker } = grid();
    expect(await here.actor(keyed, 'k').through(here.worker(worker), 5)).toBe(10);
  });

  test('are refused where an actor with a key is meant, and the other way round', async () => {
    const { here, worker } = grid();
    const loose = here as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const call of ['actor', 'tell', 'actors'])
      expect(() => loose[call]?.(worker, call === 'actors' ? ['k'] : 'k')).toThrow(/stateless worker/);
    expect(() => loose['worker']?.(keyed)).toThrow(/stateless worker/);
    expect(() => here.service.watch(here.worker(worker), () => undefined)).toThrow(/stateless worker/);
    const subscribed = here.topic(ticks).subscribeActor(here.worker(worker), 'double');
    expect(await rejectionOf(subscribed)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(() => statelessWorker('w', { copiesPerHost: 0, methods: {} })).toThrow(/copiesPerHost/);
  });
});

test('a call takes an idle copy, else a new one, else each in turn', () => {
  const copies = new WorkerCopies();
  const busy = { openTurns: [1], isWanted: false };
  const idle = { openTurns: [], isWanted: false };
  expect(copies.choose(undefined, 3)).toBe(0);
  expect(copies.choose(new Map([[0, busy]]), 3)).toBe(1);
  expect(
    copies.choose(
      new Map([
        [0, busy],
        [1, idle],
      ]),
      3,
    ),
  ).toBe(1);
  const all = new Map([0, 1, 2].map((number) => [number, busy]));
  expect([1, 2, 3, 4].map(() => copies.choose(all, 3))).toEqual([1, 2, 0, 1]);
});

test('calls go to each host in turn, past those that are being started again', () => {
  const shared = SharedState.create(6, 4);
  const living = new Set([1, 2, 3]);
  type Parts = ConstructorParameters<typeof WorkerHosts>[0];
  const memberOf = (id: number): Parts => {
    const tryPeer = (peer: number) => (living.has(peer) ? { id: peer } : undefined);
    return { self: { id }, shared, tryPeer } as unknown as Parts;
  };
  const hosts = new WorkerHosts(memberOf(0), Placement.roundRobin(6, [1, 2, 3]));
  const next = (count: number): number[] => Array.from({ length: count }, () => hosts.next().owner);
  expect(next(4)).toEqual([1, 2, 3, 1]);
  living.delete(2);
  expect(next(3)).toEqual([3, 1, 3]);
  expect(new WorkerHosts(memberOf(2), Placement.roundRobin(6, [1, 2, 3])).next().owner).toBe(2);
});
