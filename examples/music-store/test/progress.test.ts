import { describe, expect, test } from 'vitest';
import { runPhase } from '../dist/phases/phase.js';
import { PlainProgress } from '../dist/progress.js';

describe('plain progress', () => {
  const record = () => {
    const lines: string[] = [];
    return { lines, progress: new PlainProgress((line) => lines.push(line)) };
  };

  test('writes a line at the start, at each quarter and at the end', () => {
    const { lines, progress } = record();
    const bar = progress.start({ name: 'load', total: 2_000, unit: 'rows' });
    for (let done = 0; done < 2_000; done += 1) bar.advance(1);
    bar.finish({
      name: 'load',
      operations: 2_000,
      seconds: 1.5,
      p50Ms: 0,
      p99Ms: 0,
      retries: 0,
      rollbacks: 0,
    });
    expect(lines).toEqual([
      'load: 2,000 rows',
      'load: 25 %',
      'load: 50 %',
      'load: 75 %',
      'load: 2,000 rows in 1.50 s',
    ]);
  });

  test('passes over quarters that a large step leaps', () => {
    const { lines, progress } = record();
    progress.start({ name: 'load', total: 100, unit: 'rows' }).advance(80);
    expect(lines).toEqual(['load: 100 rows', 'load: 80 %']);
  });
});

describe('a phase', () => {
  const silent = new PlainProgress(() => undefined);
  const plan = { name: 'work', total: 3, unit: 'pieces' };

  test('counts operations, retries and rollbacks, and answers what its work answers', async () => {
    const { value, result } = await runPhase(plan, silent, async (meter) => {
      for (let piece = 0; piece < 3; piece += 1) await meter.time(async () => meter.done());
      meter.retries += 2;
      meter.rollbacks += 1;
      return 'done';
    });
    expect(value).toBe('done');
    expect(result).toMatchObject({ name: 'work', operations: 3, retries: 2, rollbacks: 1 });
    expect(result.p50Ms).toBeGreaterThan(0);
    expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms ?? Number.NaN);
  });

  test('that times nothing has no latencies', async () => {
    const { result } = await runPhase(plan, silent, async () => undefined);
    expect(Object.keys(result)).toEqual(['name', 'operations', 'seconds', 'retries', 'rollbacks']);
  });

  test('that fails says so and passes the error on', async () => {
    const lines: string[] = [];
    const failure = new Error('no more');
    const run = runPhase(plan, new PlainProgress((line) => lines.push(line)), async () => {
      throw failure;
    });
    await expect(run).rejects.toBe(failure);
    expect(lines).toEqual(['work: 3 pieces', 'work: failed']);
  });
});
