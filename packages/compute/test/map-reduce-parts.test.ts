// Parts of a map-reduce that fail: left out, tried again, or the end of it; what split keeps; progress; cancellations.
import { type MapProgress, mapReduce } from '@troupe/compute';
import { TimeoutError, table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, collect, gate, rejectionOf, until } from './compute-grid.ts';

const sales = table<number, number>('sales');
const over = { over: sales } as const;
const ids = [0, 1, 2, 3, 4, 5];

/** Fails in each of the given partitions as many attempts as it says; notes what it is asked to map. */
function flaky(failures: ReadonlyMap<number, number>, combines = false) {
  const mapped: string[] = [];
  const left = new Map(failures);
  const definition = mapReduce('flaky', {
    map(ctx) {
      const partition = ctx.partition as number;
      mapped.push(`${partition}.${ctx.attempt}`);
      const times = left.get(partition) ?? 0;
      left.set(partition, times - 1);
      if (times > 0) throw new RangeError(`not ${partition}`);
      return [partition];
    },
    ...(combines ? { combine: (a: number[], b: number[]) => [...a, ...b] } : {}),
    reduce: (parts, { failed }) => ({
      parts,
      failed: failed.map(({ partition, error }) => `${partition}: ${String(error)}`),
    }),
  });
  return { definition, mapped };
}

describe.each([0, 2])('a failed part, over %i hosts,', (hosts) => {
  test('is left out with `skip`, and reduce is told which and why; others of its host count', async () => {
    const { definition } = flaky(new Map([[1, 9]]).set(2, 9));
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 6 });
    expect(await grid.compute.run(definition, undefined, { ...over, onFailedPart: 'skip' })).toEqual({
      parts: [[0], [3], [4], [5]],
      failed: ['1: RangeError: not 1', '2: RangeError: not 2'],
    });
  });

  test('is left out of what its host combines', async () => {
    const { definition } = flaky(new Map([[0, 9]]), true);
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 6 });
    const { parts, failed } = await grid.compute.run(definition, undefined, {
      ...over,
      onFailedPart: 'skip',
    });
    expect(parts.flat().sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    expect(parts).toHaveLength(Math.max(1, hosts));
    expect(failed).toEqual(['0: RangeError: not 0']);
  });

  test('is tried again alone, with a higher attempt, as often as `retries` says', async () => {
    const { definition, mapped } = flaky(new Map([[0, 1]]).set(3, 2));
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 6 });
    const { parts, failed } = await grid.compute.run(definition, undefined, { ...over, retries: 2 });
    expect(parts).toEqual(ids.map((id) => [id]));
    expect(failed).toEqual([]);
    expect(mapped.sort()).toEqual(['0.1', '0.2', '1.1', '2.1', '3.1', '3.2', '3.3', '4.1', '5.1']);
  });

  test('that comes in a retry is combined with nothing twice', async () => {
    const { definition } = flaky(new Map([[2, 1]]), true);
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 6 });
    const { parts } = await grid.compute.run(definition, undefined, { ...over, retries: 1 });
    expect(parts.flat().sort((a, b) => a - b)).toEqual(ids);
  });

  test('ends everything when its retries are used up, by default', async () => {
    const { definition, mapped } = flaky(new Map([[1, 9]]));
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 6 });
    const error = await rejectionOf(grid.compute.run(definition, undefined, { ...over, retries: 1 }));
    expect(error).toMatchObject({ name: 'RangeError', message: 'not 1' });
    expect(mapped.filter((id) => id.startsWith('1.'))).toEqual(['1.1', '1.2']);
  });

  test('is not tried again when shouldRetry is against it; then the policy counts', async () => {
    const { definition, mapped } = flaky(new Map([[1, 9]]).set(2, 1));
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 6 });
    const { parts } = await grid.compute.run(definition, undefined, {
      ...over,
      retries: 5,
      onFailedPart: 'skip',
      shouldRetry: (error) => (error as Error).message === 'not 2',
    });
    expect(parts.flat()).toEqual([0, 2, 3, 4, 5]);
    expect(mapped.filter((id) => id.startsWith('1.'))).toEqual(['1.1']);
  });

  test('may be one that can not be sent', async () => {
    const odd = mapReduce('odd', {
      map: (ctx) => (ctx.partition === 4 ? () => 0 : ctx.partition),
      reduce: (parts, { failed }) => ({ parts, failed }),
    });
    const grid = new ComputeGrid([sales, odd], { hosts, partitions: 6 });
    const result = await grid.compute.run(odd, undefined, { ...over, onFailedPart: 'skip' });
    expect(result).toMatchObject({
      parts: [0, 1, 2, 3, 5],
      failed: [{ partition: 4, error: { code: 'VALUE_NOT_SUPPORTED' } }],
    });
  });

  test('is all of a host whose combine throws', async () => {
    const spoils = mapReduce('spoils', {
      map: (ctx) => ctx.partition as number,
      combine(a, b) {
        if (b % 2 === 1) throw new RangeError('odd');
        return a + b;
      },
      reduce: (parts, { failed }) => ({ parts, failed: failed.map(({ partition }) => partition) }),
    });
    const grid = new ComputeGrid([sales, spoils], { hosts, partitions: 6 });
    const result = await grid.compute.run(spoils, undefined, { ...over, onFailedPart: 'skip' });
    expect(result).toEqual(hosts === 0 ? { parts: [], failed: ids } : { parts: [6], failed: [1, 3, 5] });
  });
});

