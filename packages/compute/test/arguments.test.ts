import { checkComputeSettings, type JobTarget, job, mapReduce } from '@troupe/compute';
import { type AnyTable, table } from '@troupe/core';
import { describe, expect, test } from 'vitest';
import { ComputeGrid, rejectionOf, thrownBy } from './compute-grid.ts';

const counts = table<string, number>('counts');
const missing = table<string, number>('missing');
const noop = job('noop', { run: () => 0 });
const sum = mapReduce('sum', { map: () => 0, reduce: () => 0 });
const { compute } = new ComputeGrid([counts, noop, sum], { hosts: 2, partitions: 4 });
const at = counts.key('a');

describe('compute.run', () => {
  const wrongTargets: [string, unknown, string][] = [
    ['nothing', undefined, 'at'],
    ['a word', 'anywhere', 'at'],
    ['a bare key', { key: 'a' }, 'at'],
    ['a table without a place', { table: counts }, 'at'],
    ['a partition out of range', { table: counts, partition: 4 }, 'at.partition'],
    ['a partition that is no number', { table: counts, partition: '1' }, 'at.partition'],
    ['an unknown host', { host: 2 }, 'at.host'],
    ['a negative host', { host: -1 }, 'at.host'],
    ['a host and more', { host: 1, table: counts }, 'at'],
    ['a key and a partition', { table: counts, key: 'a', partition: 1 }, 'at'],
  ];
  test.each(wrongTargets)('refuses %s as target', async (_, target, argument) => {
    const error = await rejectionOf(compute.run(noop, undefined, { at: target as JobTarget }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { argument } });
  });

  test('refuses a key that is none, and a table that is not part of the grid', async () => {
    const badKey = { table: counts, key: {} } as unknown as JobTarget;
    expect(await rejectionOf(compute.run(noop, undefined, { at: badKey }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await rejectionOf(compute.run(noop, undefined, { at: missing.key('a') }))).toMatchObject({
      code: 'DEFINITION_MISSING',
    });
  });

  test('refuses `over` for a job and `at` for a map-reduce, and both together', async () => {
    const wrong = [
      compute.run(noop, undefined, { over: counts } as never),
      compute.run(noop, undefined, { at, over: counts } as never),
      compute.run(sum, undefined, { at } as never),
      compute.run(sum, undefined, { over: counts, at } as never),
    ];
    const names = ['over', 'over', 'at', 'at'];
    for (const [position, call] of wrong.entries()) {
      expect(await rejectionOf(call)).toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { argument: names[position] },
      });
    }
  });

  test.each([
    ['no options', undefined, 'options'],
    ['a negative time-out', { at, timeoutMs: -1 }, 'timeoutMs'],
    ['half a retry', { at, retries: 0.5 }, 'retries'],
    ['a signal that is none', { at, signal: {} }, 'signal'],
    ['an unknown option', { at, timeout: 5 }, 'options'],
    ['half a priority', { at, priority: 0.5 }, 'priority'],
    ['a decision about retries that is none', { at, shouldRetry: true }, 'shouldRetry'],
  ])('refuses %s', async (_, options, argument) => {
    const error = await rejectionOf(compute.run(noop, undefined, options as never));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { argument } });
  });

  test('says what it got when the target is a table instead of one of its keys', async () => {
    const error = await rejectionOf(compute.run(noop, undefined, { at: counts as never }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { argument: 'at' } });
    expect(String(error)).toMatch(/at must be table\.key\(k\), .*, got table 'counts' itself$/);
  });

  test('refuses what is no job or map-reduce', async () => {
    for (const wrong of [counts, () => 0, undefined, { name: 'noop' }]) {
      expect(await rejectionOf(compute.run(wrong as never, undefined, { at }))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { argument: 'job' },
      });
    }
  });

  test('refuses arguments that can not be sent, and names the place', async () => {
    const takes = job('noop', { run: (_ctx, _args: { callback: unknown }) => 0 });
    const grid = new ComputeGrid([counts, takes]);
    const error = await rejectionOf(grid.compute.run(takes, { callback: () => 0 }, { at }));
    expect(error).toMatchObject({ code: 'VALUE_NOT_SUPPORTED' });
    expect(String(error)).toContain("the arguments of job 'noop'.callback");
  });
});

describe('compute.broadcast', () => {
  test('refuses a map-reduce, a target, and what is no table', () => {
    const wrong: [() => unknown, string][] = [
      [() => compute.broadcast(sum as never, undefined, { over: counts }), 'job'],
      [() => compute.broadcast(noop, undefined, { at } as never), 'at'],
      [() => compute.broadcast(noop, undefined, { over: 'all' as unknown as AnyTable }), 'over'],
    ];
    for (const [call, argument] of wrong) {
      expect(thrownBy(call)).toMatchObject({ code: 'INVALID_ARGUMENT', details: { argument } });
    }
    expect(thrownBy(() => compute.broadcast(noop, undefined, { over: missing }))).toMatchObject({
      code: 'DEFINITION_MISSING',
    });
  });
});

describe('compute.stream', () => {
  test.each([
    ['a map-reduce', sum, { over: counts }, 'job'],
    ['the pool', noop, { at: 'any' }, 'at'],
    ['a place and a table', noop, { at, over: counts }, 'over'],
    ['no place', noop, {}, 'at'],
    ['retries', noop, { at, retries: 1 }, 'options'],
  ])('refuses %s at the call', (_, definition, options, argument) => {
    const stream = () => compute.stream(definition as never, undefined as never, options as never);
    expect(thrownBy(stream)).toMatchObject({ code: 'INVALID_ARGUMENT', details: { argument } });
  });
});

describe('compute.submit', () => {
  test('throws what is wrong with its arguments', () => {
    expect(() => compute.submit(noop, undefined, { at: { host: 9 } })).toThrow(
      /at\.host must be a whole number from 0 to 1/,
    );
  });
});

describe('a definition', () => {
  test('refuses bodies that are no functions and options it does not know', () => {
    expect(() => job('x', { run: 5 as never })).toThrow(/run must be a function/);
    expect(() => job('x', { run: () => 0, retries: 5 } as never)).toThrow(/unknown option `retries`/);
    expect(() => mapReduce('x', { map: () => 0 } as never)).toThrow(/reduce must be a function/);
    expect(() => mapReduce('x', { map: () => 0, reduce: () => 0, combine: 'no' as never })).toThrow(
      /combine must be a function/,
    );
    expect(() => job('', { run: () => 0 })).toThrow(/the name of a job/);
  });
});

describe('compute settings', () => {
  test('are whole numbers from one', () => {
    expect(checkComputeSettings({ concurrency: 2 })).toEqual({ concurrency: 2 });
    expect(() => checkComputeSettings({ queueMax: 0 })).toThrow(/compute\.queueMax/);
    expect(checkComputeSettings({ statesKeptMs: 0, blockedMsMax: Number.POSITIVE_INFINITY })).toBeDefined();
    expect(() => checkComputeSettings({ statesKeptMs: -1 })).toThrow(/compute\.statesKeptMs/);
    expect(() => checkComputeSettings({ blockedMsMax: 0 })).toThrow(/compute\.blockedMsMax/);
    expect(() => checkComputeSettings({ onBlocked: 'kill' as never })).toThrow(/compute\.onBlocked/);
    expect(() => checkComputeSettings({ threads: 1 } as never)).toThrow(/unknown option `threads`/);
  });
});
