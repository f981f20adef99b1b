import { job } from '@troupe/compute';
import { HostLostError, StreamOutflow, table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, collect, gate, rejectionOf, until } from './compute-grid.ts';

const counts = table<string, number>('counts');
const at = counts.key('a');

/** Jobs whose producers tell how far they are. */
function fixture() {
  const state = { produced: 0, tidied: 0, aborted: 0 };
  const numbers = job('numbers', {
    *run(ctx, upTo: number) {
      try {
        for (let n = 1; n <= upTo; n++) {
          state.produced++;
          yield n;
        }
      } finally {
        state.tidied++;
        if (ctx.signal.aborted) state.aborted++;
      }
    },
  });
  return { state, numbers };
}

describe('the outflow of a stream', () => {
  test('has room for a window of items and for no more until a batch has been read', () => {
    const batches: number[] = [];
    const outflow = new StreamOutflow((items) => batches.push(items.length));
    let added = 0;
    for (; outflow.hasRoom; added++) outflow.add(added, 1);
    outflow.flush();
    expect(added).toBe(256);
    expect(batches).toEqual([64, 64, 64, 64]);
    outflow.consumed(1);
    for (; outflow.hasRoom; added++) outflow.add(added, 1);
    expect(added).toBe(320);
  });

  test('counts bytes, too, and lets an item through that is larger than the window', () => {
    const bytes: number[] = [];
    const outflow = new StreamOutflow((_items, size) => bytes.push(size));
    outflow.add('large', 1024 * 1024);
    expect(bytes).toEqual([1024 * 1024]);
    expect(outflow.hasRoom).toBe(false);
    outflow.consumed(1);
    expect(outflow.hasRoom).toBe(true);
  });
});

describe.each([
  ['on its own thread', 0],
  ['behind a link', 2],
])('a stream %s', (_, hosts) => {
  test.each([0, 1, 64, 65, 1_000])('gives all of %i items in order, then ends', async (upTo) => {
    const { numbers, state } = fixture();
    const grid = new ComputeGrid([counts, numbers], { hosts });
    const items = await collect(grid.compute.stream(numbers, upTo, { at }));
    expect(items).toEqual(Array.from({ length: upTo }, (_each, i) => i + 1));
    expect(state).toEqual({ produced: upTo, tidied: 1, aborted: 0 });
  });

  test('begins with its first step and produces no more than a window ahead of its reader', async () => {
    const { numbers, state } = fixture();
    const grid = new ComputeGrid([counts, numbers], { hosts });
    const stream = grid.compute.stream(numbers, 1_000_000, { at });
    await grid.client.table(counts).size();
    expect(state.produced).toBe(0);
    let read = 0;
    for await (const item of stream) {
      expect(item).toBe(++read);
      if (read % 100 === 0) for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      // The window, and the batch that is being read.
      expect(state.produced - read).toBeLessThanOrEqual(256 + 64);
      if (read === 2_000) break;
    }
    await until(() => state.tidied === 1);
  });

  test('stops its producer when the reader leaves', async () => {
    const { numbers, state } = fixture();
    const grid = new ComputeGrid([counts, numbers], { hosts });
    for await (const item of grid.compute.stream(numbers, 1_000_000, { at })) if (item === 10) break;
    await until(() => state.tidied === 1);
    expect(state.produced).toBeLessThan(1_000);
    await until(() => grid.members.every(({ compute }) => compute.openJobs === 0));
    expect(grid.main.core.member.pendingCalls).toBe(0);
  });

  test('ends with the reason of its signal, and its producer is told', async () => {
    const { numbers, state } = fixture();
    const grid = new ComputeGrid([counts, numbers], { hosts });
    const controller = new AbortController();
    const reason = new Error('enough');
    const reading = (async () => {
      for await (const item of grid.compute.stream(numbers, 1_000_000, { at, signal: controller.signal })) {
        if (item === 300) controller.abort(reason);
      }
    })();
    expect(await rejectionOf(reading)).toBe(reason);
    await until(() => state.aborted === 1);
  });

  test.each([
    ['first looks', false],
    ['has looked', true],
  ])(
    'has an aborted signal in what its producer tidies up, who %s, also before his thread is told',
    async (_who, looks) => {
      const controller = new AbortController();
      let wasAborted: boolean | undefined;
      const left = job('left', {
        *run(ctx) {
          const signal = looks ? ctx.signal : undefined;
          try {
            yield 1;
            controller.abort(new Error('enough'));
            yield 2;
          } finally {
            wasAborted = (signal ?? ctx.signal).aborted;
          }
        },
      });
      const grid = new ComputeGrid([counts, left], { hosts });
      const options = { at, signal: controller.signal };
      await rejectionOf(collect(grid.compute.stream(left, undefined, options)));
      await until(() => wasAborted !== undefined);
      expect(wasAborted).toBe(true);
    },
  );

  test('gives what was yielded before an error, then the error', async () => {
    const stumbles = job('stumbles', {
      async *run() {
        yield 'first';
        await Promise.resolve();
        yield 'second';
        throw new RangeError('third');
      },
    });
    const grid = new ComputeGrid([counts, stumbles], { hosts });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const item of grid.compute.stream(stumbles, undefined, { at })) seen.push(item);
    })();
    expect(await rejectionOf(reading)).toBeInstanceOf(RangeError);
    expect(seen).toEqual(['first', 'second']);
  });

  test('merges the partitions of a table, each item once', async () => {
    const entries = job('entries', {
      *run(ctx, prefix: string) {
        for (const [key, n] of ctx.local(counts)) yield { partition: ctx.partition, key: prefix + key, n };
      },
    });
    const grid = new ComputeGrid([counts, entries], { hosts });
    const keys = Array.from({ length: 100 }, (_each, i) => `key ${i}`);
    await Promise.all(keys.map((key, i) => grid.client.table(counts).set(key, i)));
    const items = await collect(grid.compute.stream(entries, '> ', { over: counts }));
    expect(items.map(({ key }) => key).sort()).toEqual(keys.map((key) => `> ${key}`).sort());
    expect(new Set(items.map(({ partition }) => partition)).size).toBe(8);
  });

  test('gives items as they come, without waiting for a batch to fill', async () => {
    const next = gate();
    const slow = job('slow', {
      async *run() {
        yield 1;
        await next.opened;
        yield 2;
      },
    });
    const grid = new ComputeGrid([counts, slow], { hosts });
    const stream = grid.compute.stream(slow, undefined, { at });
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    next.open();
    expect(await stream.next()).toEqual({ done: false, value: 2 });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('waits no longer for an item than it may, and stops its producer', async () => {
    const told = gate();
    const hangs = job('hangs', {
      async *run(ctx) {
        ctx.signal.addEventListener('abort', () => told.open());
        yield 1;
        await new Promise<void>(() => undefined);
      },
    });
    const grid = new ComputeGrid([counts, hangs], { hosts });
    const stream = grid.compute.stream(hangs, undefined, { at, timeoutMs: 20 });
    expect(await stream.next()).toMatchObject({ value: 1 });
    expect(await rejectionOf(stream.next())).toMatchObject({ code: 'TIMEOUT' });
    await told.opened;
  });

  test('of a job that is no generator, or of an item that can not be sent, is refused', async () => {
    const plain = job('plain', { run: () => 1 });
    const wrong = job('wrong', {
      *run() {
        yield () => 1;
      },
    });
    const grid = new ComputeGrid([counts, plain, wrong], { hosts });
    const noStream = grid.compute.stream(plain as never, undefined as never, { at });
    expect(await rejectionOf(collect(noStream))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { argument: 'job', name: 'plain' },
    });
    const error = await rejectionOf(collect(grid.compute.stream(wrong, undefined, { at })));
    expect(error).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(String(error)).toContain("an item of job 'wrong'");
  });
});