describe('a map-reduce', () => {
  test('skips no deadline', async () => {
    const holds = mapReduce('holds', {
      map: (ctx) => new Promise((resolve) => ctx.signal.addEventListener('abort', resolve)),
      reduce: () => 'reduced',
    });
    const grid = new ComputeGrid([sales, holds], { hosts: 2, partitions: 4 });
    const options = { ...over, onFailedPart: 'skip', timeoutMs: 20 } as const;
    expect(await rejectionOf(grid.compute.run(holds, undefined, options))).toBeInstanceOf(TimeoutError);
  });

  test('skips a host that dies again and again, and says so', async () => {
    const begun: number[] = [];
    const dies = mapReduce('dies', {
      async map(ctx) {
        if (ctx.host === 1) {
          begun.push(ctx.attempt);
          await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
        }
        return ctx.partition;
      },
      reduce: (parts, { failed }) => ({ parts, failed }),
    });
    const grid = new ComputeGrid([sales, dies], { hosts: 2, partitions: 4 });
    const running = grid.compute.run(dies, undefined, { ...over, onFailedPart: 'skip' });
    for (let attempt = 1; attempt <= 4; attempt++) {
      await until(() => begun.length === attempt);
      grid.lose(1);
      grid.replace(1);
    }
    expect(await running).toMatchObject({
      parts: [0, 2],
      failed: [
        { partition: 1, error: { code: 'HOST_LOST' } },
        { partition: 3, error: { code: 'HOST_LOST' } },
      ],
    });
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  test.each([['fail', 'skip']])('refuses a policy that is none, and one for a job', async () => {
    const { definition } = flaky(new Map());
    const grid = new ComputeGrid([sales, definition], { hosts: 0, partitions: 2 });
    const wrong = { ...over, onFailedPart: 'ignore' } as never;
    expect(await rejectionOf(grid.compute.run(definition, undefined, wrong))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { argument: 'onFailedPart' },
    });
  });
});

describe.each([0, 2])('split, over %i hosts,', (hosts) => {
  test('says what maps get and keeps what reduce needs, also what can not be sent', async () => {
    const scaled = mapReduce('scaled', {
      async split({ factors }: { factors: number[] }) {
        await Promise.resolve();
        const args = factors.splice(0).map((factor) => factor * 10);
        return { args, state: { format: (sum: number) => `sum ${sum}` } };
      },
      map: (ctx, factors) => factors.splice(0).length * (ctx.partition as number),
      reduce: (parts, { args, state }) => [state.format(parts.reduce((a, b) => a + b, 0)), args],
    });
    const grid = new ComputeGrid([sales, scaled], { hosts, partitions: 4 });
    const given = { factors: [1, 2] };
    expect(await grid.compute.run(scaled, given, over)).toEqual(['sum 12', { factors: [1, 2] }]);
    expect(given).toEqual({ factors: [1, 2] });
  });

  test('leaves the arguments to the maps when it only keeps something', async () => {
    const named = mapReduce('named', {
      split: (name: string) => ({ state: name.length }),
      map: (_ctx, name) => name,
      reduce: (parts, { state }) => [...parts, state],
    });
    const grid = new ComputeGrid([sales, named], { hosts, partitions: 2 });
    expect(await grid.compute.run(named, 'abc', over)).toEqual(['abc', 'abc', 3]);
  });

  test('that throws, answers something else or what can not be sent ends it before any map', async () => {
    let maps = 0;
    const wrong: [string, () => unknown, object][] = [
      ['throws', () => rejected(new RangeError('no')), { name: 'RangeError' }],
      ['nothing', () => undefined, { code: 'INVALID_ARGUMENT' }],
      ['strange', () => ({ args: 1, stat: 2 }), { code: 'INVALID_ARGUMENT' }],
      ['unsendable', () => ({ args: () => 0 }), { code: 'VALUE_NOT_SUPPORTED' }],
    ];
    for (const [name, split, expected] of wrong) {
      const refused = mapReduce(name, {
        split: split as () => { state: number },
        map: () => maps++,
        reduce: () => 'reduced',
      });
      const grid = new ComputeGrid([sales, refused], { hosts, partitions: 2 });
      expect(await rejectionOf(grid.compute.run(refused, undefined, over)), name).toMatchObject(expected);
    }
    expect(maps).toBe(0);
  });
});

function rejected(error: Error): Promise<never> {
  return Promise.reject(error);
}

describe.each([0, 2])('the progress of a map-reduce over %i hosts', (hosts) => {
  test('counts the partitions, and ends with all of them', async () => {
    const steps = ids.map(() => gate());
    const stepwise = mapReduce('stepwise', {
      async map(ctx) {
        ctx.progress('heard by nobody');
        await steps[ctx.partition as number]?.opened;
        if (ctx.partition === 5) throw new RangeError('not 5');
      },
      reduce: (parts) => parts.length,
    });
    const grid = new ComputeGrid([sales, stepwise], { hosts, partitions: 6 });
    const execution = grid.compute.submit(stepwise, undefined, { ...over, onFailedPart: 'skip' });
    const seen: MapProgress[] = [];
    for await (const progress of execution.progress()) {
      seen.push(progress);
      for (const step of hosts === 0 ? [seen.length - 1] : ids) steps[step]?.open();
    }
    expect(await execution.result).toBe(5);
    expect(seen[0]).toEqual({ done: 0, total: 6, failed: 0 });
    expect(seen.at(-1)).toEqual({ done: 5, total: 6, failed: 1 });
    const sums = seen.map(({ done, failed }) => done + failed);
    expect(sums).toEqual([...sums].sort((a, b) => a - b));
    if (hosts === 0) expect(seen.map(({ done }) => done)).toEqual([0, 1, 2, 3, 4, 5, 5]);
  });

  test('forgets what a dead thread had mapped, and what was mapped in vain', async () => {
    const { definition } = flaky(new Map([[1, 1]]).set(0, 2));
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 6 });
    const execution = grid.compute.submit(definition, undefined, { ...over, retries: 2 });
    const seen = await collect(execution.progress());
    await execution.result;
    expect(seen.at(-1)).toEqual({ done: 6, total: 6, failed: 0 });
    expect(seen.every(({ done, total, failed }) => done <= total && failed === 0)).toBe(true);
  });
});

