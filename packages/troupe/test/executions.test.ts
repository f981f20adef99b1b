/** Executions, streams and blocked threads on real threads. */
import { channel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Execution,
  type Grid,
  type GridEvents,
  type GridOptions,
  HostLostError,
  JobBlockedError,
} from 'troupe';
import { describe, expect, test } from 'vitest';
import { collect, rejection, start } from './running-grid.ts';

const url = new URL('./fixtures/executions.mjs', import.meta.url);
const jobs = createRequire(import.meta.url)(
  './fixtures/executions.mjs',
) as typeof import('./fixtures/executions.mjs');
const { items, plays } = jobs;

function startWith(threads: number, compute: GridOptions['compute'] = {}): Promise<Grid> {
  return start(threads, { modules: [url], compute });
}

/** Other threads go on meanwhile; this one looks again and again. */
async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('it never came to that');
    await pause(1);
  }
}

function next<Name extends keyof GridEvents>(grid: Grid, event: Name): Promise<GridEvents[Name]> {
  return new Promise((resolve) => {
    const listener = (details: GridEvents[Name]): void => {
      grid.off(event, listener);
      resolve(details);
    };
    grid.on(event, listener);
  });
}

const isExecuting = ({ state }: Execution<unknown>): boolean => state === 'executing';

describe('a cancellation', { timeout: 30_000 }, () => {
  test('reaches a job in the middle of a loop that never gives way, which then ends normally', async () => {
    const grid = await startWith(1);
    const execution = grid.compute.submit(jobs.spins, undefined, { at: items.key('a') });
    await until(() => isExecuting(execution));
    expect(execution.cancel()).toBe(true);
    expect(await execution.result).toBe('stopped');
    expect(execution.state).toBe('completed');
  });

  test('is possible while nothing else reaches its host, which the list leaves out meanwhile', async () => {
    const grid = await startWith(2);
    const execution = grid.compute.submit(jobs.spins, undefined, { at: { host: 0 } });
    await grid.compute.run(jobs.host, undefined, { at: { host: 1 } });
    await until(() => isExecuting(execution));
    expect((await grid.compute.list()).map(({ host }) => host)).toEqual([1]);
    execution.cancel();
    expect(await execution.result).toBe('stopped');
    expect(new Set((await grid.compute.list()).map(({ host }) => host))).toEqual(new Set([0, 1]));
  });

  test('by a deadline ends such a loop, too', async () => {
    const grid = await startWith(1);
    const running = grid.compute.run(jobs.spins, undefined, { at: items.key('a'), timeoutMs: 50 });
    expect(await rejection(running)).toMatchObject({ code: 'TIMEOUT' });
    expect(await grid.compute.run(jobs.host, undefined, { at: items.key('a') })).toBe(0);
  });

  test('is never followed by a start, in 10,000 races', { timeout: 60_000 }, async () => {
    const grid = await startWith(2);
    const keys = Array.from({ length: 16 }, (_, i) => ({ at: items.key(i) }));
    const all: Execution<void>[] = [];
    for (let round = 0; round < 100; round++) {
      const some = Array.from({ length: 100 }, (_, i) =>
        grid.compute.submit(jobs.marksItself, undefined, keys[i % 16] ?? { at: 'any' }),
      );
      // At different points of the way there and back.
      for (let tick = 0; tick < round % 5; tick++) await Promise.resolve();
      if (round % 3 === 0) await new Promise(setImmediate);
      for (const [i, execution] of some.entries()) {
        if (i % 10 === round % 10) await new Promise(setImmediate);
        execution.cancel();
      }
      await Promise.allSettled(some.map(({ result }) => result));
      all.push(...some);
    }
    const marked = new Set(
      (await grid.compute.broadcast(jobs.marked, undefined, { over: 'hosts' }).results).flat(),
    );
    const canceled = all.filter(({ state }) => state === 'canceled');
    const completed = all.filter(({ state }) => state === 'completed');
    expect(canceled.length + completed.length).toBe(10_000);
    expect(canceled.length).toBeGreaterThan(100);
    expect(canceled.filter(({ id }) => marked.has(id))).toEqual([]);
    expect(completed.filter(({ id }) => !marked.has(id))).toEqual([]);
  });
});

