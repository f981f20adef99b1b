// What a caller sees of his executions, and what everybody sees of all: status, priorities, retries, the list.
import { job, mapReduce } from '@troupe/compute';
import { table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, type ComputeGridOptions, gate, rejectionOf, thrownBy, until } from './compute-grid.ts';

const counts = table<string, number>('counts');
const at = counts.key('a');

/** One place for a job, held until told; and a job that notes that it ran. */
function fixture(hosts: number, options: ComputeGridOptions = {}) {
  const end = gate();
  const ran: string[] = [];
  const holds = job('holds', { run: () => end.opened });
  const notes = job('notes', { run: (_ctx, name: string) => void ran.push(name) });
  const grid = new ComputeGrid([counts, holds, notes], { hosts, concurrency: 1, ...options });
  return { grid, holds, notes, ran, end };
}

describe.each([
  ['on its own thread', 0],
  ['behind a link', 1],
])('an execution %s', (_, hosts) => {
  test('tells when it was made, began and ended', async () => {
    const { grid, holds, end } = fixture(hosts);
    const before = Date.now();
    const execution = grid.compute.submit(holds, undefined, { at });
    expect(execution.status).toMatchObject({ state: 'queued', attempts: 1, startedAt: undefined });
    await until(() => execution.state === 'executing');
    end.open();
    await execution.result;
    const { state, createdAt, startedAt, finishedAt } = execution.status;
    expect(state).toBe('completed');
    const times = [before, createdAt, startedAt, finishedAt, Date.now()].map(Number);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test('waits behind larger priorities, and first in first out inside one', async () => {
    const { grid, holds, notes, ran, end } = fixture(hosts);
    const first = grid.compute.submit(holds, undefined, { at });
    const priorities = [0, 1, undefined, 5, 1, -1, 5];
    const all = priorities.map((priority, i) => grid.compute.submit(notes, `${i}`, { at, priority }));
    await until(() => first.state === 'executing');
    end.open();
    await Promise.all(all.map(({ result }) => result));
    expect(ran).toEqual(['3', '6', '1', '4', '0', '2', '5']);
  });

  test('changes its priority while it waits, and not after', async () => {
    const { grid, holds, notes, ran, end } = fixture(hosts);
    const first = grid.compute.submit(holds, undefined, { at });
    const a = grid.compute.submit(notes, 'a', { at });
    const b = grid.compute.submit(notes, 'b', { at });
    // Before anything was sent, and after.
    expect(await b.changePriority(1)).toBe(true);
    const c = grid.compute.submit(notes, 'c', { at });
    await until(() => grid.member(hosts).compute.openJobs === 4);
    expect(await c.changePriority(2)).toBe(true);
    expect(await first.changePriority(9)).toBe(false);
    end.open();
    await Promise.all([a, b, c].map(({ result }) => result));
    expect(ran).toEqual(['c', 'b', 'a']);
    expect(await c.changePriority(3)).toBe(false);
    expect(await rejectionOf(c.changePriority(0.5))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('is listed while it waits, runs, and for a while after its end', async () => {
    const { grid, holds, notes, end } = fixture(hosts);
    const first = grid.compute.submit(holds, undefined, { at });
    const second = grid.compute.submit(notes, 'x', { at, priority: 3 });
    await until(() => grid.member(hosts).compute.openJobs === 2);
    const host = hosts === 0 ? -1 : 0;
    const partition = expect.any(Number) as number;
    expect(await grid.compute.list()).toEqual([
      expect.objectContaining({ id: first.id, job: 'holds', kind: 'job', state: 'executing', host }),
      expect.objectContaining({ id: second.id, state: 'queued', priority: 3, partitions: [partition] }),
    ]);
    end.open();
    await Promise.all([first.result, second.result]);
    const rows = await grid.compute.list();
    expect(rows.map(({ state }) => state)).toEqual(['completed', 'completed']);
    for (const { createdAt, startedAt, finishedAt } of rows) {
      const times = [createdAt, startedAt, finishedAt].map(Number);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });
});

describe('the list of executions', () => {
  test('shows each on its host, with who asked for it and its last attempt there', async () => {
    let failures = 2;
    const flaky = job('flaky', {
      run() {
        if (failures-- > 0) throw new Error('no luck');
      },
    });
    const asks = job('asks', {
      run: (ctx) => ctx.compute.run(flaky, undefined, { at: { host: 1 }, retries: 2 }),
    });
    const sizes = mapReduce('sizes', {
      map: (ctx) => ctx.local(counts).size,
      reduce: (parts) => parts.length,
    });
    const grid = new ComputeGrid([counts, flaky, asks, sizes], { hosts: 2 });
    await grid.compute.run(asks, undefined, { at: { host: 0 } });
    await grid.compute.run(sizes, undefined, { over: counts });
    const rows = await grid.compute.list();
    expect(
      rows.map(({ job: name, host, askedBy, attempt, kind }) => [name, host, askedBy, attempt, kind]),
    ).toEqual([
      ['asks', 0, undefined, 1, 'job'],
      ['flaky', 1, 0, 3, 'job'],
      ['sizes', 0, undefined, 1, 'mapReduce'],
      ['sizes', 1, undefined, 1, 'mapReduce'],
    ]);
  });

  test('forgets those that have ended after a time, and all but the last thousand', async () => {
    const { grid, notes } = fixture(1, { statesKeptMs: 60_000 });
    await Promise.all(Array.from({ length: 1_200 }, (_, i) => grid.compute.run(notes, `${i}`, { at })));
    expect(await grid.compute.list()).toHaveLength(1_000);
    const forgets = fixture(1, { statesKeptMs: 0 });
    await forgets.grid.compute.run(forgets.notes, 'x', { at });
    expect(await forgets.grid.compute.list()).toEqual([]);
  });

  test('leaves out a host that is lost', async () => {
    const { grid, notes } = fixture(2);
    await grid.compute.broadcast(notes, 'x', { over: 'hosts' }).results;
    grid.lose(0);
    expect((await grid.compute.list()).map(({ host }) => host)).toEqual([1]);
  });
});

describe('a broadcast', () => {
  test('has an execution for each place, that can be canceled by itself', async () => {
    const end = gate();
    const holds = job('holds', {
      run: (ctx) =>
        new Promise<number | undefined>((resolve, reject) => {
          ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
          void end.opened.then(() => resolve(ctx.partition));
        }),
    });
    const grid = new ComputeGrid([counts, holds], { hosts: 2, partitions: 4 });
    const { executions, results } = grid.compute.broadcast(holds, undefined, { over: counts });
    await until(() => executions.every(({ state }) => state === 'executing'));
    executions[2]?.cancel();
    await until(() => executions[2]?.state === 'canceled');
    end.open();
    expect(await rejectionOf(results)).toMatchObject({ name: 'AbortError' });
    expect(executions.map(({ state }) => state)).toEqual(['completed', 'completed', 'canceled', 'completed']);
    expect(await executions[3]?.result).toBe(3);
  });
});

describe('a job that fails', () => {
  const attempts = (shouldRetry: (error: unknown) => boolean, retries = 3) => {
    let runs = 0;
    const fails = job('fails', {
      run() {
        throw new RangeError(`run ${++runs}`);
      },
    });
    const grid = new ComputeGrid([counts, fails], { hosts: 1 });
    return grid.compute.submit(fails, undefined, { at, retries, shouldRetry });
  };

  test('is tried again for as long as its caller says so', async () => {
    const seen: string[] = [];
    const execution = attempts((error) => {
      seen.push((error as Error).message);
      return seen.length < 2;
    });
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'RangeError', message: 'run 2' });
    expect(seen).toEqual(['run 1', 'run 2']);
    expect(execution.status).toMatchObject({ state: 'failed', attempts: 2 });
  });

  test('fails with what that decision throws', async () => {
    const wrong = new TypeError('in shouldRetry');
    const execution = attempts(() => {
      throw wrong;
    });
    expect(await rejectionOf(execution.result)).toBe(wrong);
  });

  test('goes back to the queue between two attempts', async () => {
    const first = gate();
    const recovers = job('recovers', {
      async run(ctx) {
        if (ctx.attempt > 1) return 'recovered';
        await first.opened;
        throw new RangeError('run 1');
      },
    });
    const grid = new ComputeGrid([counts, recovers], { hosts: 1 });
    const execution = grid.compute.submit(recovers, undefined, { at, retries: 1 });
    await until(() => execution.state === 'executing');
    first.open();
    await until(() => execution.state === 'queued');
    expect(execution.status).toMatchObject({ attempts: 2, startedAt: undefined });
    expect(await execution.result).toBe('recovered');
  });
});

describe('cancellations', () => {
  test('in any moment: what is canceled before it began never begins (10,000 of them)', {
    timeout: 30_000,
  }, async () => {
    const started = new Set<number>();
    const starts = job('starts', { run: (ctx) => void started.add(ctx.id) });
    const grid = new ComputeGrid([counts, starts], { hosts: 1, concurrency: 2 });
    const canceledFirst = new Set<number>();
    let random = 7;
    for (let round = 0; round < 100; round++) {
      const all = Array.from({ length: 100 }, () => grid.compute.submit(starts, undefined, { at }));
      for (const execution of all) {
        random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
        if (random % 7 === 0) await Promise.resolve();
        if (random % 13 === 0) await new Promise(setImmediate);
        const hadStarted = started.has(execution.id);
        if (execution.cancel() && !hadStarted) canceledFirst.add(execution.id);
      }
      await Promise.allSettled(all.map(({ result }) => result));
      for (const { id, state } of all) {
        expect(state).toBe(started.has(id) ? 'completed' : 'canceled');
        if (canceledFirst.has(id)) expect(started.has(id)).toBe(false);
      }
    }
    // Both happened.
    expect(started.size).toBeGreaterThan(0);
    expect(canceledFirst.size).toBeGreaterThan(1_000);
    expect(grid.main.core.member.pendingCalls).toBe(0);
  });

  test('by a signal reach a loop that never gives way before any message does', async () => {
    const controller = new AbortController();
    let laps = 0;
    const spins = job('spins', {
      run(ctx) {
        // Bounded, so that a failure of this test is no endless loop.
        while (!ctx.cancelled && laps < 1_000_000) if (++laps === 1_000) controller.abort();
        return laps;
      },
    });
    const grid = new ComputeGrid([counts, spins], { hosts: 1 });
    const running = grid.compute.run(spins, undefined, { at, signal: controller.signal });
    expect(await rejectionOf(running)).toMatchObject({ name: 'AbortError' });
    await until(() => grid.host(0).compute.openJobs === 0);
    expect(laps).toBe(1_000);
  });

  test('of what was not sent yet keep it from being sent', async () => {
    const { grid, notes, ran } = fixture(1);
    grid.lose(0);
    const execution = grid.compute.submit(notes, 'x', { at });
    await new Promise(setImmediate);
    const reason = new Error('changed my mind');
    execution.cancel(reason);
    expect(await rejectionOf(execution.result)).toBe(reason);
    expect(execution.state).toBe('canceled');
    grid.replace(0);
    await grid.compute.run(notes, 'y', { at });
    expect(ran).toEqual(['y']);
  });

  test('of what runs on a thread that dies are the end of it: it is not run again', async () => {
    const { grid, holds } = fixture(1);
    const execution = grid.compute.submit(holds, undefined, { at });
    await until(() => execution.state === 'executing');
    execution.cancel();
    grid.lose(0);
    grid.replace(0);
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    expect(execution.status).toMatchObject({ state: 'canceled', attempts: 1 });
  });
});

describe('ctx.snapshot', () => {
  test('is one moment of all tables, however often the job gives way, and is given back at its end', async () => {
    const others = table<string, number>('others');
    const wait = gate();
    const begun = gate();
    const reads = job('reads', {
      async run(ctx) {
        const then = await ctx.snapshot(counts);
        begun.open();
        await wait.opened;
        const now = ctx.local(counts);
        const othersThen = await ctx.snapshot(others);
        const keys: string[] = [];
        for await (const [key] of then.sliced()) keys.push(key);
        return [
          then.get('a'),
          then.size,
          [...then.keys()],
          keys,
          then.has('b'),
          othersThen.size,
          now.get('a'),
          now.size,
        ];
      },
    });
    const grid = new ComputeGrid([counts, others, reads], { hosts: 1, partitions: 1 });
    await grid.client.table(counts).set('a', 1);
    const running = grid.compute.run(reads, undefined, { at });
    await begun.opened;
    await grid.client.table(counts).set('a', 2);
    await grid.client.table(counts).set('b', 3);
    await grid.client.table(others).set('a', 4);
    wait.open();
    expect(await running).toEqual([1, 1, ['a'], ['a'], false, 0, 2, 2]);
    expect(grid.host(0).core.member.shared.oldestSnapshot()).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('is refused once the job has ended, and so holds nothing', async () => {
    let late: (() => Promise<unknown>) | undefined;
    const leaks = job('leaks', {
      run(ctx) {
        late = () => ctx.snapshot(counts);
      },
    });
    const grid = new ComputeGrid([counts, leaks], { hosts: 1 });
    await grid.compute.run(leaks, undefined, { at });
    expect(await rejectionOf(late?.() ?? Promise.resolve())).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('of what the grid does not have is refused', () => {
    expect(thrownBy(() => new ComputeGrid([counts]).client.table(table('missing')))).toMatchObject({
      code: 'DEFINITION_MISSING',
    });
  });
});

describe('ctx.local(…).sliced()', () => {
  test('serves others in a long walk', async () => {
    const order: string[] = [];
    const walks = job('walks', {
      async run(ctx) {
        for await (const [,] of ctx.local(counts).sliced()) {
          const endMs = performance.now() + 0.2;
          while (performance.now() < endMs);
        }
        order.push('walk');
      },
    });
    const notes = job('notes', { run: () => void order.push('note') });
    const grid = new ComputeGrid([counts, walks, notes], { hosts: 0, partitions: 1 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => grid.client.table(counts).set(`${i}`, i)));
    const walking = grid.compute.run(walks, undefined, { at });
    await new Promise(setImmediate);
    await grid.compute.run(notes, undefined, { at });
    await walking;
    expect(order).toEqual(['note', 'walk']);
  });
});
