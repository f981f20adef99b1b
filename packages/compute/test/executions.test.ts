import { getEventListeners } from 'node:events';
import { job } from '@troupe/compute';
import { table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, gate, rejectionOf, until } from './compute-grid.ts';

const counts = table<string, number>('counts');
const at = counts.key('a');

/** A job that begins, tells, and ends when told; and one that only counts its runs. */
function fixture(hosts: number, concurrency = 16) {
  const begun: AbortSignal[] = [];
  const end = gate<string>();
  let runs = 0;
  const holds = job('holds', {
    run(ctx) {
      begun.push(ctx.signal);
      return end.opened;
    },
  });
  const quick = job('quick', { run: () => ++runs });
  const fails = job('fails', {
    run: () => Promise.reject<void>(new RangeError('no')),
  });
  const grid = new ComputeGrid([counts, holds, quick, fails], { hosts, concurrency });
  return { grid, holds, quick, fails, begun, end, runs: () => runs };
}

describe.each([
  ['on its own thread', 0],
  ['behind a link', 1],
])('an execution %s', (_, hosts) => {
  test('goes from queued over executing to completed', async () => {
    const { grid, holds, quick, begun, end } = fixture(hosts, 1);
    const first = grid.compute.submit(holds, undefined, { at });
    const second = grid.compute.submit(quick, undefined, { at });
    expect([first.state, second.state]).toEqual(['queued', 'queued']);
    await until(() => first.state === 'executing');
    expect(begun).toHaveLength(1);
    expect(second.state).toBe('queued');
    end.open('done');
    expect(await first.result).toBe('done');
    expect(await second.result).toBe(1);
    expect([first.state, second.state]).toEqual(['completed', 'completed']);
    expect(first.id).not.toBe(second.id);
  });

  test('that fails says so, and needs nobody to await it', async () => {
    const { grid, fails } = fixture(hosts);
    const execution = grid.compute.submit(fails, undefined, { at });
    await until(() => execution.state === 'failed');
    expect(await rejectionOf(execution.result)).toBeInstanceOf(RangeError);
    expect(execution.cancel()).toBe(false);
    expect(execution.state).toBe('failed');
  });

  test('that is canceled while queued never runs', async () => {
    const { grid, holds, quick, end, begun, runs } = fixture(hosts, 1);
    const first = grid.compute.submit(holds, undefined, { at });
    await until(() => begun.length === 1);
    const second = grid.compute.submit(quick, undefined, { at });
    const owner = grid.member(hosts);
    await until(() => owner.compute.openJobs === 2);
    const reason = new Error('changed my mind');
    expect(second.cancel(reason)).toBe(true);
    expect(second.state).toBe('canceling');
    expect(await rejectionOf(second.result)).toBe(reason);
    expect(second.state).toBe('canceled');
    await until(() => owner.compute.openJobs === 1);
    end.open('done');
    await first.result;
    await owner.compute.idle();
    expect(runs()).toBe(0);
    expect(second.cancel()).toBe(false);
  });

  test('that is canceled before it was sent never runs', async () => {
    const { grid, quick, runs } = fixture(hosts);
    const execution = grid.compute.submit(quick, undefined, { at });
    execution.cancel();
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    // The next one on the same link has overtaken nothing.
    await grid.compute.run(quick, undefined, { at });
    expect(runs()).toBe(1);
  });

  test('that is canceled while it runs is told, and completed when it ends normally all the same', async () => {
    const { grid, holds, begun, end } = fixture(hosts);
    const execution = grid.compute.submit(holds, undefined, { at });
    await until(() => begun.length === 1 && execution.state === 'executing');
    expect(begun[0]?.aborted).toBe(false);
    expect([execution.cancel(), execution.cancel()]).toEqual([true, false]);
    await until(() => begun[0]?.aborted === true);
    expect(execution.state).toBe('canceling');
    end.open('late');
    expect(await execution.result).toBe('late');
    expect(execution.state).toBe('completed');
  });

  test('that is canceled and stops for it ends with the reason given', async () => {
    const stops = job('stops', {
      run: (ctx) =>
        new Promise<void>((_resolve, reject) => {
          ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
        }),
    });
    const grid = new ComputeGrid([counts, stops], { hosts });
    const execution = grid.compute.submit(stops, undefined, { at });
    await until(() => execution.state === 'executing');
    const reason = new Error('changed my mind');
    execution.cancel(reason);
    expect(await rejectionOf(execution.result)).toBe(reason);
    expect(execution.state).toBe('canceled');
  });

  test('that fails on its own after it was canceled has failed with its own error, and is not retried', async () => {
    let runs = 0;
    const stumbles = job('stumbles', {
      run: (ctx) =>
        new Promise<void>((_resolve, reject) => {
          runs++;
          ctx.signal.addEventListener('abort', () => reject(new RangeError('while tidying up')));
        }),
    });
    const grid = new ComputeGrid([counts, stumbles], { hosts });
    const execution = grid.compute.submit(stumbles, undefined, { at, retries: 3 });
    await until(() => execution.state === 'executing');
    execution.cancel();
    expect(await rejectionOf(execution.result)).toBeInstanceOf(RangeError);
    expect([execution.state, runs]).toEqual(['failed', 1]);
  });

  test('ends in one way, also when it is canceled in the moment its answer arrives', async () => {
    const { grid, quick } = fixture(hosts);
    const answers = new Set<boolean>();
    for (let ticks = 0; ticks < 30; ticks++) {
      const execution = grid.compute.submit(quick, undefined, { at });
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      if (ticks === 29) await execution.result;
      const canceled = execution.cancel();
      answers.add(canceled);
      const outcome = await execution.result.then(
        () => 'completed',
        () => 'canceled',
      );
      if (!canceled) expect(outcome).toBe('completed');
      expect(execution.state).toBe(outcome);
    }
    expect([...answers]).toEqual([true, false]);
  });

  test('that looks at its signal only after it was canceled finds it aborted', async () => {
    const begun = gate();
    const cancelled = gate();
    const looked = gate<[boolean, boolean]>();
    const looksLate = job('looksLate', {
      async run(ctx) {
        begun.open();
        await cancelled.opened;
        looked.open([ctx.cancelled, ctx.signal.aborted]);
      },
    });
    const grid = new ComputeGrid([counts, looksLate], { hosts });
    const execution = grid.compute.submit(looksLate, undefined, { at });
    await begun.opened;
    execution.cancel();
    // Behind the cancellation on the same link.
    await grid.client.table(counts).size();
    cancelled.open();
    expect(await looked.opened).toEqual([true, true]);
  });

  test('that has completed is not told when its host closes', async () => {
    const { grid, holds, begun, end } = fixture(hosts);
    const running = grid.compute.run(holds, undefined, { at });
    await until(() => begun.length === 1);
    end.open('done');
    await running;
    await grid.member(hosts).compute.close();
    expect(begun[0]?.aborted).toBe(false);
  });

  test("follows its caller's signal", async () => {
    const { grid, holds, begun } = fixture(hosts);
    const controller = new AbortController();
    const execution = grid.compute.submit(holds, undefined, { at, signal: controller.signal });
    await until(() => begun.length === 1);
    controller.abort(new Error('enough'));
    expect(await rejectionOf(execution.result)).toMatchObject({ message: 'enough' });
    expect(execution.state).toBe('canceled');
    await until(() => begun[0]?.aborted === true);
  });

  test('has one listener on a signal with all the others under it, and none at the end', async () => {
    const { grid, holds, begun, end } = fixture(hosts);
    const { signal } = new AbortController();
    const all = Array.from({ length: 12 }, () => grid.compute.submit(holds, undefined, { at, signal }));
    await until(() => begun.length === 12);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    end.open('done');
    await Promise.all(all.map(({ result }) => result));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('out of time rejects with TIMEOUT and its job is told', async () => {
    const { grid, holds, begun } = fixture(hosts);
    const running = grid.compute.run(holds, undefined, { at, timeoutMs: 20 });
    expect(await rejectionOf(running)).toMatchObject({ code: 'TIMEOUT' });
    await until(() => begun[0]?.aborted === true);
  });
});

describe('a host', () => {
  test('refuses a job when its queue is full and loses none it has taken in', async () => {
    const end = gate();
    let runs = 0;
    const holds = job('holds', {
      async run() {
        await end.opened;
        return ++runs;
      },
    });
    const grid = new ComputeGrid([counts, holds], { hosts: 1, concurrency: 2, queueMax: 3 });
    const all = Array.from({ length: 8 }, () => grid.compute.submit(holds, undefined, { at }));
    await until(() => all.filter(({ state }) => state === 'failed').length === 3);
    expect(await rejectionOf(all[5]?.result ?? Promise.resolve())).toMatchObject({
      code: 'QUEUE_FULL',
      retryable: true,
    });
    end.open();
    expect(await Promise.all(all.slice(0, 5).map(({ result }) => result))).toEqual([1, 2, 3, 4, 5]);
  });

  test('drops what a lost caller has queued and tells what runs for it', async () => {
    const { grid, holds, quick, begun, end, runs } = fixture(1, 1);
    const owner = grid.host(0);
    void grid.compute.submit(holds, undefined, { at });
    void grid.compute.submit(quick, undefined, { at });
    await until(() => owner.compute.openJobs === 2);
    const { id, incarnation } = grid.main.core.member.self;
    owner.core.member.lose(id, incarnation);
    expect(owner.compute.openJobs).toBe(1);
    expect(begun[0]?.aborted).toBe(true);
    end.open('');
    await owner.compute.idle();
    expect(runs()).toBe(0);
  });

  test('that closes rejects what waits, tells what runs, and refuses what comes', async () => {
    const { grid, holds, quick, begun } = fixture(1, 1);
    const owner = grid.host(0);
    void grid.compute.submit(holds, undefined, { at });
    const waiting = grid.compute.submit(quick, undefined, { at });
    await until(() => owner.compute.openJobs === 2);
    await owner.compute.close();
    expect(await rejectionOf(waiting.result)).toMatchObject({ code: 'GRID_CLOSED' });
    expect(begun[0]?.aborted).toBe(true);
    expect(await rejectionOf(grid.compute.run(quick, undefined, { at }))).toMatchObject({
      code: 'GRID_CLOSED',
    });
  });

  test('counts as at work while a job runs', async () => {
    const { grid, holds, begun, end } = fixture(1);
    const execution = grid.compute.submit(holds, undefined, { at });
    await until(() => begun.length === 1);
    expect(grid.host(0).core.member.work.count).toBe(1);
    end.open('done');
    await execution.result;
    expect(grid.host(0).core.member.work.count).toBe(0);
  });
});