describe('a thread that dies', { timeout: 30_000 }, () => {
  test('has its jobs run again at the new owner under the same id, whatever their target', async () => {
    const grid = await startWith(1);
    const targets = [
      items.key('a'),
      plays.key([7, 1]),
      plays.affinityKey(7),
      { table: items, partition: 3 },
      { host: 0 },
    ];
    const executions = targets.map((at) => grid.compute.submit(jobs.survives, undefined, { at }));
    const everywhere = grid.compute.broadcast(jobs.survives, undefined, { over: items }).executions;
    const all = [...executions, ...everywhere];
    await until(() => all.every(isExecuting));
    await grid.terminateHost(0);
    const answers = await Promise.all(all.map(({ result }) => result));
    expect(answers.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(answers.map(({ attempt }) => attempt)).toEqual(all.map(() => 2));
    expect(answers[3]?.partition).toBe(3);
    expect(answers[4]?.partition).toBeUndefined();
    expect(all.map(({ status }) => status.attempts)).toEqual(all.map(() => 2));
  });

  test('ends its streams with HOST_LOST, and those of other hosts go on', async () => {
    const grid = await startWith(2);
    const stream = (at: { host: number }) => grid.compute.stream(jobs.numbers, 20_000, { at });
    const lost = stream({ host: 0 });
    const other = stream({ host: 1 });
    expect([await lost.next(), await other.next()]).toMatchObject([{ value: { n: 1 } }, { value: { n: 1 } }]);
    await grid.terminateHost(0);
    const error = await rejection(collect(lost));
    expect(error).toBeInstanceOf(HostLostError);
    expect(error).toMatchObject({ code: 'HOST_LOST', details: { host: 0 } });
    expect(await collect(other)).toHaveLength(19_999);
  });
});

describe('a stream', { timeout: 30_000 }, () => {
  test('merges what all hosts produce for a table, each item once and in order for each partition', async () => {
    const grid = await startWith(2);
    const byPartition = new Map<number | undefined, number[]>();
    for await (const { partition, n } of grid.compute.stream(jobs.numbers, 3_000, { over: items })) {
      const seen = byPartition.get(partition) ?? [];
      byPartition.set(partition, seen);
      seen.push(n);
    }
    expect(byPartition.size).toBe(8);
    const expected = Array.from({ length: 3_000 }, (_, i) => i + 1);
    for (const seen of byPartition.values()) expect(seen).toEqual(expected);
  });

  test('that is left, and one that the close of the grid ends, leave nothing behind', async () => {
    const grid = await startWith(2);
    for await (const { n } of grid.compute.stream(jobs.numbers, 1e9, { over: items })) if (n === 500) break;
    const open = grid.compute.stream(jobs.numbers, 1e9, { over: items });
    await open.next();
    await grid.close({ timeoutMs: 50 });
    expect(await rejection(collect(open))).toMatchObject({ code: 'GRID_CLOSED' });
  });
});

describe('progress and priorities', { timeout: 30_000 }, () => {
  test('cross threads', async () => {
    const grid = await startWith(2);
    const execution = grid.compute.submit(jobs.counts, 50, { at: items.key('a') });
    const seen = await collect(execution.progress());
    const numbers = seen.map(({ n }) => n);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(numbers.at(-1)).toBe(50);
    expect(await execution.result).toBe(50);
  });

  test('order what waits behind a job', async () => {
    const grid = await startWith(1, { concurrency: 1 });
    const at = items.key('a');
    const first = grid.compute.submit(jobs.holdsUntilCanceled, undefined, { at });
    await until(() => isExecuting(first));
    const waiting = ['a', 'b', 'c'].map((name, priority) =>
      grid.compute.submit(jobs.notes, name, { at, priority }),
    );
    expect(await waiting[0]?.changePriority(5)).toBe(true);
    const states = (await grid.compute.list()).map(({ state }) => state);
    expect(states).toEqual(['executing', 'queued', 'queued', 'queued']);
    first.cancel();
    expect(await first.result).toBe('ended');
    await Promise.all(waiting.map(({ result }) => result));
    expect(await grid.compute.run(jobs.noted, undefined, { at })).toEqual(['a', 'c', 'b']);
  });
});

describe('a job that keeps its thread from everything else', { timeout: 30_000 }, () => {
  const terminate = { blockedMsMax: 300, onBlocked: 'terminate' } as const;

  test('is reported by name, to listeners and on the diagnostics channel, and may end', async () => {
    const grid = await startWith(1, { blockedMsMax: 100 });
    const published: unknown[] = [];
    const listener = (message: unknown): void => void published.push(message);
    channel('troupe.host').subscribe(listener);
    const blocked = next(grid, 'hostBlocked');
    const execution = grid.compute.submit(jobs.blocksFor, 1_000, { at: { host: 0 } });
    const report = await blocked;
    channel('troupe.host').unsubscribe(listener);
    expect(report).toEqual({
      host: 0,
      incarnation: 1,
      blockedMs: 100,
      jobs: [{ execution: execution.id, job: 'blocksFor' }],
      terminated: false,
    });
    expect(published).toContainEqual({ event: 'hostBlocked', ...report });
    expect(await execution.result).toBe('ended');
    expect(grid.hosts()[0]).toMatchObject({ incarnation: 1, state: 'serving' });
  });

  test('fails with JOB_BLOCKED when the thread is killed for it; others run again, the grid goes on', async () => {
    const grid = await startWith(2, terminate);
    const report = next(grid, 'hostBlocked');
    const restored = next(grid, 'partitionsRestored');
    const bystander = grid.compute.submit(jobs.survives, undefined, { at: { host: 0 } });
    await until(() => isExecuting(bystander));
    const guilty = grid.compute.submit(jobs.runsAway, undefined, { at: { host: 0 }, retries: 3 });
    const error = await rejection(guilty.result);
    expect(error).toBeInstanceOf(JobBlockedError);
    expect(error).toMatchObject({
      code: 'JOB_BLOCKED',
      retryable: false,
      details: { host: 0, incarnation: 1, execution: guilty.id, blockedMs: 300, certain: true },
    });
    expect(guilty.status).toMatchObject({ state: 'failed', attempts: 1 });
    expect(await report).toMatchObject({
      jobs: [{ job: 'runsAway', execution: guilty.id }],
      terminated: true,
    });
    expect(await bystander.result).toMatchObject({ id: bystander.id, attempt: 2 });
    expect(await restored).toMatchObject({ host: 0, incarnation: 2 });
    await grid.table(items).set('a', 1);
    expect(await grid.table(items).get('a')).toBe(1);
  });

  test.each([
    ['after an await, if no other job is there', jobs.runsAwayLater, false],
    ['in a step of a generator', jobs.runsAwayInAStep, true],
  ])('is found %s', async (_, runsAway, certain) => {
    const grid = await startWith(1, terminate);
    const running = grid.compute.run(runsAway as typeof jobs.runsAwayLater, undefined, { at: { host: 0 } });
    expect(await rejection(running)).toMatchObject({ code: 'JOB_BLOCKED', details: { certain } });
  });

  test('and may be one of several gets a second chance, like they do', async () => {
    const grid = await startWith(1, terminate);
    const bystander = grid.compute.submit(jobs.survives, undefined, { at: { host: 0 } });
    await until(() => isExecuting(bystander));
    const reports: GridEvents['hostBlocked'][] = [];
    grid.on('hostBlocked', (report) => reports.push(report));
    const guilty = grid.compute.submit(jobs.runsAwayLater, undefined, { at: { host: 0 } });
    expect(await rejection(guilty.result)).toMatchObject({ code: 'JOB_BLOCKED' });
    expect(await bystander.result).toMatchObject({ attempt: 2 });
    expect(reports[0]?.jobs.map(({ job }) => job).sort()).toEqual(['runsAwayLater', 'survives']);
    expect(guilty.status.attempts).toBe(2);
  });

  test('ends a stream with JOB_BLOCKED', async () => {
    const grid = await startWith(1, terminate);
    const stream = grid.compute.stream(jobs.runsAwayInAStep, undefined, { at: { host: 0 } });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const item of stream) seen.push(item);
    })();
    expect(await rejection(reading)).toMatchObject({ code: 'JOB_BLOCKED' });
    // What had left the thread before it was blocked has come.
    expect(['first', 'second'].slice(0, seen.length)).toEqual(seen);
  });
});