test('the progress of a map-reduce falls when a thread dies with what it had mapped', async () => {
  const second = gate();
  const stuck = mapReduce('stuck', {
    async map(ctx) {
      if (ctx.partition === 1 && ctx.attempt === 1) await new Promise(() => undefined);
      if (ctx.partition === 1) await second.opened;
    },
    reduce: (parts) => parts.length,
  });
  const grid = new ComputeGrid([sales, stuck], { hosts: 1, partitions: 3 });
  const execution = grid.compute.submit(stuck, undefined, over);
  const seen: number[] = [];
  for await (const { done } of execution.progress()) {
    seen.push(done);
    if (seen.length === 2) {
      grid.lose(0);
      grid.replace(0);
      second.open();
    }
  }
  expect(await execution.result).toBe(3);
  expect(seen.slice(0, 2)).toEqual([0, 1]);
  expect(seen.at(-1)).toBe(3);
});

describe.each([0, 2])('a canceled map-reduce over %i hosts', (hosts) => {
  function watched() {
    const trail: string[] = [];
    const gates = { split: gate(), map: gate(), reduce: gate() };
    const definition = mapReduce('watched', {
      async split(_args: undefined, { signal }) {
        trail.push('split');
        signal.addEventListener('abort', () => trail.push('split aborted'));
        await gates.split.opened;
        return { state: 1 };
      },
      async map(ctx) {
        trail.push('map');
        ctx.signal.addEventListener('abort', () => trail.push('map aborted'));
        await gates.map.opened;
      },
      async reduce(_parts, { signal }) {
        trail.push('reduce');
        signal.addEventListener('abort', () => trail.push('reduce aborted'));
        await gates.reduce.opened;
        return 'reduced';
      },
    });
    return { definition, trail, gates };
  }

  test('before it has begun runs nothing', async () => {
    const { definition, trail } = watched();
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 4 });
    const execution = grid.compute.submit(definition, undefined, over);
    expect(execution.cancel('early')).toBe(true);
    expect(await execution.result.catch((reason: unknown) => reason)).toBe('early');
    expect(execution.state).toBe('canceled');
    expect(trail).toEqual([]);
  });

  test('during split maps nothing', async () => {
    const { definition, trail } = watched();
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 4 });
    const execution = grid.compute.submit(definition, undefined, over);
    await until(() => trail.length === 1);
    execution.cancel();
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    expect(execution.state).toBe('canceled');
    expect(trail).toEqual(['split', 'split aborted']);
  });

  test('during the maps tells them, and is not reduced even if they end normally', async () => {
    const { definition, trail, gates } = watched();
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 2 });
    const execution = grid.compute.submit(definition, undefined, { ...over, onFailedPart: 'skip' });
    gates.split.open();
    const begun = Math.max(1, hosts);
    await until(() => trail.filter((step) => step === 'map').length === begun);
    execution.cancel();
    await until(() => trail.filter((step) => step === 'map aborted').length === begun);
    expect(execution.state).toBe('canceling');
    gates.map.open();
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    expect(execution.state).toBe('canceled');
    expect(trail).not.toContain('reduce');
  });

  test('during reduce tells it, and what it answers is dropped', async () => {
    const { definition, trail, gates } = watched();
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 2 });
    const execution = grid.compute.submit(definition, undefined, over);
    gates.split.open();
    gates.map.open();
    await until(() => trail.includes('reduce'));
    expect(execution.cancel('late')).toBe(true);
    expect(await execution.result.catch((reason: unknown) => reason)).toBe('late');
    expect(execution.state).toBe('canceled');
    expect(trail.at(-1)).toBe('reduce aborted');
    gates.reduce.open();
    await Promise.resolve();
    expect(execution.state).toBe('canceled');
  });

  test('by its signal, or its deadline, ends in reduce as well', async () => {
    const { definition, trail, gates } = watched();
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 2 });
    gates.split.open();
    gates.map.open();
    const controller = new AbortController();
    const running = grid.compute.run(definition, undefined, { ...over, signal: controller.signal });
    await until(() => trail.includes('reduce'));
    controller.abort('enough');
    expect(await running.catch((reason: unknown) => reason)).toBe('enough');
    const late = rejectionOf(grid.compute.run(definition, undefined, { ...over, timeoutMs: 20 }));
    expect(await late).toBeInstanceOf(TimeoutError);
    expect(trail.filter((step) => step === 'reduce aborted')).toHaveLength(2);
  });

  test('in the pause before a part is tried again ends at once', async () => {
    const { definition, mapped } = flaky(new Map([[0, 99]]));
    const grid = new ComputeGrid([sales, definition], { hosts, partitions: 1 });
    const execution = grid.compute.submit(definition, undefined, { ...over, retries: 50 });
    await until(() => mapped.length >= 2);
    execution.cancel();
    expect(await rejectionOf(execution.result)).toMatchObject({ name: 'AbortError' });
    expect(execution.state).toBe('canceled');
  });
});
