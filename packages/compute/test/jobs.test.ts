import { AsyncLocalStorage } from 'node:async_hooks';
import { type JobTarget, job } from '@troupe/compute';
import { ErrorRegistry, HostLostError, noConcurrencyControl, TroupeError, table } from '@troupe/core';
import { describe, expect, test, vi } from 'vitest';
import { ComputeGrid, gate, rejectionOf, until } from './compute-grid.ts';

class OutOfStock extends TroupeError {
  constructor() {
    super('OUT_OF_STOCK', 'nothing left', { cause: new RangeError('shelf'), details: { left: 0 } });
  }
}

const counts = table<string, { n: number }>('counts');
const owned = table<[owner: string, n: number], number>('owned', { affinity: ([owner]) => owner });

const read = job('read', { run: (ctx, key: string) => ctx.local(counts).get(key)?.n });
const describeSelf = job('describeSelf', {
  run: (ctx) => ({
    id: ctx.id,
    attempt: ctx.attempt,
    partition: ctx.partition,
    host: ctx.host,
    cancelled: ctx.cancelled,
  }),
});
const size = job('size', { run: (ctx) => ctx.local(counts).size });
const echo = job('echo', {
  async run(_ctx, value: { list: number[] }) {
    const before = [...value.list];
    value.list.push(99);
    await Promise.resolve();
    return { before, value };
  },
});
const fails = job('fails', {
  run(): number {
    throw new OutOfStock();
  },
});
const failsLater = job('failsLater', { run: () => Promise.reject<void>(new TypeError('later')) });
const bad = job('bad', { run: () => ({ deep: [() => 0] }) });
const writesLocal = job('writesLocal', {
  run(ctx, key: string) {
    const value = ctx.local(counts).get(key);
    if (value !== undefined) value.n = 7;
  },
});
const writesThrough = job('writesThrough', {
  async run(ctx, key: string) {
    await ctx.table(counts).set(key, { n: 5 });
    return ctx.compute.run(read, key, { at: counts.key(key) });
  },
});

const all = [
  counts,
  owned,
  read,
  describeSelf,
  size,
  echo,
  fails,
  failsLater,
  bad,
  writesLocal,
  writesThrough,
];

function errors(): ErrorRegistry {
  const registry = new ErrorRegistry();
  registry.register(OutOfStock);
  return registry;
}

const grids = [
  ['on its own thread', () => new ComputeGrid(all, { hosts: 0 })],
  ['behind a link', () => new ComputeGrid(all, { hosts: 2, errors: errors() })],
] as const;