describe('streams', () => {
  test('take no place of a job while they wait for their readers', async () => {
    const { numbers } = fixture();
    const quick = job('quick', { run: () => 'ran' });
    const grid = new ComputeGrid([counts, numbers, quick], { hosts: 1, concurrency: 1 });
    const streams = [1, 2, 3].map(() => grid.compute.stream(numbers, 10_000, { at }));
    for (const stream of streams) await stream.next();
    expect(await grid.compute.run(quick, undefined, { at })).toBe('ran');
    for (const stream of streams) await stream.return?.();
  });

  test('are not run again when a thread dies: HOST_LOST, after what had come', async () => {
    const { numbers, state } = fixture();
    const grid = new ComputeGrid([counts, numbers], { hosts: 2 });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const item of grid.compute.stream(numbers, 1_000_000, { at: { host: 0 } })) {
        seen.push(item);
        if (item === 100) {
          grid.lose(0);
          grid.replace(0);
        }
      }
    })();
    const error = await rejectionOf(reading);
    expect(error).toBeInstanceOf(HostLostError);
    expect(error).toMatchObject({ details: { host: 0, delivered: expect.any(Number) as number } });
    expect(seen).toEqual(Array.from({ length: seen.length }, (_each, i) => i + 1));
    expect(state.produced).toBeLessThan(1_000);
  });

  test('of a table stop everywhere when one host is lost', async () => {
    const { numbers, state } = fixture();
    const grid = new ComputeGrid([counts, numbers], { hosts: 2 });
    const stream = grid.compute.stream(numbers, 1_000_000, { over: counts });
    await stream.next();
    grid.lose(0);
    expect(await rejectionOf(collect(stream))).toBeInstanceOf(HostLostError);
    await until(() => state.aborted === 1 && grid.host(1).compute.openJobs === 0);
  });

  test('end with the grid', async () => {
    const { numbers } = fixture();
    const grid = new ComputeGrid([counts, numbers], { hosts: 1 });
    const stream = grid.compute.stream(numbers, 1_000_000, { at });
    await stream.next();
    grid.main.core.member.close();
    expect(await rejectionOf(collect(stream))).toMatchObject({ code: 'GRID_CLOSED' });
  });
});
