import { job, ProgressReports } from '@troupe/compute';
import { table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, collect, gate, rejectionOf, until } from './compute-grid.ts';

const counts = table<string, number>('counts');
const at = counts.key('a');

describe('progress reports', () => {
  test('leave one at a time, the newest of those that have waited', () => {
    const sent: unknown[] = [];
    const reports = new ProgressReports((report) => sent.push(report));
    for (let report = 1; report <= 5; report++) reports.add(report);
    expect(sent).toEqual([1]);
    reports.heard();
    expect(sent).toEqual([1, 5]);
    reports.heard();
    reports.add(6);
    expect(sent).toEqual([1, 5, 6]);
  });

  test('leave at the end also when nobody has heard the one before', () => {
    const sent: unknown[] = [];
    const reports = new ProgressReports((report) => sent.push(report));
    reports.add(1);
    reports.add(2);
    reports.flush();
    reports.flush();
    expect(sent).toEqual([1, 2]);
  });
});

describe.each([
  ['on its own thread', 0],
  ['behind a link', 1],
])('the progress of a job %s', (_, hosts) => {
  test('reaches who follows it step by step, and ends with the job', async () => {
    const steps = [gate(), gate(), gate()];
    const counting = job('counting', {
      async run(ctx) {
        for (const [step, { opened }] of steps.entries()) {
          ctx.progress({ step });
          await opened;
        }
        return 'done';
      },
    });
    const grid = new ComputeGrid([counts, counting], { hosts });
    const execution = grid.compute.submit(counting, undefined, { at });
    const seen: unknown[] = [];
    for await (const report of execution.progress()) {
      seen.push(report);
      steps[seen.length - 1]?.open();
    }
    expect(seen).toEqual([{ step: 0 }, { step: 1 }, { step: 2 }]);
    expect(await execution.result).toBe('done');
  });

  test('is what a generator yields', async () => {
    const yields = job('yields', {
      *run(_ctx, upTo: number) {
        for (let step = 1; step <= upTo; step++) yield step;
        return 'done';
      },
    });
    const grid = new ComputeGrid([counts, yields], { hosts });
    const execution = grid.compute.submit(yields, 1_000, { at });
    const seen = await collect(execution.progress());
    expect(seen.at(-1)).toBe(1_000);
    expect(seen.length).toBeLessThan(100);
    expect(await execution.result).toBe('done');
  });

  test('is read by a slow reader in constant memory: the newest report wins', async () => {
    const chatters = job('chatters', {
      async run(ctx) {
        for (let report = 0; report < 10_000; report++) ctx.progress(report);
        await Promise.resolve();
        ctx.progress('last');
      },
    });
    const grid = new ComputeGrid([counts, chatters], { hosts });
    const execution = grid.compute.submit(chatters, undefined, { at });
    await execution.result;
    const seen = await collect(execution.progress());
    expect(seen.length).toBeLessThanOrEqual(2);
    expect(seen.at(-1)).toBe('last');
  });

  test('may be left, and costs nobody anything when nobody follows', async () => {
    const chatters = job('chatters', {
      run(ctx) {
        ctx.progress(1);
        ctx.progress(2);
        return 'done';
      },
    });
    const grid = new ComputeGrid([counts, chatters], { hosts });
    const execution = grid.compute.submit(chatters, undefined, { at });
    for await (const report of execution.progress()) {
      expect([1, 2]).toContain(report);
      break;
    }
    expect(await execution.result).toBe('done');
    expect(await grid.compute.run(chatters, undefined, { at })).toBe('done');
  });

  test('that can not be sent fails the call in the job', async () => {
    const wrong = job('wrong', { run: (ctx) => ctx.progress(() => 1) });
    const grid = new ComputeGrid([counts, wrong], { hosts });
    const { result } = grid.compute.submit(wrong, undefined, { at });
    expect(await rejectionOf(result)).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
  });
});

describe('a generator job', () => {
  test('serves others at its yields, and takes no more of the thread when there are many', async () => {
    const order: string[] = [];
    const long = job('long', {
      *run() {
        for (let step = 0; step < 4; step++) {
          const endMs = performance.now() + 3;
          while (performance.now() < endMs);
          yield;
        }
        order.push('long');
      },
    });
    const short = job('short', { run: () => void order.push('short') });
    const grid = new ComputeGrid([counts, long, short], { hosts: 0 });
    const all = [1, 2, 3].map(() => grid.compute.run(long, undefined, { at }));
    await grid.compute.run(short, undefined, { at });
    await Promise.all(all);
    expect(order).toEqual(['short', 'long', 'long', 'long']);
  });

  test('that is canceled ends at its next yield, tidies up, and yields nothing more', async () => {
    const steps: string[] = [];
    const endless = job('endless', {
      *run() {
        try {
          for (;;) {
            steps.push('step');
            yield;
          }
        } finally {
          steps.push('tidied');
        }
      },
    });
    const grid = new ComputeGrid([counts, endless], { hosts: 1 });
    const execution = grid.compute.submit(endless, undefined, { at });
    await until(() => execution.state === 'executing');
    execution.cancel();
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    expect(execution.state).toBe('canceled');
    expect(steps.filter((step) => step === 'tidied')).toHaveLength(1);
    expect(steps.at(-1)).toBe('tidied');
    expect(grid.host(0).compute.openJobs).toBe(0);
  });

  test('that fails in a later step fails its caller', async () => {
    const stumbles = job('stumbles', {
      async *run() {
        yield 1;
        await Promise.resolve();
        throw new RangeError('second step');
      },
    });
    const grid = new ComputeGrid([counts, stumbles], { hosts: 1 });
    expect(await rejectionOf(grid.compute.run(stumbles, undefined, { at }))).toBeInstanceOf(RangeError);
  });
});