describe.each(grids)('a job %s', (_, start) => {
  test('reads the live data of the partition that owns its key', async () => {
    const grid = start();
    await grid.client.table(counts).set('a', { n: 3 });
    expect(await grid.compute.run(read, 'a', { at: counts.key('a') })).toBe(3);
  });

  test('sees in local data what was committed while it was on its way', async () => {
    const grid = start();
    const catchUp = vi.spyOn(noConcurrencyControl, 'catchUp');
    await grid.compute.run(size, undefined, { at: { table: counts, partition: 0 } });
    expect(catchUp).toHaveBeenCalledTimes(1);
    catchUp.mockRestore();
  });

  test('is told loudly that local data is read-only', async () => {
    const grid = start();
    await grid.client.table(counts).set('a', { n: 3 });
    const error = await rejectionOf(grid.compute.run(writesLocal, 'a', { at: counts.key('a') }));
    expect(error).toBeInstanceOf(TypeError);
    expect(await grid.client.table(counts).get('a')).toEqual({ n: 3 });
  });

  test('is told loudly that a key lives elsewhere', async () => {
    const grid = start();
    const partition =
      (await grid.compute.run(describeSelf, undefined, { at: counts.key('a') })).partition ?? 0;
    const elsewhere = { table: counts, partition: (partition + 1) % 8 };
    expect(await rejectionOf(grid.compute.run(read, 'a', { at: elsewhere }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('reaches the whole grid through its context', async () => {
    expect(await start().compute.run(writesThrough, 'b', { at: counts.key('a') })).toBe(5);
  });

  test('works on copies of its arguments and answers a copy', async () => {
    const args = { list: [1] };
    const answer = start().compute.run(echo, args, { at: counts.key('a') });
    args.list.push(50);
    expect(await answer).toEqual({ before: [1], value: { list: [1, 99] } });
    expect(args).toEqual({ list: [1, 50] });
  });

  test('fails its caller with class, code, cause and details of its error', async () => {
    const error = await rejectionOf(start().compute.run(fails, undefined, { at: counts.key('a') }));
    expect(error).toBeInstanceOf(OutOfStock);
    expect(error).toMatchObject({ code: 'OUT_OF_STOCK', details: { left: 0 } });
    expect((error as OutOfStock).cause).toBeInstanceOf(RangeError);
    const later = await rejectionOf(start().compute.run(failsLater, undefined, { at: counts.key('a') }));
    expect(later).toBeInstanceOf(TypeError);
  });

  test('fails when its result can not be sent, and the error names it', async () => {
    const error = await rejectionOf(start().compute.run(bad, undefined, { at: counts.key('a') }));
    expect(error).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(String(error)).toContain("the result of job 'bad'");
  });

  test('is broadcast to every partition of a table, with its results in their order', async () => {
    const grid = start();
    for (let i = 0; i < 40; i++) await grid.client.table(counts).set(`key ${i}`, { n: i });
    const results = await grid.compute.broadcast(size, undefined, { over: counts }).results;
    expect(results).toHaveLength(8);
    expect(results.reduce((a, b) => a + b, 0)).toBe(40);
    const places = await grid.compute.broadcast(describeSelf, undefined, { over: counts }).results;
    expect(places.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(places.map(({ id }) => id)).size).toBe(8);
  });

  test('that is broadcast gets arguments of its own everywhere', async () => {
    const results = await start().compute.broadcast(echo, { list: [1] }, { over: counts }).results;
    for (const { before } of results) expect(before).toEqual([1]);
  });
});

describe('a job', () => {
  test('runs where its target says', async () => {
    const grid = new ComputeGrid(all, { hosts: 3 });
    const at = (target: JobTarget) => grid.compute.run(describeSelf, undefined, { at: target });
    expect(await at({ host: 2 })).toMatchObject({
      host: 2,
      partition: undefined,
      attempt: 1,
      cancelled: false,
    });
    expect(await at({ table: counts, partition: 4 })).toMatchObject({ host: 1, partition: 4 });
    expect((await at(owned.affinityKey('x'))).partition).toBe((await at(owned.key(['x', 12]))).partition);
  });

  test('that runs for a host sees all of its partitions and no others', async () => {
    const grid = new ComputeGrid(all, { hosts: 2 });
    for (let i = 0; i < 40; i++) await grid.client.table(counts).set(`key ${i}`, { n: i });
    const results = await grid.compute.broadcast(size, undefined, { over: 'hosts' }).results;
    expect(results).toHaveLength(2);
    expect(results.every((count) => count > 0)).toBe(true);
    expect(results.reduce((a, b) => a + b, 0)).toBe(40);
    expect(await grid.compute.run(size, undefined, { at: { host: 0 } })).toBe(results[0]);
  });

  test('that is broadcast where there are no hosts answers nothing', async () => {
    const grid = new ComputeGrid(all, { hosts: 0 });
    const { executions, results } = grid.compute.broadcast(size, undefined, { over: 'hosts' });
    expect([executions, await results]).toEqual([[], []]);
  });

  test('that is broadcast runs everywhere though some fail, and the first failure in order is thrown', async () => {
    const ran: (number | undefined)[] = [];
    const picky = job('picky', {
      async run(ctx) {
        ran.push(ctx.partition);
        // The later partition fails first.
        if (ctx.partition === 2) await new Promise<void>((resolve) => setImmediate(resolve));
        if (ctx.partition === 2 || ctx.partition === 5)
          throw new TroupeError('PICKY', `not ${ctx.partition}`);
      },
    });
    const grid = new ComputeGrid([counts, picky], { hosts: 2 });
    const error = await rejectionOf(grid.compute.broadcast(picky, undefined, { over: counts }).results);
    expect(error).toMatchObject({ code: 'PICKY', message: 'not 2', details: { partition: 2 } });
    expect(ran.sort((a = -1, b = -1) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('that is synchronous runs in the turn its message arrives in', async () => {
    const ran: string[] = [];
    const note = job('note', { run: () => ran.push('job') });
    const grid = new ComputeGrid([counts, note], { hosts: 0 });
    const running = grid.compute.run(note, undefined, { at: counts.key('a') });
    ran.push('caller');
    await running;
    expect(ran).toEqual(['job', 'caller']);
  });

  test('does not see the async context of its caller', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const looks = job('looks', {
      async run() {
        seen.push(context.getStore());
        await Promise.resolve();
        seen.push(context.getStore());
      },
    });
    const grid = new ComputeGrid([counts, looks], { hosts: 0, concurrency: 1 });
    await context.run('the caller', async () => {
      const both = [1, 2].map(() => grid.compute.run(looks, undefined, { at: counts.key('a') }));
      await Promise.all(both);
    });
    expect(seen).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('that no module exports is refused by name', async () => {
    const other = job('other', { run: () => 1 });
    const error = await rejectionOf(
      new ComputeGrid(all).compute.run(other, undefined, { at: counts.key('a') }),
    );
    expect(error).toMatchObject({ code: 'DEFINITION_MISSING' });
    expect(String(error)).toContain("'describeSelf'");
  });
});

describe('a job that fails', () => {
  const grid = (failures: number, error: () => Error) => {
    const seen: { id: number; attempt: number; list: number[] }[] = [];
    const flaky = job('flaky', {
      run(ctx, args: { list: number[] }) {
        seen.push({ id: ctx.id, attempt: ctx.attempt, list: [...args.list] });
        args.list.push(ctx.attempt);
        if (seen.length <= failures) throw error();
        return seen.length;
      },
    });
    return { seen, flaky, grid: new ComputeGrid([counts, flaky], { hosts: 0 }) };
  };
  const at = counts.key('a');

  test('is tried again as often as retries says, under one id and with fresh arguments', async () => {
    const {
      seen,
      flaky,
      grid: { compute },
    } = grid(2, () => new Error('no luck'));
    expect(await compute.run(flaky, { list: [0] }, { at, retries: 2 })).toBe(3);
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1);
    expect(seen.map(({ list }) => list)).toEqual([[0], [0], [0]]);
  });

  test('more often than that fails with its last error', async () => {
    const {
      seen,
      flaky,
      grid: { compute },
    } = grid(9, () => new Error(`failure ${seen.length}`));
    expect(await rejectionOf(compute.run(flaky, { list: [] }, { at, retries: 1 }))).toMatchObject({
      message: 'failure 2',
    });
  });

  test('is not tried again without retries, nor when its error says that it is final', async () => {
    const plain = grid(9, () => new Error('no luck'));
    await rejectionOf(plain.grid.compute.run(plain.flaky, { list: [] }, { at }));
    expect(plain.seen).toHaveLength(1);
    const final = grid(9, () => new TroupeError('FINAL', 'never', { retryable: false }));
    await rejectionOf(final.grid.compute.run(final.flaky, { list: [] }, { at, retries: 5 }));
    expect(final.seen).toHaveLength(1);
  });
});

describe('a job whose thread dies', () => {
  const at = { host: 0 };

  test('is run again on the new thread under the same id', async () => {
    const attempts: { id: number; attempt: number }[] = [];
    const first = gate();
    const stuck = job('stuck', {
      run(ctx) {
        attempts.push({ id: ctx.id, attempt: ctx.attempt });
        return ctx.attempt === 1 ? first.opened.then(() => -1) : ctx.attempt;
      },
    });
    const grid = new ComputeGrid([stuck], { hosts: 1 });
    const running = grid.compute.run(stuck, undefined, { at });
    await until(() => attempts.length === 1);
    grid.lose(0);
    grid.replace(0);
    expect(await running).toBe(2);
    expect(attempts[1]).toEqual({ id: attempts[0]?.id, attempt: 2 });
  });

  test('again and again is given up with HOST_LOST', async () => {
    let runs = 0;
    const killer = job('killer', {
      run: async () => {
        runs++;
        await new Promise<void>(() => undefined);
      },
    });
    const grid = new ComputeGrid([killer], { hosts: 1 });
    const running = rejectionOf(grid.compute.run(killer, undefined, { at }));
    for (let deaths = 1; deaths <= 4; deaths++) {
      await until(() => runs === deaths);
      grid.lose(0);
      grid.replace(0);
    }
    expect(await running).toBeInstanceOf(HostLostError);
    expect(runs).toBe(4);
  });

  test('is not waited for beyond its deadline', async () => {
    const hangs = job('hangs', { run: () => new Promise<void>(() => undefined) });
    const grid = new ComputeGrid([hangs], { hosts: 1 });
    const running = rejectionOf(grid.compute.run(hangs, undefined, { at, timeoutMs: 30 }));
    grid.lose(0);
    expect(await running).toMatchObject({
      code: expect.stringMatching(/^(TIMEOUT|PARTITION_UNAVAILABLE)$/) as string,
    });
  });
});
